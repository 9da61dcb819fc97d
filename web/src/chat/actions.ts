// What can be done in a chat: each starts at the server, and comes back as events too.
import { post, put, remove, type Chat, type Feedback, type Message, type RunAnswer } from "../api";
import { app } from "../state/app.svelte";
import { OpenChat } from "../state/open_chat.svelte";
import { go } from "../state/route.svelte";

const path = (id: string) => `/api/chats/${encodeURIComponent(id)}`;

// Sent again after a broken connection, the same run is not started twice.
function run_id(): string {
  const random = crypto.getRandomValues(new Uint8Array(12));
  return "p" + Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function run(open: OpenChat, body: Record<string, unknown>): Promise<RunAnswer> {
  const answer = await post<RunAnswer>(`${path(open.id)}/runs`, { ...body, id: run_id() });
  open.take(answer);
  app.put_chat(open.chat);
  return answer;
}

// A question below `parent`; without an open chat it begins one.
export async function send(content: string, parent?: string | null): Promise<void> {
  let open = app.open;
  // One that is on its way is waited for: the question is meant for it and no other.
  await open?.loaded;
  if (open && !open.chat) throw new Error(app.words.unreachable);
  if (!open) {
    const { model, system_prompt, sampling, temporary } = app.draft_chat;
    const chat = await post<Chat>("/api/chats", { model, system_prompt, sampling, temporary });
    open = OpenChat.fresh(chat);
    app.open = open;
    app.draft_chat = {};
    go(`/chat/${chat.id}`);
  }
  const below = parent === undefined ? (open.chat.leaf ?? null) : parent;
  await run(open, { kind: "send", parent: below, content });
}

export async function regenerate(message: Message, sampling?: object) {
  if (app.open) await run(app.open, { kind: "regenerate", message: message.id, sampling });
}

export async function go_on(message: Message) {
  if (app.open) await run(app.open, { kind: "continue", message: message.id });
}

export async function take(message: Message, index: number, token: number) {
  if (app.open) return run(app.open, { kind: "take", message: message.id, index, token });
}

export async function stop() {
  const open = app.open;
  const run = open?.running ? open.messages[open.running]?.run : open?.chat?.run;
  if (run) await post(`/api/runs/${encodeURIComponent(run)}/stop`);
}

export async function edit_answer(message: Message, content: string) {
  const open = app.open;
  if (!open) return;
  const made = await post<Message>(`${path(open.id)}/messages`, {
    parent: message.parent,
    role: "assistant",
    content,
  });
  open.put(made);
  if (open.chat) open.chat.leaf = made.id;
}

export async function show_branch(id: string) {
  const open = app.open;
  if (!open?.chat) return;
  open.chat.leaf = open.newest_below(id);
  await app.change_chat(open.id, { leaf: id });
}

export async function rate(message: Message, feedback: Feedback | null) {
  const at = `/api/messages/${encodeURIComponent(message.id)}/feedback`;
  app.open?.put(feedback ? await put<Message>(at, feedback) : await remove<Message>(at));
}

// For buttons: what goes wrong is said.
export function attempt(action: Promise<unknown> | undefined) {
  action?.catch((error) => app.complain(error));
}
