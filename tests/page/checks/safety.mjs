import { api, assert, chat_with, finished, until } from "../lib.mjs";
import { payloads } from "./payloads.mjs";

// Any of the ways in which a payload could have acted.
async function armed(page) {
  await page.context().addInitScript(() => {
    globalThis.ran = 0;
    globalThis.pwn = () => (globalThis.ran += 1);
  });
  page.on("dialog", (dialog) => void dialog.dismiss());
}

async function calm(page, where) {
  assert.equal(await page.evaluate(() => globalThis.ran), 0, where);
  const foreign = await page.evaluate(() =>
    [...document.querySelectorAll("iframe, object, embed, base, script:not([src]), [onload], [onerror]")]
      .filter((node) => node.id !== "boot" && node.getAttribute("src") !== "/diagram.html")
      .map((node) => node.outerHTML.slice(0, 100)),
  );
  assert.deepEqual(foreign, [], where);
  const links = await page.evaluate(() =>
    [...document.querySelectorAll("a[href]")]
      .filter((link) => !/^(?:https?|mailto):$/.test(link.protocol))
      .map((link) => link.href),
  );
  assert.deepEqual(links, [], where);
}

export const safety = [
  [
    `none of ${payloads.length} payloads runs in answers, questions and titles`,
    async ({ owner }) => {
      const page = await owner();
      await armed(page);
      await page.goto("/");
      const id = await chat_with(page, { max_tokens: 4 }, "x");
      await finished(page);
      const { messages } = (await api(page, "GET", `/api/chats/${id}`)).json;
      const question = messages[0];
      // All of them in one answer, each in its own paragraph, and each alone.
      const all = payloads.join("\n\n");
      for (const text of [all, ...payloads]) {
        const made = await api(page, "POST", `/api/chats/${id}/messages`, {
          parent: question.id,
          role: "assistant",
          content: text,
        });
        assert.ok(made.status < 300, `${made.status} ${made.text}`);
      }
      const shown = (await api(page, "GET", `/api/chats/${id}`)).json.messages;
      const siblings = shown.filter((one) => one.parent === question.id);
      assert.ok(siblings.length > payloads.length);
      for (const one of siblings.slice(1)) {
        await api(page, "PATCH", `/api/chats/${id}`, { leaf: one.id });
        await page.locator(`[data-turn="${one.id}"]`).waitFor();
        await calm(page, one.content);
      }
      for (const text of payloads.slice(0, 12)) {
        const changed = await api(page, "PATCH", `/api/chats/${id}`, { title: text });
        assert.equal(changed.status, 200, text);
        await until(
          "title",
          () => page.getByRole("heading", { level: 1 }).innerText(),
          (title) => title.trim().length > 0,
        );
        await calm(page, text);
      }
      await page.goto(`/search?q=${encodeURIComponent("onerror")}`);
      await page.locator(".found a").first().waitFor();
      await calm(page, "search");
      await page.goto(`/chat/${id}`);
      await page.locator("[data-turn]").first().waitFor();
      await page.waitForLoadState("load");
      await calm(page, "loaded again");
    },
  ],
  [
    "questions, system prompts and names are text",
    async ({ owner }) => {
      const page = await owner();
      await armed(page);
      await page.goto("/");
      const text = payloads.slice(0, 40).join("\n");
      const id = await chat_with(page, { max_tokens: 4 }, text);
      await finished(page);
      await calm(page, "question");
      await api(page, "PATCH", `/api/chats/${id}`, { system_prompt: text });
      await page.getByRole("button", { name: "Chat options" }).click();
      await page.getByRole("menuitem", { name: "System prompt and sampling" }).click();
      await page.getByRole("textbox", { name: /^System prompt/ }).waitFor();
      await calm(page, "system prompt");
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+k");
      await page.keyboard.type("script");
      await page.getByRole("listbox", { name: "Results" }).waitFor();
      await calm(page, "palette");
    },
  ],
  [
    "the page is sent with a policy that lets no script in",
    async ({ owner }) => {
      const page = await owner();
      const answer = await page.goto("/chat/new");
      const policy = answer.headers()["content-security-policy"] ?? "";
      assert.match(policy, /default-src 'none'/);
      assert.match(policy, /script-src 'self'/);
      assert.ok(!policy.includes("unsafe"), policy);
    },
  ],
];
