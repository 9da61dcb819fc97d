import { get, type Chat, type Message, type RunAnswer } from "../api";

interface Delta {
  chat: string;
  message: string;
  from: number;
  to: number;
  text?: string;
  thinking?: string;
}
interface Waiting {
  id: number;
  type: string;
  data: Record<string, unknown>;
}

const kRoot = "";

// The chat on the screen: its messages as a tree, kept up by events.
export class OpenChat {
  chat = $state<Chat>() as Chat;
  messages = $state<Record<string, Message>>({});
  state = $state<"loading" | "ready" | "gone" | "unreachable">("loading");
  // Those below a message (or below nothing), oldest first.
  children = $derived.by(() => {
    const below: Record<string, string[]> = {};
    for (const message of Object.values(this.messages)) {
      (below[message.parent ?? kRoot] ??= []).push(message.id);
    }
    for (const ids of Object.values(below)) {
      ids.sort((a, b) => this.messages[a]!.created_ms - this.messages[b]!.created_ms);
    }
    return below;
  });
  // The branch that is shown.
  path = $derived.by(() => {
    const ids: string[] = [];
    let id = this.chat?.leaf ?? null;
    while (id && this.messages[id] && ids.length <= 100_000) {
      ids.push(id);
      id = this.messages[id]!.parent ?? null;
    }
    return ids.reverse();
  });
  running = $derived(this.path.find((id) => this.messages[id]?.run) ?? null);

  // When what is being fetched has come, or has not.
  loaded: Promise<void> = Promise.resolve();
  private snapshot = 0;
  private waiting: Waiting[] | null = null;
  private ended = new Set<string>();

  constructor(readonly id: string) {}

  static fresh(chat: Chat) {
    const open = new OpenChat(chat.id);
    open.chat = chat;
    open.state = "ready";
    return open;
  }

  load(): Promise<void> {
    this.loaded = this.fetch();
    return this.loaded;
  }

  private async fetch() {
    this.waiting ??= [];
    try {
      const answer = await get<{ chat: Chat; messages: Message[]; event?: number }>(
        `/api/chats/${encodeURIComponent(this.id)}`,
      );
      this.chat = answer.chat;
      this.messages = Object.fromEntries(answer.messages.map((message) => [message.id, message]));
      this.snapshot = answer.event ?? 0;
      this.state = "ready";
    } catch (error) {
      this.state = (error as { status?: number }).status === 404 ? "gone" : "unreachable";
    }
    const missed = this.waiting;
    this.waiting = null;
    for (const event of missed ?? []) this.hear(event.id, event.type, event.data);
  }

  // What a request of ours was answered with. Events may have come before and know more.
  take(answer: RunAnswer) {
    for (const message of answer.messages) {
      const have = this.messages[message.id];
      const older = have && (have.n ?? 0) > (message.n ?? 0);
      if (older || (message.run && this.ended.has(message.run))) continue;
      this.messages[message.id] = message;
    }
    if (!answer.chat.run || !this.ended.has(answer.chat.run)) this.chat = answer.chat;
  }

  put(message: Message) {
    const before = this.messages[message.id];
    if (before?.run && before.run !== message.run) this.ended.add(before.run);
    if (!before) this.messages[message.id] = message;
    else Object.assign(before, { progress: null, run: null, error: null, feedback: null }, message);
  }

  hear(id: number, type: string, data: Record<string, unknown>) {
    if (this.waiting) {
      this.waiting.push({ id, type, data });
      return;
    }
    if (id && id <= this.snapshot) return;
    if (type === "message") this.put(data.message as Message);
    else if (type === "delta") this.append(data as unknown as Delta);
    else if (type === "progress") {
      const message = this.messages[data.message as string];
      if (!message?.run) return;
      message.state = data.state as "queued" | "reading";
      message.progress = data as never;
    }
  }

  private append(delta: Delta) {
    const message = this.messages[delta.message];
    if (!message) return void this.load();
    const n = message.n ?? 0;
    if (n >= delta.to) return;
    if (n !== delta.from) return void this.load();
    message.n = delta.to;
    message.state = "writing";
    message.progress = null;
    if (delta.thinking) message.thinking = (message.thinking ?? "") + delta.thinking;
    if (delta.text) message.content += delta.text;
  }

  siblings(id: string): string[] {
    return this.children[this.messages[id]?.parent ?? kRoot] ?? [id];
  }

  // The newest message below this one: what is shown when a branch is chosen.
  newest_below(id: string): string {
    for (let next = this.children[id]; next?.length; next = this.children[id]) {
      id = next[next.length - 1]!;
    }
    return id;
  }
}
