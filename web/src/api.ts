// The shapes of docs/page-api.md, and how the page asks for them.

export interface Sampling {
  temperature?: number;
  top_p?: number;
  top_k?: number;
  min_p?: number;
  seed?: number | string;
  max_tokens?: number;
}

export interface Chat {
  id: string;
  title: string;
  title_set?: boolean;
  created_ms: number;
  updated_ms: number;
  pinned?: boolean;
  archived?: boolean;
  temporary?: boolean;
  model?: string | null;
  system_prompt?: string | null;
  sampling?: Sampling | null;
  draft?: string;
  leaf?: string | null;
  run?: string | null;
}

export interface Feedback {
  rating: number;
  labels?: string[];
  comment?: string;
  corrected?: string | null;
}

export interface Facts {
  prompt_tokens?: number;
  cached_tokens?: number;
  tokens?: number;
  thinking_tokens?: number;
  queue_ms?: number;
  prefill_ms?: number;
  decode_ms?: number;
  seed?: number | string;
  temperature?: number;
  top_p?: number;
  context_tokens?: number;
  roof_tokens_per_s?: number | null;
  bytes_per_token?: number | null;
  bandwidth?: number | null;
}

export interface ToolCall {
  name: string;
  arguments: string;
  result?: string | null;
  failed?: boolean;
  ms?: number | null;
}

export type AnswerState =
  | "queued"
  | "reading"
  | "writing"
  | "done"
  | "stopped"
  | "length"
  | "failed";

export interface Message {
  id: string;
  chat: string;
  parent?: string | null;
  role: "user" | "assistant";
  created_ms: number;
  content: string;
  edited?: boolean;
  feedback?: Feedback | null;
  model?: string | null;
  thinking?: string | null;
  thinking_ms?: number | null;
  tools?: ToolCall[] | null;
  state?: AnswerState | null;
  error?: { code?: string; message: string } | null;
  run?: string | null;
  n?: number;
  facts?: Facts | null;
  // Of the page only: where in the queue, how much of the prompt is read.
  progress?: Progress | null;
}

export interface Progress {
  state: "queued" | "reading";
  position?: number;
  done?: number;
  total?: number;
}

export interface Model {
  id: string;
  aliases?: string[];
  state: "unloaded" | "loading" | "ready" | "unloading" | "failed";
  error?: string | null;
  pinned?: boolean;
  architecture?: string;
  parameters?: number;
  quantization?: string;
  file_bytes?: number;
  bytes?: { weights: number; context: number; working: number };
  context_tokens?: number;
  vocab_size?: number;
  thinking?: boolean;
  tools?: boolean;
  system?: boolean;
  vision?: boolean;
  defaults?: { temperature?: number; top_p?: number };
  tokens_per_s?: number | null;
  roof_tokens_per_s?: number | null;
}

export interface User {
  id: string;
  name: string;
  owner?: boolean;
  has_password?: boolean;
  created_ms?: number;
}

export interface Machine {
  cpu?: string;
  cores?: number;
  isa?: string;
  memory_bytes?: number;
  memory_free_bytes?: number;
  bandwidth?: number | null;
  data_folder?: string;
  disk_free_bytes?: number;
  store_bytes?: number;
  address?: string;
  outgoing?: { address: string; reason: string; at_ms: number }[];
}

export interface Settings {
  theme?: "system" | "light" | "dark";
  language?: string;
  default_system_prompt?: string;
  thinking_open?: boolean;
  single_keys?: boolean;
  read_aloud?: "sentence" | "finished" | "off";
  [name: string]: unknown;
}

export interface Boot {
  user: User;
  settings: Settings;
  version?: string;
  features: string[];
  models: Model[];
  budget_bytes?: number;
  machine?: Machine;
  chats: Chat[];
  next?: string | null;
  event?: number;
}

export interface Token {
  id: number;
  text: string;
  p?: number | null;
  part?: "thinking" | "answer" | "control";
  top?: [number, string, number][] | null;
  forced?: boolean;
}

export interface Key {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  created_ms?: number;
  used_ms?: number | null;
  expires_ms?: number | null;
  tokens?: number;
}

export interface SavedPrompt {
  id: string;
  name: string;
  text: string;
}

export interface Found {
  chat: Chat;
  message?: string | null;
  snippet: string;
  marks: [number, number][];
}

export interface RunAnswer {
  run: string;
  chat: Chat;
  messages: Message[];
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly body: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

async function failure(answer: Response): Promise<ApiError> {
  let body: { message?: string; code?: string; error?: Record<string, unknown> } = {};
  try {
    body = await answer.json();
  } catch {
    // Not ours: a proxy's page. The status has to do.
  }
  const inner = body.error ?? {};
  const message = String(inner.message ?? body.message ?? `${answer.status} ${answer.statusText}`);
  return new ApiError(answer.status, String(inner.code ?? body.code ?? ""), message, inner);
}

let on_signed_out = () => {};
export function when_signed_out(action: () => void) {
  on_signed_out = action;
}

export async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method, headers: { accept: "application/json" } };
  if (body !== undefined) {
    init.body = body instanceof Blob ? body : JSON.stringify(body);
    init.headers = { ...init.headers, "content-type": "application/json" };
  }
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch {
    throw new ApiError(0, "unreachable", "");
  }
  if (answer.status === 401 && path !== "/api/signin") on_signed_out();
  if (!answer.ok) throw await failure(answer);
  if (answer.status === 204) return undefined as T;
  return (await answer.json()) as T;
}

export const get = <T>(path: string) => ask<T>("GET", path);
export const post = <T>(path: string, body?: unknown) => ask<T>("POST", path, body ?? {});
export const patch = <T>(path: string, body: unknown) => ask<T>("PATCH", path, body);
export const remove = <T = void>(path: string) => ask<T>("DELETE", path);
export const put = <T>(path: string, body: unknown) => ask<T>("PUT", path, body);
