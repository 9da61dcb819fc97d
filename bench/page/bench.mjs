// node bench/page/bench.mjs PROGRAM STARTER [OUT.json]: what the page's reader waits for, in a real
// browser, by the bars of docs/performance.md. The machine should have nothing else to do. Needs
// tests/page's packages (npm ci --prefix tests/page) and a Chromium (BISE_BROWSER).
import { writeFileSync } from "node:fs";
import { performance } from "node:perf_hooks";

import { api, ask, field, finished, shifts, watch_shifts } from "../../tests/page/lib.mjs";
import { Server } from "../../tests/page/server.mjs";

const { chromium } = await import("../../tests/page/node_modules/playwright-core/index.mjs");

const kStreamTokens = 2000;
const kTurns = 2000;
const kStarts = 5;
const kPatienceMs = 600_000;

const now = () => performance.timeOrigin + performance.now();

function quantile(numbers, part) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

const summary = (numbers) => ({
  count: numbers.length,
  median: Math.round(quantile(numbers, 0.5) * 10) / 10,
  p95: Math.round(quantile(numbers, 0.95) * 10) / 10,
  most: Math.round(Math.max(...numbers) * 10) / 10,
});

// From the start of the program to a field that can be typed in.
async function starts(program, model, browser) {
  const times = [];
  for (let i = 0; i < kStarts; i++) {
    const server = new Server(program, model);
    const context = await browser.newContext();
    const page = await context.newPage();
    const begin = now();
    await server.start();
    await page.goto(server.link);
    await field(page).waitFor();
    times.push(now() - begin);
    await context.close();
    await server.stop();
  }
  return summary(times);
}

// The events of a user as a second reader gets them, each with the time at which it came.
async function listen(server, cookie, heard) {
  const boot = await fetch(`${server.origin}/api/boot`, { headers: { cookie } });
  const { event } = await boot.json();
  const stop = new AbortController();
  const answer = await fetch(`${server.origin}/api/events?after=${event}`, {
    headers: { cookie },
    signal: stop.signal,
  });
  void (async () => {
    let rest = "";
    const decoder = new TextDecoder();
    try {
      for await (const piece of answer.body) {
        const at = now();
        const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
        rest = lines.pop();
        for (const line of lines) {
          if (!line.startsWith("data:")) continue;
          const data = JSON.parse(line.slice(5));
          if (data.text && data.to) heard.push({ at, to: data.to, text: data.text });
        }
      }
    } catch {
      // Aborted: the measurement is over.
    }
  })();
  return () => stop.abort();
}

// In the page: after each frame, how long the answer is that it shows.
function watch_page() {
  globalThis.frames = [];
  const channel = new MessageChannel();
  let length = 0;
  channel.port1.onmessage = () => {
    globalThis.frames.push([performance.timeOrigin + performance.now(), length]);
  };
  const frame = () => {
    const prose = [...document.querySelectorAll("article .prose")].at(-1);
    length = (prose?.textContent ?? "").replace(/\s/g, "").length;
    channel.port2.postMessage(0);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

async function stream(page, server) {
  const cookie = (await page.context().cookies()).map((one) => `${one.name}=${one.value}`).join(";");
  const sampling = { max_tokens: kStreamTokens, temperature: 0.8, seed: 7 };
  const chat = (await api(page, "POST", "/api/chats", { sampling })).json;
  await page.goto(`/chat/${chat.id}`);
  await field(page).waitFor();
  await page.evaluate(watch_page);
  await watch_shifts(page);
  const heard = [];
  const hush = await listen(server, cookie, heard);
  await ask(page, "Tell a very long story about a river. Plain sentences, no lists, no headings.");
  await finished(page);
  await new Promise((resolve) => setTimeout(resolve, 500));
  hush();
  const frames = await page.evaluate(() => globalThis.frames);
  // The same letters in both, whatever Markdown makes of the white space between them. Where
  // Markdown takes a sign for its own, the page has fewer; such an answer ends the comparison.
  const delays = [];
  let said = 0;
  let frame = 0;
  for (const event of heard) {
    said += event.text.replace(/\s/g, "").length;
    while (frame < frames.length && frames[frame][1] < said) frame++;
    if (frame === frames.length) break;
    delays.push(Math.max(0, frames[frame][0] - event.at));
  }
  const shifted = (await shifts(page)).reduce((sum, [value]) => sum + value, 0);
  return { events: heard.length, token_to_paint_ms: summary(delays), layout_shift: shifted };
}

async function scroll(page) {
  const text =
    "The light curtain opened first and the drive only followed. **Clean** it, then check `SC-211`.\n\n" +
    "| time | code |\n|---|---|\n| 06:41 | SC-211 |\n\n```sql\nselect 1;\n```\n";
  const messages = [];
  for (let i = 0; i < kTurns; i++) {
    const role = i % 2 ? "assistant" : "user";
    const message = { id: `m${i}`, role, content: role === "user" ? `Question ${i}?` : text };
    if (i > 0) message.parent = `m${i - 1}`;
    messages.push(message);
  }
  const chat = { id: "c", title: "long", leaf: `m${kTurns - 1}`, created_ms: 1 };
  const imported = await api(page, "POST", "/api/import", {
    format: "bise-chat",
    version: 1,
    chat,
    messages,
  });
  const begin = now();
  await page.goto(`/chat/${imported.json.chats[0]}`);
  await page.getByText(`Question ${kTurns - 2}?`).waitFor();
  const opened = now() - begin;
  const box = await page.getByRole("main").boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.evaluate(() => {
    globalThis.gaps = [];
    let before = performance.now();
    const frame = (at) => {
      globalThis.gaps.push(at - before);
      before = at;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  for (let i = 0; i < 200; i++) await page.mouse.wheel(0, i < 150 ? -600 : 600);
  const gaps = (await page.evaluate(() => globalThis.gaps)).slice(5);
  return {
    open_ms: Math.round(opened),
    frame_ms: summary(gaps),
    frames_over_32_ms: gaps.filter((gap) => gap > 32).length,
  };
}

const [program, model, out] = process.argv.slice(2);
if (!program || !model) {
  console.error("node bench/page/bench.mjs PROGRAM STARTER [OUT.json]");
  process.exit(2);
}
const browser = await chromium.launch({
  executablePath: process.env.BISE_BROWSER ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const result = { start_to_field_ms: await starts(program, model, browser) };
const server = new Server(program, model);
await server.start();
const context = await browser.newContext({ baseURL: server.origin, locale: "en-US" });
const page = await context.newPage();
page.setDefaultTimeout(kPatienceMs);
await page.goto(server.link);
result.stream = await stream(page, server);
result.scroll = await scroll(page);
console.log(JSON.stringify(result, null, 1));
if (out) writeFileSync(out, `${JSON.stringify(result, null, 1)}\n`);
await browser.close();
await server.stop();
