// A stand-in for the server, for work on the page alone: docs/page-api.md in memory, with a "model"
// that says fixed texts word by word. Serves web/dist with the policy the program sends.
//   node mock/server.mjs [--port 5199] [--speed TOKENS_PER_SECOND]
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";

import { answers, machine, models } from "./data.mjs";

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const port = Number(option("port", 5199));
const speed = Number(option("speed", 60));
const dist = new URL("../dist", import.meta.url).pathname;
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
  "font-src 'self'; connect-src 'self'; worker-src 'self'; frame-src 'self'; form-action 'self'; " +
  "base-uri 'none'; frame-ancestors 'none'";

const user = { id: "u_1", name: "Mira Keller", owner: true, has_password: false, created_ms: 0 };
const settings = {};
const chats = new Map();
const messages = new Map();
const keys = [];
const prompts = [];
const users = [user];
const events = [];
const listeners = new Set();
const runs = new Map();
let next_id = 1;
let event_id = Date.now() * 1000;

const id = (kind) => `${kind}_${next_id++}`;
const now = () => Date.now();
const fail = (status, code, message) => Object.assign(new Error(message), { status, code });

function tell(event, data) {
  const one = { id: ++event_id, event, data: JSON.stringify(data) };
  events.push(one);
  if (events.length > 4096) events.shift();
  for (const listener of listeners) write_event(listener, one);
}

const write_event = (answer, { id: number, event, data }) =>
  answer.write(`id: ${number}\nevent: ${event}\ndata: ${data}\n\n`);

function new_chat(what) {
  const chat = {
    id: id("c"),
    title: "",
    title_set: false,
    created_ms: now(),
    updated_ms: now(),
    pinned: false,
    archived: false,
    temporary: Boolean(what.temporary),
    model: what.model ?? null,
    system_prompt: what.system_prompt ?? null,
    sampling: what.sampling ?? {},
    draft: "",
    leaf: null,
    run: null,
  };
  chats.set(chat.id, chat);
  tell("chat", { chat });
  return chat;
}

function new_message(chat, parent, role, content, more = {}) {
  const message = {
    id: id("m"),
    chat: chat.id,
    parent,
    role,
    created_ms: now() + next_id / 1000,
    content,
    edited: false,
    feedback: null,
    ...more,
  };
  messages.set(message.id, message);
  chat.leaf = message.id;
  chat.updated_ms = now();
  return message;
}

const of_chat = (chat) => [...messages.values()].filter((one) => one.chat === chat.id);
const chat_of = (wanted) => {
  const chat = chats.get(wanted);
  if (!chat || chat.deleted) throw fail(404, "not_found", "no such chat");
  return chat;
};
const message_of = (wanted) => {
  const message = messages.get(wanted);
  if (!message) throw fail(404, "not_found", "no such message");
  return message;
};

const split = (text) => text.match(/\s*\S{1,6}|\s+$/g) ?? [];

function tokens_of(text, part, seed) {
  return split(text).map((piece, index) => {
    const noise = Math.abs(Math.sin((index + 1) * 12.9898 + seed) * 43758.5453) % 1;
    const p = noise < 0.72 ? 0.9 + noise / 10 : noise < 0.86 ? 0.7 : noise < 0.94 ? 0.42 : noise < 0.98 ? 0.18 : 0.06;
    const top = [[index + 100, piece, p], [index + 900, " other", (1 - p) * 0.6], [index + 901, " more", (1 - p) * 0.2]];
    top.sort((a, b) => b[2] - a[2]);
    return { id: index + 100, text: piece, p, part, top, forced: false };
  });
}

function text_for(question) {
  if (/line 4|table/i.test(question)) return answers.table;
  if (/[가-힣]/.test(question)) return answers.korean;
  if (/^echo /i.test(question)) return question.slice(5);
  if (/long/i.test(question)) return Array(40).fill(answers.plain(question)).join("\n\n");
  return answers.plain(question);
}

