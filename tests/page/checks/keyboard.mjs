import { answers, api, assert, button, chat_with, end_it, field, finished, until } from "../lib.mjs";

const questions = (page) => page.getByRole("article", { name: /^You/ });

export const keyboard = [
  [
    "the palette finds and does",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/chat/new");
      await field(page).waitFor();
      await page.keyboard.press("Control+k");
      const box = page.getByRole("combobox", { name: "Search commands, chats and models" });
      await box.waitFor();
      await page.keyboard.type(">theme: dark");
      await page.getByRole("option", { name: /Theme: Dark/ }).waitFor();
      await page.keyboard.press("Enter");
      await until(
        "not dark",
        () => page.evaluate(() => document.documentElement.dataset.theme),
        (theme) => theme === "dark",
      );
      await page.keyboard.press("Control+k");
      await page.getByRole("dialog", { name: "Command palette" }).waitFor();
      await page.keyboard.press("Escape");
      await box.waitFor({ state: "detached" });
      await button(page, "Command palette").click();
      await box.fill(">theme: system");
      await page.getByRole("option", { name: /Theme: System/ }).waitFor();
      await page.keyboard.press("Enter");
      await box.waitFor({ state: "detached" });
      assert.deepEqual(page.errors, []);
    },
  ],
  [
    "keys of the conversation press its buttons",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/");
      await chat_with(page, { max_tokens: 12 }, "Name a fish.");
      await finished(page);
      await page.getByRole("main", { name: "Conversation" }).focus();
      await page.keyboard.press("w");
      await page.getByRole("complementary", { name: "Why this answer" }).waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("main", { name: "Conversation" }).focus();
      await page.keyboard.press("r");
      await page.getByText("2 / 2").waitFor();
      await finished(page);
      await page.getByRole("main", { name: "Conversation" }).focus();
      await page.keyboard.press("[");
      await page.getByText("1 / 2").waitFor();
      await page.keyboard.press("n");
      await page.waitForURL(/\/chat\/new$/);
    },
  ],
  [
    "Ctrl F finds what is not drawn",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/");
      const id = await chat_with(page, { max_tokens: 4 }, "Where is the needle?");
      await finished(page);
      let parent = (await api(page, "GET", `/api/chats/${id}`)).json.chat.leaf;
      for (let count = 0; count < 40; count++) {
        // An answer below an answer: long ones, so that the first turn is far away.
        const made = await api(page, "POST", `/api/chats/${id}/messages`, {
          parent,
          role: "assistant",
          content: "hay ".repeat(800),
        });
        parent = made.json.id;
      }
      await page.reload();
      await until("drawn", () => questions(page).count(), (count) => count === 0);
      await page.keyboard.press("Control+f");
      await page.keyboard.type("needle");
      await questions(page).getByText("Where is the needle?").waitFor();
      await until(
        "not marked",
        () => page.evaluate(() => CSS.highlights.get("found")?.size ?? 0),
        (size) => size === 1,
      );
      await page.keyboard.press("Escape");
      await page.getByRole("search").waitFor({ state: "detached" });
    },
  ],
  [
    "Enter in a Korean composition sends the whole syllable, once",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/chat/new");
      await field(page).focus();
      const session = await page.context().newCDPSession(page);
      const text = "안녕하세";
      await session.send("Input.insertText", { text });
      await session.send("Input.imeSetComposition", { text: "요", selectionStart: 1, selectionEnd: 1 });
      const enter = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 229 };
      await session.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...enter });
      assert.equal(await questions(page).count(), 0);
      await session.send("Input.insertText", { text: "요" });
      await session.send("Input.dispatchKeyEvent", { type: "keyUp", ...enter });
      await questions(page).getByText("안녕하세요").waitFor();
      // A long answer would leave the question too far above to be drawn, and so to be counted.
      await end_it(page);
      await finished(page);
      await until("not once", () => questions(page).count(), (count) => count === 1);
      assert.equal(await questions(page).locator(".said").innerText(), "안녕하세요");
      assert.equal(await field(page).inputValue(), "");
    },
  ],
  [
    "Enter that picks a Japanese candidate does not send",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/chat/new");
      await field(page).focus();
      const session = await page.context().newCDPSession(page);
      await session.send("Input.imeSetComposition", { text: "天気", selectionStart: 2, selectionEnd: 2 });
      const enter = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 229 };
      await session.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...enter });
      await session.send("Input.insertText", { text: "天気" });
      await session.send("Input.dispatchKeyEvent", { type: "keyUp", ...enter });
      await until("lost", () => field(page).inputValue(), (value) => value === "天気");
      assert.equal(await questions(page).count(), 0);
      assert.equal(await answers(page).count(), 0);
    },
  ],
];
