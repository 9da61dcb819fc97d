import assert from "node:assert/strict";

export { assert };

export const field = (page) => page.getByRole("textbox", { name: "Message" });
export const answers = (page) => page.getByRole("article", { name: /^Answer by/ });
export const button = (page, name) => page.getByRole("button", { name, exact: true });

// What is true soon, or an error that says what it was at last. No sleeping and hoping.
export async function until(what, read, holds, wait_ms = 60_000) {
  const end = Date.now() + wait_ms;
  let last;
  do {
    last = await read();
    if (holds(last)) return last;
    await new Promise((resolve) => setTimeout(resolve, 50));
  } while (Date.now() < end);
  throw new Error(`${what}: ${JSON.stringify(last)}`);
}

// A question in a new chat, answered to the end. Answers by the starter are short when asked so.
export async function ask(page, text) {
  await field(page).fill(text);
  await page.keyboard.press("Enter");
}

export async function new_chat(page, text) {
  await page.goto("/chat/new");
  await ask(page, text);
  await page.waitForURL(/\/chat\/(?!new)/);
  await finished(page);
}

// The last answer has its actions: it is written to its end.
export async function finished(page) {
  const last = answers(page).last();
  await last.locator("[data-action=why], [data-action=copy]").first().waitFor();
  await until(
    "still busy",
    () => last.getAttribute("aria-busy"),
    (busy) => busy !== "true",
  );
}

// Ends the answer, if it has not ended by itself, by the route the button uses.
export async function end_it(page) {
  const id = new URL(page.url()).pathname.split("/").at(-1);
  const { chat } = (await api(page, "GET", `/api/chats/${id}`)).json;
  if (chat.run) await api(page, "POST", `/api/runs/${chat.run}/stop`);
  await button(page, "Send").waitFor();
}

export const text_of = (page) => answers(page).last().locator(".prose").innerText();

// The page's own requests, with its cookie.
export function api(page, method, path, body) {
  return page.evaluate(
    async ([method, path, body]) => {
      const answer = await fetch(path, {
        method,
        headers: { "content-type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await answer.text();
      let json = null;
      try {
        json = JSON.parse(text);
      } catch {
        // Not JSON: the text says what it is.
      }
      return { status: answer.status, json, text };
    },
    [method, path, body],
  );
}

// Settings limit an answer's length, so that a small machine is done soon.
export async function chat_with(page, sampling, text) {
  const chat = (await api(page, "POST", "/api/chats", { sampling })).json;
  await page.goto(`/chat/${chat.id}`);
  await ask(page, text);
  return chat.id;
}

export async function features(page) {
  return (await api(page, "GET", "/api/boot")).json.features;
}

// From now on, what moved on the page without being asked to; see shifts().
export function watch_shifts(page) {
  return page.evaluate(() => {
    globalThis.shifts = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        for (const source of entry.sources ?? []) {
          // What stands in the block being written may move; all else may not.
          const node = source.node?.nodeType === 1 ? source.node : source.node?.parentElement;
          // The figures of the line below it and of the context meter are the news themselves.
          if (node && !node.closest(".prose > :last-child, .facts, .ctx")) {
            globalThis.shifts.push([entry.value, node.outerHTML.slice(0, 80)]);
          }
        }
      }
    }).observe({ type: "layout-shift", buffered: false });
  });
}

// Each shift and what it moved.
export const shifts = (page) => page.evaluate(() => globalThis.shifts);
