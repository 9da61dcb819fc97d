// Runs the checks one after the other on one server. Each is a list of [name, function]; what is
// named on the command line is run alone. Against a stand-in: --url http://127.0.0.1:5199
import { mkdirSync } from "node:fs";

import { chromium } from "playwright-core";

import { Server, Stand } from "./server.mjs";
import { chat } from "./checks/chat.mjs";
import { first_run } from "./checks/first_run.mjs";
import { keyboard } from "./checks/keyboard.mjs";
import { look } from "./checks/look.mjs";
import { people } from "./checks/people.mjs";
import { resume } from "./checks/resume.mjs";
import { safety } from "./checks/safety.mjs";
import { why } from "./checks/why.mjs";

const kTimeoutMs = 60_000;

function options(argv) {
  const all = { only: [] };
  for (let at = 0; at < argv.length; at++) {
    if (argv[at].startsWith("--")) all[argv[at].slice(2)] = argv[++at];
    else all.only.push(argv[at]);
  }
  return all;
}

const all = options(process.argv.slice(2));
const out = all.out ?? "build/page";
mkdirSync(out, { recursive: true });

const server = all.url ? new Stand(all.url) : new Server(all.program, all.model);
await server.start();
const browser = await chromium.launch({
  executablePath: all.browser ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});

// A browser of a user who is signed in by the server's link, once.
const states = new Map();
async function page_of(link, how = {}) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    locale: "en-US",
    baseURL: server.origin,
    permissions: ["clipboard-read", "clipboard-write"],
    storageState: states.get(link),
    ...how,
  });
  context.setDefaultTimeout(kTimeoutMs);
  const page = await context.newPage();
  page.errors = [];
  page.on("pageerror", (error) => page.errors.push(String(error)));
  page.on("console", (message) => {
    // The policy's refusals and failed loads are errors of ours; a 404 that a check asks for is not.
    if (message.type() === "error" && !/status of (?:404|401|403|409)/.test(message.text())) {
      page.errors.push(message.text());
    }
  });
  if (!states.has(link)) {
    await page.goto(link);
    states.set(link, await context.storageState());
  }
  return page;
}

const tools = {
  server,
  browser,
  out,
  page_of,
  owner: (how) => page_of(server.link, how),
};

let failed = 0;
let passed = 0;

async function keep_pictures(name) {
  for (const context of browser.contexts()) {
    for (const [index, page] of context.pages().entries()) {
      await page.screenshot({ path: `${out}/${name}-${index}.png` }).catch(() => {});
    }
  }
}

// A browser on a busy machine has bad moments: what fails once gets a second try, and that is said.
async function run_check(name, check, tries) {
  const began = Date.now();
  try {
    await check(tools);
    passed++;
    console.log(`ok    ${name} (${Date.now() - began} ms)`);
  } catch (error) {
    const words = String(error.stack ?? error).replace(/^/gm, "      ");
    await keep_pictures(`failed-${name.replace(/\W+/g, "-")}-${tries}`);
    if (tries > 1) {
      console.log(`once more: ${name}\n${words}`);
      for (const context of browser.contexts()) await context.close();
      await run_check(name, check, tries - 1);
      return;
    }
    failed++;
    console.log(`FAIL  ${name}\n${words}`);
  }
}

const sets = { first_run, chat, why, resume, keyboard, people, safety, look };
for (const [set, checks] of Object.entries(sets)) {
  for (const [name, check] of checks) {
    if (all.only.length && !all.only.some((only) => `${set}/${name}`.startsWith(only))) continue;
    await run_check(`${set}/${name}`, check, 2);
    for (const context of browser.contexts()) await context.close();
  }
}
await browser.close();
await server.stop();
console.log(`page: ${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
