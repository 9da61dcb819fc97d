// What the palette offers. Everything that can be done has a row here.
import { attempt, go_on, regenerate, stop } from "../chat/actions";
import { app } from "../state/app.svelte";
import { go, set_query } from "../state/route.svelte";
import type { IconName } from "../ui/icons";
import { ago, figure } from "../words/format";

export interface Command {
  id: string;
  group: "chat" | "model" | "do" | "go" | "text";
  icon: IconName;
  name: string;
  more?: string;
  end?: string;
  keys?: string[];
  run: (beside: boolean) => void;
}

export function visit(path: string, beside: boolean) {
  if (beside) open(path, "_blank", "noopener");
  else go(path);
}

// Where the text stands in a name, in any case; null: it does not.
export function matches(name: string, text: string): [number, number] | null {
  if (!text) return [0, 0];
  const at = name.toLowerCase().indexOf(text.toLowerCase());
  return at < 0 ? null : [at, at + text.length];
}

function chats(): Command[] {
  return app.chats.map((chat) => ({
    id: chat.id,
    group: "chat",
    icon: "chat",
    name: chat.title || app.words.new_chat,
    end: ago(chat.updated_ms),
    run: (beside) => visit(`/chat/${chat.id}`, beside),
  }));
}

function models(): Command[] {
  return app.models.map((model) => ({
    id: `m-${model.id}`,
    group: "model",
    icon: "model",
    name: app.words.use_model(model.id),
    end: model.tokens_per_s ? `${figure(model.tokens_per_s)} ${app.words.tok_s}` : "",
    run: () => {
      if (app.open?.chat) attempt(app.change_chat(app.open.id, { model: model.id }));
      else app.draft_chat = { ...app.draft_chat, model: model.id };
    },
  }));
}

function of_chat(): Command[] {
  const open = app.open;
  const chat = open?.chat;
  const { words } = app;
  if (!open || !chat) return [];
  const id = open.path.findLast((one) => open.messages[one]?.role === "assistant");
  const answer = id ? open.messages[id] : undefined;
  const list: Command[] = [];
  const add = (name: string, icon: IconName, run: () => void, keys?: string[]) =>
    list.push({ id: `d-${name}`, group: "do", icon, name, run, keys });
  if (answer?.run) add(words.stop, "stop", () => attempt(stop()), ["Esc"]);
  else if (answer) {
    add(words.regenerate, "again", () => attempt(regenerate(answer)), ["R"]);
    if (answer.state === "stopped" || answer.state === "length") {
      add(words.go_on, "play", () => attempt(go_on(answer)));
    }
    if (app.has("tokens")) add(words.why, "panel", () => set_query("why", answer.id), ["W"]);
  }
  add(chat.pinned ? words.unpin : words.pin, "pin", () =>
    attempt(app.change_chat(chat.id, { pinned: !chat.pinned })),
  );
  if (!chat.archived) {
    add(words.archive, "box", () => attempt(app.change_chat(chat.id, { archived: true })));
  }
  add(words.delete_chat, "bin", () => attempt(app.delete_chat(chat)));
  return list;
}

function general(): Command[] {
  const { words } = app;
  const list: Command[] = [];
  const add = (name: string, icon: IconName, run: () => void, keys?: string[]) =>
    list.push({ id: `d-${name}`, group: "do", icon, name, run, keys });
  add(words.new_chat, "plus", () => go("/chat/new"), ["N"]);
  add(words.choose_model, "model", () => app.show("picker"));
  add(words.system_and_sampling, "sliders", () => app.show("system"));
  for (const [theme, name] of [
    ["system", words.theme_system],
    ["light", words.theme_light],
    ["dark", words.theme_dark],
  ] as const) {
    add(words.theme_to(name), "moon", () => void app.change_settings({ theme }));
  }
  add(words.fold_navigation, "menu", () => (app.side_folded = !app.side_folded), ["Ctrl", "B"]);
  add(words.list_of_keys, "command", () => app.show("keys"), ["Ctrl", "/"]);
  return list;
}

function places(): Command[] {
  const { words } = app;
  const list: Command[] = [];
  const add = (name: string, icon: IconName, path: string, keys?: string[]) =>
    list.push({ id: `g-${path}`, group: "go", icon, name, keys, run: (beside) => visit(path, beside) });
  add(words.start_title, "chip", "/start", ["G", "M"]);
  if (app.has("search")) add(words.search_chats, "search", "/search", ["/"]);
  for (const [id, name] of sections()) {
    add(`${words.settings}: ${name}`, "gear", `/settings/${id}`, id === "appearance" ? ["G", "S"] : undefined);
  }
  return list;
}

// The sections of the settings whose parts the server has.
export function sections(): [string, string][] {
  const names = app.words.sections;
  const list: [string, string, boolean][] = [
    ["appearance", names.appearance, true],
    ["network", names.network, app.has("machine")],
    ["keys", names.keys, app.has("keys")],
    ["people", names.people, app.has("sessions") || app.has("users") || app.has("password")],
    ["models", names.models, app.has("models")],
    ["storage", names.storage, true],
    ["about", names.about, true],
  ];
  return list.filter(([, , shown]) => shown).map(([id, name]) => [id, name]);
}

export function commands(): Command[] {
  return [...chats(), ...models(), ...of_chat(), ...general(), ...places()];
}
