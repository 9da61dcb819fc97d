// node tests/page/picture.mjs PROGRAM STARTER OUT.png: the picture of the page for the README, from
// the real program: a few chats, and why the last answer came out as it did.
import { chromium } from "playwright-core";

import { button, chat_with, finished } from "./lib.mjs";
import { Server } from "./server.mjs";

const kChats = ["Write a thank-you note to a neighbour.", "What is the capital of France?"];
const kShown = "What is the chemical symbol for water?";

const [program, starter, out] = process.argv.slice(2);
const server = new Server(program, starter);
await server.start();
const browser = await chromium.launch({
  executablePath: process.env.BISE_BROWSER ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const page = await browser.newPage({
  viewport: { width: 1280, height: 720 },
  locale: "en-US",
  baseURL: server.origin,
});
await page.goto(server.link);
for (const question of [...kChats, kShown]) {
  await chat_with(page, { max_tokens: 60, temperature: 0 }, question);
  await finished(page);
}
await page.getByRole("button", { name: /^Why this answer/ }).click();
await button(page, "Next doubtful token").click();
await page.screenshot({ path: out });
await browser.close();
await server.stop();