function start(chat, answer, pieces, thinking) {
  const run = { id: id("r"), chat, answer, timer: null };
  runs.set(run.id, run);
  chat.run = answer.run = run.id;
  answer.state = "queued";
  const waiting = [...thinking.map((text) => ["thinking", text]), ...pieces.map((text) => ["text", text])];
  const began = now();
  tell("message", { message: { ...answer } });
  tell("chat", { chat: { ...chat } });
  const step = () => {
    const piece = waiting.shift();
    if (!piece) return end(run, "done");
    answer.state = "writing";
    const from = answer.n;
    answer.n++;
    if (piece[0] === "thinking") {
      answer.thinking = (answer.thinking ?? "") + piece[1];
      answer.thinking_ms = now() - began;
    } else answer.content += piece[1];
    answer.facts.tokens = answer.n;
    answer.facts.decode_ms = now() - began;
    tell("delta", { chat: chat.id, message: answer.id, from, to: answer.n, [piece[0]]: piece[1] });
    run.timer = setTimeout(step, 1000 / speed);
  };
  run.timer = setTimeout(step, 60);
  return run;
}

function end(run, state) {
  clearTimeout(run.timer);
  runs.delete(run.id);
  run.chat.run = run.answer.run = null;
  run.answer.state = state;
  tell("message", { message: { ...run.answer } });
  tell("chat", { chat: { ...run.chat } });
}

function answer_below(chat, parent, question, more = {}) {
  const facts = {
    prompt_tokens: 42 + split(question).length,
    cached_tokens: 32,
    tokens: 0,
    thinking_tokens: 0,
    queue_ms: 3,
    prefill_ms: 142,
    decode_ms: 0,
    seed: 7,
    temperature: 0.2,
    top_p: 0.9,
    context_tokens: 8192,
    roof_tokens_per_s: 162,
    bytes_per_token: 419000000,
    bandwidth: 68000000000,
  };
  return new_message(chat, parent, "assistant", "", {
    model: chat.model ?? "starter",
    thinking: null,
    tools: null,
    state: "queued",
    n: 0,
    facts,
    ...more,
  });
}

function begin(chat, body) {
  if (chat.run) throw fail(409, "busy", "this chat has a running answer");
  const made = [];
  let answer;
  let pieces;
  let thinking = [];
  if (body.kind === "send") {
    const question = new_message(chat, body.parent ?? null, "user", body.content);
    made.push(question);
    if (!chat.title) chat.title = body.content.slice(0, 60);
    answer = answer_below(chat, question.id, body.content);
    pieces = split(text_for(body.content));
    if (/think/i.test(body.content)) thinking = split("The log tool takes a line and a time window.");
  } else {
    const old = message_of(body.message);
    const question = messages.get(old.parent)?.content ?? "";
    const all = split(text_for(question));
    if (body.kind === "continue") {
      answer = old;
      pieces = all.slice(split(old.content).length);
    } else {
      answer = answer_below(chat, old.parent, question);
      pieces = all;
      if (body.kind === "take") {
        const before = split(old.content).slice(0, body.index).join("");
        const other = tokens_of(old.content, "answer", 7)[body.index]?.top.find((one) => one[0] === body.token);
        answer.content = before + (other?.[1] ?? "");
        answer.n = body.index + 1;
        pieces = all.slice(body.index + 1);
      }
    }
    chat.leaf = answer.id;
  }
  const run = start(chat, answer, pieces, thinking);
  return { run: run.id, chat: { ...chat }, messages: [...made, { ...answer }] };
}

function newest_below(wanted) {
  for (;;) {
    const below = [...messages.values()].filter((one) => one.parent === wanted);
    if (!below.length) return wanted;
    wanted = below[below.length - 1].id;
  }
}

function list(query) {
  const archived = query.get("archived") === "true";
  const all = [...chats.values()].filter((one) => !one.deleted && !one.temporary && Boolean(one.archived) === archived);
  all.sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.updated_ms - a.updated_ms);
  return { chats: all.slice(0, 50), next: null };
}

function search(query) {
  const text = (query.get("q") ?? "").toLowerCase();
  const results = [];
  for (const chat of chats.values()) {
    if (chat.deleted) continue;
    for (const [message, where] of [[null, chat.title], ...of_chat(chat).map((one) => [one.id, one.content])]) {
      const at = where.toLowerCase().indexOf(text);
      if (at < 0) continue;
      const from = Math.max(0, at - 40);
      results.push({ chat, message, snippet: where.slice(from, at + 80), marks: [[at - from, at - from + text.length]] });
      break;
    }
  }
  return { results };
}

const features = "chats runs branches tokens search settings feedback keys sessions models machine prompt prompts export import users temporary password".split(" ");

