import {
  ApiError,
  get,
  patch,
  post,
  remove,
  when_signed_out,
  type Boot,
  type Chat,
  type Machine,
  type Model,
  type Settings,
  type User,
} from "../api";
import { en, type Words } from "../words/en";
import { set_language } from "../words/format";
import type { ToTab } from "./event_line";
import { listen } from "./events";
import { OpenChat } from "./open_chat.svelte";
import { go, route } from "./route.svelte";

export type Layer = "palette" | "picker" | "keys" | "options" | "system" | "navigation" | null;

interface Toast {
  text: string;
  undo?: () => void;
}

class App {
  ready = $state(false);
  failed = $state("");
  user = $state<User>({ id: "", name: "" });
  settings = $state<Settings>({});
  version = $state("");
  models = $state<Model[]>([]);
  budget_bytes = $state(0);
  machine = $state<Machine>({});
  chats = $state<Chat[]>([]);
  next = $state<string | null>(null);
  open = $state<OpenChat | null>(null);
  words = $state<Words>(en);
  language = $state("en");
  layer = $state<Layer>(null);
  // A turn that the conversation is to scroll to.
  turn_to_show = $state.raw<{ id: string } | null>(null);
  side_folded = $state(false);
  connected = $state(true);
  lost_ms = $state(0);
  toast = $state<Toast | null>(null);
  // What is chosen for a chat that is not there yet.
  draft_chat = $state<Partial<Chat>>({});
  private features = $state<string[]>([]);
  private line: { retry: () => void } | null = null;
  private opener: HTMLElement | null = null;
  private leaving = false;

  has(feature: string) {
    return this.features.includes(feature);
  }

