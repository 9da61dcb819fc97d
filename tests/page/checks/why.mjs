import { answers, api, assert, button, chat_with, finished, text_of, until } from "../lib.mjs";

export const why = [
  [
    "tokens, time, and another token taken",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/");
      const id = await chat_with(page, { max_tokens: 40, temperature: 1, seed: 3 }, "Tell me about the sea.");
      await finished(page);
      const before = await text_of(page);
      const lines = await answers(page).last().locator(".prose").boundingBox();
      await page.getByRole("button", { name: /^Why this answer/ }).click();
      const panel = page.getByRole("complementary", { name: "Why this answer" });
      await panel.getByRole("list", { name: "Alternatives" }).waitFor();
      // Tinted where it stands: not one line is broken elsewhere.
      assert.equal(await text_of(page), before);
      const tinted = await page.evaluate(() =>
        ["d1", "d2", "d3", "d4"].reduce((sum, name) => sum + (CSS.highlights.get(name)?.size ?? 0), 0),
      );
      assert.ok(tinted > 0, "nothing is tinted");
      assert.ok(lines);
      await panel.getByText("Where the time went").waitFor();
      await button(panel, "Next doubtful token").click();
      const take = panel.getByRole("button", { name: /^Take .* instead$/ }).first();
      const tokens = (await api(page, "GET", `/api/chats/${id}`)).json.messages;
      assert.ok(tokens.length >= 2);
      await take.click();
      await page.getByText("2 / 2").waitFor();
      await finished(page);
      assert.notEqual(await text_of(page), before);
      await button(page, "Previous branch").last().click();
      await until("not back", () => text_of(page), (text) => text === before);
      assert.deepEqual(page.errors, []);
    },
  ],
  [
    "the texts of the tokens are the answer",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/");
      const id = await chat_with(page, { max_tokens: 40 }, "Say something with an emoji and 한국어.");
      await finished(page);
      const { messages } = (await api(page, "GET", `/api/chats/${id}`)).json;
      const answer = messages.find((one) => one.role === "assistant");
      const { tokens } = (await api(page, "GET", `/api/messages/${answer.id}/tokens`)).json;
      const text = tokens.filter((one) => one.part === "answer").map((one) => one.text).join("");
      assert.equal(text, answer.content);
      for (const token of tokens) if (token.p != null) assert.ok(token.p >= 0 && token.p <= 1.0001);
    },
  ],
  [
    "the same seed gives the same answer",
    async ({ owner, server }) => {
      if (server.stand_in) return;
      const page = await owner();
      await page.goto("/");
      await chat_with(page, { max_tokens: 30, temperature: 1 }, "Invent a word and explain it.");
      await finished(page);
      const first = await text_of(page);
      await page.getByRole("button", { name: /^Why this answer/ }).click();
      await button(page, "Repeat exactly").click();
      await page.getByText("2 / 2").waitFor();
      await finished(page);
      assert.equal(await text_of(page), first);
    },
  ],
];