const routes = [
  ["GET", /^\/api\/boot$/, () => ({ user, settings, version: "0.0.0", features, models, budget_bytes: 30e9, machine, ...list(new URLSearchParams()), event: event_id })],
  ["GET", /^\/api\/chats$/, (_, __, query) => list(query)],
  ["POST", /^\/api\/chats$/, (_, body) => new_chat(body)],
  ["DELETE", /^\/api\/chats$/, () => { const deleted = chats.size; chats.clear(); return { deleted }; }],
  ["GET", /^\/api\/chats\/(\w+)$/, ([one]) => { const chat = chat_of(one); return { chat, messages: of_chat(chat), event: event_id }; }],
  ["PATCH", /^\/api\/chats\/(\w+)$/, ([one], body) => {
    const chat = chat_of(one);
    if (body.title !== undefined) chat.title_set = true;
    Object.assign(chat, body);
    if (body.leaf) chat.leaf = newest_below(body.leaf);
    if (!("draft" in body)) tell("chat", { chat });
    return chat;
  }],
  ["DELETE", /^\/api\/chats\/(\w+)$/, ([one]) => { chat_of(one).deleted = true; tell("chat_deleted", { id: one }); }],
  ["POST", /^\/api\/chats\/(\w+)\/restore$/, ([one]) => { const chat = chats.get(one); delete chat.deleted; tell("chat", { chat }); return chat; }],
  ["POST", /^\/api\/chats\/(\w+)\/runs$/, ([one], body) => begin(chat_of(one), body)],
  ["POST", /^\/api\/chats\/(\w+)\/messages$/, ([one], body) => { const chat = chat_of(one); const made = new_message(chat, body.parent, body.role, body.content, { edited: true, state: "done" }); tell("message", { message: made }); tell("chat", { chat }); return made; }],
  ["GET", /^\/api\/chats\/(\w+)\/export$/, ([one]) => ({ format: "bise-chat", version: 1, chat: chat_of(one), messages: of_chat(chat_of(one)) })],
  ["POST", /^\/api\/runs\/(\w+)\/stop$/, ([one]) => { const run = runs.get(one); if (run) end(run, "stopped"); }],
  ["GET", /^\/api\/messages\/(\w+)\/tokens$/, ([one]) => { const message = message_of(one); return { vocab_size: 49152, tokens: [...tokens_of(message.thinking ?? "", "thinking", 3), ...tokens_of(message.content, "answer", 7)] }; }],
  ["GET", /^\/api\/messages\/(\w+)\/prompt$/, ([one]) => { const message = message_of(one); return { tokens: 12, pieces: [{ text: "<|im_start|>", ids: [1], control: true }, { text: "user\n" + (messages.get(message.parent)?.content ?? ""), ids: [2, 3] }, { text: "<|im_end|>", ids: [4], control: true }] }; }],
  ["PUT", /^\/api\/messages\/(\w+)\/feedback$/, ([one], body) => { const message = message_of(one); message.feedback = body; tell("message", { message }); return message; }],
  ["DELETE", /^\/api\/messages\/(\w+)\/feedback$/, ([one]) => { const message = message_of(one); message.feedback = null; tell("message", { message }); return message; }],
  ["GET", /^\/api\/feedback\/export$/, () => [...messages.values()].filter((one) => one.feedback).map((one) => ({ messages: [{ role: "assistant", content: one.feedback.corrected ?? one.content }], weight: 1 }))],
  ["GET", /^\/api\/settings$/, () => settings],
  ["GET", /^\/api\/search$/, (_, __, query) => search(query)],
  ["PATCH", /^\/api\/settings$/, (_, body) => { Object.assign(settings, body); tell("settings", { settings }); return settings; }],
  ["PATCH", /^\/api\/me$/, (_, body) => { if (body.name) user.name = body.name; if ("password" in body) user.has_password = body.password !== null; return user; }],
  ["GET", /^\/api\/sessions$/, () => ({ sessions: [{ id: "s_1", created_ms: now(), seen_ms: now(), agent: "Chromium on Linux", current: true }, { id: "s_2", created_ms: now() - 9e7, seen_ms: now() - 8e7, agent: "Firefox on Android" }] })],
  ["DELETE", /^\/api\/sessions\/(\w+)$/, () => undefined],
  ["GET", /^\/api\/keys$/, () => ({ keys })],
  ["POST", /^\/api\/keys$/, (_, body) => { const key = { id: id("k"), prefix: "bise_9tQv", created_ms: now(), used_ms: null, tokens: 0, ...body }; keys.push(key); return { key, secret: "bise_9tQvK3xW8mZ2pL7nR4sT6uY1aB5cD0eF" }; }],
  ["PATCH", /^\/api\/keys\/(\w+)$/, ([one], body) => Object.assign(keys.find((key) => key.id === one), body)],
  ["DELETE", /^\/api\/keys\/(\w+)$/, ([one]) => { keys.splice(keys.findIndex((key) => key.id === one), 1); }],
  ["GET", /^\/api\/prompts$/, () => ({ prompts })],
  ["POST", /^\/api\/prompts$/, (_, body) => { const prompt = { id: id("p"), ...body }; prompts.push(prompt); return prompt; }],
  ["DELETE", /^\/api\/prompts\/(\w+)$/, ([one]) => { prompts.splice(prompts.findIndex((key) => key.id === one), 1); }],
  ["GET", /^\/api\/users$/, () => ({ users })],
  ["POST", /^\/api\/users$/, (_, body) => { const made = { id: id("u"), name: body.name, owner: false }; users.push(made); return { user: made, link: "http://127.0.0.1:5199/signin?token=abc" }; }],
  ["POST", /^\/api\/users\/(\w+)\/link$/, () => ({ link: "http://127.0.0.1:5199/signin?token=def" })],
  ["DELETE", /^\/api\/users\/(\w+)$/, ([one]) => { users.splice(users.findIndex((key) => key.id === one), 1); }],
  ["GET", /^\/api\/models$/, () => ({ models, budget_bytes: 30e9 })],
  ["PATCH", /^\/api\/models\/([\w.-]+)$/, ([one], body) => {
    const model = models.find((other) => other.id === one);
    if (body.pinned !== undefined) model.pinned = body.pinned;
    if (body.state) {
      model.state = body.state === "ready" ? "loading" : "unloading";
      setTimeout(() => { model.state = body.state; tell("models", { models, budget_bytes: 30e9 }); }, 800);
    }
    tell("models", { models, budget_bytes: 30e9 });
    return model;
  }],
  ["GET", /^\/api\/machine$/, () => machine],
  ["POST", /^\/api\/import$/, () => ({ chats: [new_chat({}).id], skipped: [{ index: 3, reason: "no messages" }] })],
  ["POST", /^\/api\/signout$/, () => undefined],
  ["POST", /^\/api\/signin$/, () => { throw fail(401, "unauthorized", "wrong"); }],
];

