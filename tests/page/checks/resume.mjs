import { answers, api, assert, button, chat_with, end_it, text_of, until } from "../lib.mjs";

// Long with the starter: it does not come to an end of its own within these tokens.
const kLong = { max_tokens: 3000, temperature: 0 };
const tale = (about) => `Write a very long story about a ${about}, in many chapters.`;
const begun = (page) =>
  until("no text", () => text_of(page).catch(() => ""), (text) => text.length > 30);

export const resume = [
  [
    "a page that is loaded again in mid-answer shows all of it",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/");
      await chat_with(page, kLong, tale("mountain"));
      const seen = await begun(page);
      await page.reload();
      const again = await until("empty", () => text_of(page).catch(() => ""), (text) => text.length > 0);
      assert.ok(again.startsWith(seen.slice(0, 30)), `${again.slice(0, 60)} / ${seen.slice(0, 60)}`);
      await until("does not go on", () => text_of(page), (text) => text.length > again.length + 20);
      await end_it(page);
    },
  ],
  [
    "an answer goes on without its tab, and other tabs see it",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/");
      const id = await chat_with(page, kLong, tale("harbour"));
      const seen = await begun(page);
      const other = await page.context().newPage();
      await page.close();
      await other.goto(`/chat/${id}`);
      const later = await until("lost", () => text_of(other).catch(() => ""), (text) => text.length >= seen.length);
      assert.ok(later.startsWith(seen.slice(0, 30)));
      const tabs = [];
      for (let count = 0; count < 7; count++) {
        const tab = await other.context().newPage();
        await tab.goto(`/chat/${id}`);
        tabs.push(tab);
      }
      for (const tab of tabs) await answers(tab).first().waitFor();
      await end_it(tabs[6]);
      for (const tab of tabs) await button(tab, "Send").waitFor();
    },
  ],
  [
    "after the server was killed the answer is stopped and can go on",
    async ({ owner, server }) => {
      if (server.stand_in) return;
      const page = await owner();
      await page.goto("/");
      const id = await chat_with(page, kLong, tale("river"));
      // What is stored at least every half second has to be there.
      await until(
        "nothing yet",
        async () => (await api(page, "GET", `/api/chats/${id}`)).json.messages.at(-1)?.n ?? 0,
        (n) => n > 40,
      );
      const seen = await text_of(page);
      await new Promise((resolve) => setTimeout(resolve, 2000));
      await server.kill();
      await page.getByText(/Connection lost/).waitFor();
      await server.start();
      await button(page, "Go on").waitFor();
      await page.getByText(/Connection lost/).waitFor({ state: "detached" });
      const kept = await text_of(page);
      assert.ok(kept.startsWith(seen.slice(0, 30)), `${kept.slice(0, 60)} / ${seen.slice(0, 60)}`);
      await button(page, "Go on").click();
      await until("does not go on", () => text_of(page), (text) => text.length > kept.length + 20);
      await end_it(page);
    },
  ],
];