  async start() {
    when_signed_out(() => {
      if (route.now.path !== "/signin") this.leave();
    });
    await this.choose_language(remembered("language") ?? browser_language());
    if (route.now.path === "/signin") {
      this.ready = true;
      return;
    }
    try {
      await this.boot(first_data());
      this.ready = true;
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) {
        this.failed = (error as Error).message || this.words.unreachable;
      }
    }
  }

  async boot(given?: Boot | null) {
    const boot = given ?? (await get<Boot>("/api/boot"));
    this.user = boot.user;
    this.version = boot.version ?? "";
    this.features = boot.features;
    this.models = boot.models;
    this.budget_bytes = boot.budget_bytes ?? 0;
    this.machine = boot.machine ?? {};
    this.chats = boot.chats;
    this.next = boot.next ?? null;
    await this.take_settings(boot.settings);
    if (!this.line) {
      this.line = listen(boot.event ?? 0, (what) => this.hear(what));
      addEventListener("online", () => this.line?.retry());
      document.addEventListener("visibilitychange", () => {
        if (!document.hidden && !this.connected) this.line?.retry();
      });
    }
  }

  // Once: the answer to signing out and the event of it come together.
  leave() {
    if (!this.leaving) location.assign("/signin");
    this.leaving = true;
  }

  private hear(what: ToTab) {
    if (what.kind === "state") {
      if (!what.open && this.connected) this.lost_ms = Date.now();
      this.connected = what.open;
      return;
    }
    const data = JSON.parse(what.data) as Record<string, unknown>;
    switch (what.type) {
      case "reset":
        void this.boot();
        void this.open?.load();
        break;
      case "chat":
        this.put_chat(data.chat as Chat);
        break;
      case "chat_deleted":
        this.drop_chat(data.id as string);
        break;
      case "models":
        this.models = data.models as Model[];
        this.budget_bytes = (data.budget_bytes as number) ?? this.budget_bytes;
        break;
      case "settings":
        void this.take_settings(data.settings as Settings);
        break;
      case "signed_out":
        this.leave();
        break;
      default: {
        const chat = (data.chat ?? (data.message as { chat?: string })?.chat) as string;
        if (this.open && chat === this.open.id) this.open.hear(what.id, what.type, data);
      }
    }
  }

  put_chat(chat: Chat) {
    const at = this.chats.findIndex((other) => other.id === chat.id);
    const open = this.open?.id === chat.id ? this.open : null;
    // An event may come after the answer to a request of ours that knows more.
    const known = open?.chat ?? this.chats[at];
    if (known && known.updated_ms > chat.updated_ms) return;
    if (open?.chat) open.chat = chat;
    if (at >= 0) this.chats.splice(at, 1);
    if (chat.archived || chat.temporary) return;
    const later = this.chats.findIndex(
      (other) =>
        Number(other.pinned ?? false) < Number(chat.pinned ?? false) ||
        (Boolean(other.pinned) === Boolean(chat.pinned) && other.updated_ms <= chat.updated_ms),
    );
    this.chats.splice(later < 0 ? this.chats.length : later, 0, chat);
  }

  drop_chat(id: string) {
    this.chats = this.chats.filter((chat) => chat.id !== id);
    if (this.open?.id === id) {
      this.open = null;
      if (route.now.parts[0] === "chat" && route.now.parts[1] === id) go("/chat/new");
    }
  }

  async more_chats() {
    if (!this.next) return;
    const before = this.next;
    this.next = null;
    const page = await get<{ chats: Chat[]; next?: string }>(
      `/api/chats?before=${encodeURIComponent(before)}`,
    );
    const known = new Set(this.chats.map((chat) => chat.id));
    this.chats.push(...page.chats.filter((chat) => !known.has(chat.id)));
    this.next = page.next ?? null;
  }

  show_chat(id: string | null) {
    if (id === null) {
      this.open = null;
      return;
    }
    if (this.open?.id === id) return;
    this.open = new OpenChat(id);
    void this.open.load();
  }

  async change_chat(id: string, what: Partial<Chat>) {
    this.put_chat(await patch<Chat>(`/api/chats/${encodeURIComponent(id)}`, what));
  }

  async delete_chat(chat: Chat) {
    const path = `/api/chats/${encodeURIComponent(chat.id)}`;
    await remove(path);
    this.drop_chat(chat.id);
    this.say(this.words.chat_deleted, async () => {
      this.put_chat(await post<Chat>(`${path}/restore`));
    });
  }

  model_of(chat: Partial<Chat> | null | undefined): Model | undefined {
    const id = chat?.model;
    return this.models.find((model) => model.id === id || model.aliases?.includes(id ?? ""))
      ?? (id ? undefined : this.models[0]);
  }

  say(text: string, undo?: () => void) {
    this.toast = { text, undo };
  }

  // An error where there is no better place for it.
  complain(error: unknown) {
    this.say((error as Error).message || this.words.unreachable);
  }

  show(layer: Layer) {
    if (layer && !this.layer) this.opener = document.activeElement as HTMLElement | null;
    const before = this.layer;
    this.layer = layer;
    // A menu gives the focus back itself, before what was chosen takes it.
    if (!layer && before !== "options") {
      const opener = this.opener;
      this.opener = null;
      requestAnimationFrame(() => opener?.isConnected && opener.focus());
    }
  }

  async take_settings(settings: Settings) {
    this.settings = settings ?? {};
    const theme = this.settings.theme ?? "system";
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    remember("theme", theme);
    await this.choose_language(this.settings.language ?? remembered("language") ?? browser_language());
  }

  async change_settings(what: Settings) {
    await this.take_settings({ ...this.settings, ...what });
    if (!this.has("settings")) return;
    await patch("/api/settings", what).catch((error) => this.complain(error));
  }

  async choose_language(language: string) {
    if (language === "fr") this.words = (await import("../words/fr")).fr;
    else if (language === "ko") this.words = (await import("../words/ko")).ko;
    else {
      language = "en";
      this.words = en;
    }
    this.language = language;
    document.documentElement.lang = language;
    remember("language", language);
    set_language(language);
  }
}

export function remember(name: string, value: string) {
  try {
    localStorage.setItem(`bise.${name}`, value);
  } catch {
    // A browser that keeps nothing: it is asked again next time.
  }
}

export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(`bise.${name}`);
  } catch {
    return null;
  }
}

function browser_language() {
  for (const tag of navigator.languages) {
    const language = tag.slice(0, 2);
    if (language === "en" || language === "fr" || language === "ko") return language;
  }
  return "en";
}

// What the server wrote into the page for the first paint.
function first_data(): Boot | null {
  const text = document.getElementById("boot")?.textContent;
  return text ? (JSON.parse(text) as Boot) : null;
}

export const app = new App();
