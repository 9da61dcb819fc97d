import {
  answers,
  api,
  ask,
  assert,
  button,
  chat_with,
  end_it,
  field,
  finished,
  shifts,
  text_of,
  until,
  watch_shifts,
} from "../lib.mjs";

const kShort = { max_tokens: 24, temperature: 1, seed: 5 };

export const chat = [
  [
    "regenerate and edit make branches, and the switch walks between them",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/");
      await chat_with(page, { max_tokens: 24, temperature: 1 }, "Name a colour.");
      await finished(page);
      const first = await text_of(page);
      await button(page, "Regenerate").last().click();
      await page.getByText("2 / 2").waitFor();
      await finished(page);
      await button(page, "Previous branch").last().click();
      await page.getByText("1 / 2").waitFor();
      assert.equal(await text_of(page), first);
      await button(page, "Edit question").click();
      await page.getByRole("textbox", { name: "Edit question" }).fill("Name a bird.");
      await button(page, "Save").click();
      await page.getByRole("article", { name: /^You/ }).getByText("Name a bird.").waitFor();
      await finished(page);
      await button(page, "Previous branch").first().click();
      await page.getByRole("article", { name: /^You/ }).getByText("Name a colour.").waitFor();
      // The choice is the server's: another page shows the same branch.
      await page.reload();
      await page.getByRole("article", { name: /^You/ }).getByText("Name a colour.").waitFor();
      assert.deepEqual(page.errors, []);
    },
  ],
  [
    "an answer that was edited stands beside the one it came from",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/");
      await chat_with(page, kShort, "Name a town.");
      await finished(page);
      await button(page, "Edit answer").click();
      await page.getByRole("textbox", { name: "Edit answer" }).fill("Bise is a **wind**.");
      await button(page, "Save").click();
      await answers(page).last().locator("strong", { hasText: "wind" }).waitFor();
      await page.getByText("2 / 2").waitFor();
    },
  ],
  [
    "stop, and go on from there",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/");
      await chat_with(page, { max_tokens: 1500, temperature: 0 }, "Write a very long story about a mountain, in many chapters.");
      await until("no text", () => text_of(page).catch(() => ""), (text) => text.length > 20);
      await button(page, "Stop").click();
      await button(page, "Go on").waitFor();
      const stopped = await text_of(page);
      await button(page, "Go on").click();
      await until("does not go on", () => text_of(page), (text) => text.length > stopped.length + 20);
      assert.ok((await text_of(page)).startsWith(stopped.slice(0, 20)));
      await end_it(page);
    },
  ],
  [
    "what is sent while an answer runs waits for its end",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/");
      await chat_with(page, { max_tokens: 200, temperature: 1 }, "Write a story.");
      await until("no text", () => text_of(page).catch(() => ""), (text) => text.length > 10);
      await field(page).fill("And now in one word.");
      await page.keyboard.press("Enter");
      await page.getByText("And now in one word.").waitFor();
      await until("not sent", () => page.getByRole("article", { name: /^You/ }).count(), (n) => n === 2);
      await finished(page);
    },
  ],
  [
    "rename, pin, archive, delete and undo",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/");
      await chat_with(page, kShort, "Name a river.");
      await finished(page);
      const nav = page.getByRole("navigation", { name: "Main" });
      const option = async (name) => {
        await button(page, "Chat options").click();
        await page.getByRole("menuitem", { name, exact: true }).click();
      };
      await option("Rename");
      await page.getByRole("textbox", { name: "Title" }).fill("Of rivers");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: "Of rivers" }).waitFor();
      await nav.getByText("Of rivers").waitFor();
      await option("Pin");
      await nav.getByRole("heading", { name: "Pinned" }).waitFor();
      await option("Delete chat");
      await nav.getByText("Of rivers").waitFor({ state: "detached" });
      await button(page, "Undo").click();
      await nav.getByText("Of rivers").click();
      await answers(page).first().waitFor();
      await option("Archive");
      await nav.getByText("Of rivers").waitFor({ state: "detached" });
      await page.goto("/settings/storage");
      await page.getByRole("region", { name: "Archived chats" }).getByText("Of rivers").waitFor();
      await button(page, "Take out of the archive").first().click();
      await nav.getByText("Of rivers").waitFor();
      assert.deepEqual(page.errors, []);
    },
  ],
  [
    "search finds words of questions and titles",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/");
      await chat_with(page, kShort, "What is a zanzibarium?");
      await finished(page);
      await page.getByRole("button", { name: /^Search chats/ }).click();
      await page.getByRole("searchbox", { name: "Search" }).fill("zanzibarium");
      await page.locator(".found mark", { hasText: "zanzibarium" }).first().waitFor();
      await page.locator(".found a").first().click();
      await page.getByRole("article", { name: /^You/ }).getByText("zanzibarium").waitFor();
    },
  ],
  [
    "system prompt and sampling belong to the chat",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/");
      const id = await chat_with(page, kShort, "Who are you?");
      await finished(page);
      await button(page, "Chat options").click();
      await page.getByRole("menuitem", { name: "System prompt and sampling" }).click();
      await page.getByRole("textbox", { name: /^System prompt/ }).fill("You are a lighthouse.");
      await page.getByRole("spinbutton", { name: /^Temperature/ }).fill("0.7");
      await button(page, "Save").click();
      const chat = await until(
        "not kept",
        async () => (await api(page, "GET", `/api/chats/${id}`)).json.chat,
        (one) => one.system_prompt === "You are a lighthouse.",
      );
      assert.equal(chat.sampling.temperature, 0.7);
      assert.equal(chat.sampling.max_tokens, 24);
    },
  ],
  [
    "feedback is kept and exported",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/");
      await chat_with(page, kShort, "Name a metal.");
      await finished(page);
      await button(page, "Poor answer").click();
      await button(page, "wrong").click();
      await button(page, "Write it as it should be").click();
      await page.getByRole("textbox", { name: "As it should be" }).fill("Iron.");
      await button(page, "Save").click();
      await until(
        "not exported",
        async () => (await api(page, "GET", "/api/feedback/export")).text,
        (text) => text.includes("Iron."),
      );
      await page.reload();
      await until(
        "not pressed",
        () => button(page, "Poor answer").getAttribute("aria-pressed"),
        (pressed) => pressed === "true",
      );
    },
  ],
  [
    "a chat goes out as a file and comes back as another",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/");
      const id = await chat_with(page, kShort, "Name a tree, for the export.");
      await finished(page);
      await button(page, "Chat options").click();
      const [file] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("menuitem", { name: "Export as JSON" }).click(),
      ]);
      const path = await file.path();
      const before = (await api(page, "GET", `/api/chats/${id}`)).json;
      await page.goto("/settings/storage");
      await page.locator("input[type=file]").setInputFiles(path);
      await page.getByText("1 chat imported").waitFor();
      const { chats } = (await api(page, "GET", "/api/chats")).json;
      const other = chats.find((one) => one.id !== id && one.title === before.chat.title);
      const after = (await api(page, "GET", `/api/chats/${other.id}`)).json;
      const said = (chat) => chat.messages.map((one) => [one.role, one.content]);
      assert.deepEqual(said(after), said(before));
      const text = (await api(page, "GET", `/api/chats/${id}/export?format=markdown`)).text;
      assert.ok(text.includes("Name a tree, for the export."));
    },
  ],
  [
    "a temporary chat stands in no list",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/chat/new");
      await button(page, "Chat options").click();
      await page.getByRole("menuitemcheckbox", { name: "Temporary chat" }).click();
      await ask(page, "This is between us, quokkasaurus.");
      await page.waitForURL(/\/chat\/(?!new)/);
      await until("no text", () => text_of(page).catch(() => ""), (text) => text.length > 0);
      await button(page, "Stop").click({ timeout: 2000 }).catch(() => {});
      await finished(page);
      const { chats } = (await api(page, "GET", "/api/chats")).json;
      assert.ok(!chats.some((one) => one.title.includes("quokkasaurus")));
      const { results } = (await api(page, "GET", "/api/search?q=quokkasaurus")).json;
      assert.deepEqual(results, []);
    },
  ],
  [
    "a model is unloaded, and comes back with the next question",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/settings/models");
      const models = page.getByRole("region", { name: "Models" });
      await button(models, "Unload").first().click();
      await models.getByText("Not loaded").first().waitFor();
      await page.goto("/");
      await chat_with(page, kShort, "Are you there?");
      await finished(page);
      assert.ok((await text_of(page)).length > 0);
      await page.goto("/settings/models");
      await models.getByText("Ready").first().waitFor();
    },
  ],
  [
    "a stream shifts nothing, and the first chat is light",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/");
      let bytes = 0;
      const session = await page.context().newCDPSession(page);
      await session.send("Network.enable");
      session.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
      await session.send("Network.setCacheDisabled", { cacheDisabled: true });
      const chat = (await api(page, "POST", "/api/chats", { sampling: { max_tokens: 300 } })).json;
      await page.goto(`/chat/${chat.id}`, { waitUntil: "load" });
      const loaded = bytes;
      console.log(`      ${Math.round(loaded / 1000)} kB up to the load event of the chat`);
      assert.ok(loaded < 250_000, `${loaded} bytes`);
      await watch_shifts(page);
      await ask(page, "Explain in several paragraphs how rain forms.");
      await finished(page);
      assert.deepEqual(await shifts(page), []);
    },
  ],
];
