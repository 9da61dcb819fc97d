import { ask, assert, answers, field, finished, text_of } from "../lib.mjs";

export const first_run = [
  [
    "the link signs in, the machine is shown, the starter answers at once",
    async ({ owner, server }) => {
      const page = await owner();
      await page.goto("/");
      await page.waitForURL(/\/start$/);
      assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), "What this machine can run");
      await page.getByRole("region", { name: "This machine" }).waitFor();
      const models = page.getByRole("region", { name: "Models" });
      await models.getByText("starter", { exact: true }).waitFor();
      await field(page).waitFor();
      await ask(page, "Say hello in one short sentence.");
      await page.waitForURL(/\/chat\/\w/);
      await page.getByRole("article", { name: /^You, / }).waitFor();
      await answers(page).first().waitFor();
      await finished(page);
      assert.ok((await text_of(page)).length > 2);
      await page.getByRole("navigation", { name: "Main" }).getByText("Say hello in one").waitFor();
      // The next start begins where the last one ended.
      await page.goto("/");
      await page.waitForURL(/\/chat\/\w/);
      assert.deepEqual(page.errors, []);
      void server;
    },
  ],
  [
    "nobody without a session sees a page or an answer of the server",
    async ({ browser, server }) => {
      if (server.stand_in) return;
      const context = await browser.newContext({ baseURL: server.origin, locale: "en-US" });
      const page = await context.newPage();
      await page.goto("/chat/new");
      await page.waitForURL(/\/signin/);
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      const answer = await context.request.get("/api/boot");
      assert.equal(answer.status(), 401);
      // A link works once.
      await page.goto(server.link);
      assert.ok(!(await context.cookies()).length);
    },
  ],
];