const types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2" };

function serve_file(request, answer, path) {
  const page = /^\/($|start$|chat\/|search$|settings($|\/)|signin$)/.test(path);
  const file = join(dist, page ? "index.html" : path);
  if (!existsSync(file) || !statSync(file).isFile()) return answer.writeHead(404).end();
  const framed = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:; font-src 'none'; base-uri 'none'; frame-ancestors 'self'";
  const headers = {
    "content-type": types[extname(file)] ?? "application/octet-stream",
    "content-security-policy": path === "/diagram.html" ? framed : policy,
  };
  if (existsSync(`${file}.br`) && /\bbr\b/.test(request.headers["accept-encoding"] ?? "")) {
    answer.writeHead(200, { ...headers, "content-encoding": "br" });
    return createReadStream(`${file}.br`).pipe(answer);
  }
  answer.writeHead(200, headers);
  return answer.end(readFileSync(file));
}

function stream(request, answer, query) {
  answer.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const after = Number(request.headers["last-event-id"] ?? query.get("after") ?? event_id);
  for (const event of events) if (event.id > after) write_event(answer, event);
  answer.write(": open\n\n");
  listeners.add(answer);
  request.on("close", () => listeners.delete(answer));
}

createServer(async (request, answer) => {
  const { pathname, searchParams } = new URL(request.url, "http://x");
  if (pathname === "/api/events") return stream(request, answer, searchParams);
  const route = routes.find(([method, pattern]) => method === request.method && pattern.test(pathname));
  if (!route) return serve_file(request, answer, pathname);
  let text = "";
  for await (const part of request) text += part;
  try {
    const result = route[2](route[1].exec(pathname).slice(1), text ? JSON.parse(text) : {}, searchParams);
    if (result === undefined) return answer.writeHead(204).end();
    answer.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(result));
  } catch (error) {
    const body = { object: "error", message: error.message, code: error.code, error: { message: error.message, code: error.code } };
    answer.writeHead(error.status ?? 500, { "content-type": "application/json" }).end(JSON.stringify(body));
  }
}).listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/`));
