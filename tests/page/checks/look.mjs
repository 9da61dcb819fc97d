// Every page in both themes, three languages and at phone width: a picture of each is kept, nothing
// is wider than the screen, and axe finds nothing serious.
import { createRequire } from "node:module";

import { api, assert, chat_with, features, finished } from "../lib.mjs";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

const kTable = `No. On 16 November the drive tripped on temperature; today the light curtain opened **first** and the drive only followed.

| Time | Code | Station | Held |
| --- | --- | --- | ---: |
| 06:41:58 | \`SC-211\` | Infeed | 1.7 s |
| 06:42:00 | \`DR-040\` | Conveyor M2 | 0.4 s |

Short interruptions by shift show whether it opens with nobody there:

\`\`\`sql
select shift, count(*) as short_trips
from plc_log where code = 'SC-211' and held_ms < 300  -- nobody walks that fast
group by shift;
\`\`\`

The energy is $E = \\frac{1}{2} m v^2$.

1. Clean the light curtain.
2. Check its alignment.`;

async function examine(page, name, out, with_axe) {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: `${out}/${name}.png` });
  const wide = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.ok(wide <= 0, `${name}: ${wide} px too wide`);
  if (!with_axe) return;
  // Into the page by the debugger's way: the policy holds for the page's own scripts.
  const session = await page.context().newCDPSession(page);
  const { readFileSync } = await import("node:fs");
  await session.send("Runtime.evaluate", { expression: readFileSync(axe, "utf8") });
  const { result } = await session.send("Runtime.evaluate", {
    expression: `axe.run(document, {resultTypes: ["violations"]}).then((found) =>
      JSON.stringify(found.violations
        .filter((one) => one.impact === "serious" || one.impact === "critical")
        .map((one) => one.id + ": " + one.nodes.map((node) => node.html.slice(0, 120)).join(" | "))))`,
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  assert.deepEqual(JSON.parse(result.value), [], name);
}

// A chat with a rich answer, the same on every run.
async function model_chat(page) {
  const id = await chat_with(page, { max_tokens: 24, temperature: 0 }, "Line 4 stopped again at 06:42. What does the log say?");
  await finished(page);
  const { messages } = (await api(page, "GET", `/api/chats/${id}`)).json;
  await api(page, "POST", `/api/chats/${id}/messages`, {
    parent: messages[0].id,
    role: "assistant",
    content: kTable,
  });
  await page.reload();
  await page.locator(".katex").first().waitFor();
  return id;
}

async function walk(page, name, out, id, with_axe) {
  const has = await features(page);
  const pages = {
    start: "/start",
    new: "/chat/new",
    chat: `/chat/${id}`,
    search: "/search?q=line",
    appearance: "/settings/appearance",
    storage: "/settings/storage",
    about: "/settings/about",
  };
  for (const [feature, part] of [["keys", "keys"], ["sessions", "people"], ["models", "models"], ["machine", "network"]]) {
    if (has.includes(feature)) pages[part] = `/settings/${part}`;
  }
  for (const [part, path] of Object.entries(pages)) {
    await page.goto(path);
    await page.locator("main#main").waitFor();
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    if (part === "search") await page.locator(".found a").first().waitFor();
    if (part === "chat") await page.locator(".katex").first().waitFor();
    await examine(page, `${name}-${part}`, out, with_axe);
  }
  await page.goto(`/chat/${id}`);
  await page.locator("[data-action=previous]").last().click();
  await page.locator("[data-action=why]").last().click();
  await page.locator(".alts").waitFor();
  await examine(page, `${name}-why`, out, with_axe);
  await page.locator("[data-why] .panel-head .ib").click();
  await page.locator("[data-action=next]").last().click();
  await page.keyboard.press("Control+k");
  await page.locator("#palette-list .opt").first().waitFor();
  await examine(page, `${name}-palette`, out, with_axe);
  await page.keyboard.press("Escape");
  await page.locator(".pick").click();
  await page.locator(".model-row").first().waitFor();
  await examine(page, `${name}-picker`, out, with_axe);
  await page.keyboard.press("Escape");
  assert.deepEqual(page.errors, []);
}

let made = null;
const looks = [
  ["light", { colorScheme: "light" }, "en"],
  ["dark", { colorScheme: "dark" }, "en"],
  ["french-dark", { colorScheme: "dark" }, "fr"],
  ["korean-phone", { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }, "ko"],
  ["phone-dark", { viewport: { width: 360, height: 740 }, colorScheme: "dark", isMobile: true, hasTouch: true }, "en"],
];

export const look = looks.map(([name, how, language]) => [
  name,
  async ({ owner, out }) => {
    const page = await owner(how);
    await page.goto("/start");
    await page.locator("main#main").waitFor();
    await api(page, "PATCH", "/api/settings", { language, theme: "system" });
    await page.reload();
    made ??= await model_chat(page);
    // The French page is the English one in other words.
    await walk(page, name, out, made, language !== "fr");
    await api(page, "PATCH", "/api/settings", { language: "en" });
  },
]);
