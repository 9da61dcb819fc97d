import { api, assert, button, chat_with, features, finished, until } from "../lib.mjs";

export const people = [
  [
    "two users cannot see each other's chats, by page or by id",
    async ({ owner, page_of, server }) => {
      if (server.stand_in) return;
      const page = await owner();
      await page.goto("/settings/people");
      const name = "Jiwoo";
      await page.getByRole("textbox", { name: "Name of the person" }).fill(name);
      await button(page, "Invite").click();
      const link = await page.locator(".secret code").innerText();
      const id = await chat_with(page, { max_tokens: 8 }, "A secret of the owner, zebrafinch.");
      await finished(page);
      const { messages } = (await api(page, "GET", `/api/chats/${id}`)).json;
      const answer = messages.at(-1);

      const guest = await page_of(link);
      await guest.goto("/");
      await until(
        "not the guest",
        async () => (await api(guest, "GET", "/api/boot")).json.user.name,
        (user) => user === name,
      );
      assert.deepEqual((await api(guest, "GET", "/api/chats")).json.chats, []);
      const nothing = await api(guest, "GET", "/api/chats/c_none");
      for (const [method, path, body] of [
        ["GET", `/api/chats/${id}`],
        ["PATCH", `/api/chats/${id}`, { title: "mine" }],
        ["DELETE", `/api/chats/${id}`],
        ["POST", `/api/chats/${id}/runs`, { kind: "send", parent: null, content: "x" }],
        ["GET", `/api/chats/${id}/export?format=json`],
        ["GET", `/api/messages/${answer.id}/tokens`],
        ["PUT", `/api/messages/${answer.id}/feedback`, { rating: 1 }],
      ]) {
        const tried = await api(guest, method, path, body);
        assert.equal(tried.status, 404, `${method} ${path}: ${tried.status}`);
        // The same words as for what does not exist, but for the request's own id.
        if (method === "GET" && path === `/api/chats/${id}`) {
          assert.equal(tried.json.message, nothing.json.message);
        }
      }
      const found = (await api(guest, "GET", "/api/search?q=zebrafinch")).json;
      assert.deepEqual(found.results, []);
      await guest.goto(`/chat/${id}`);
      await guest.getByText("This chat belongs to someone else, or does not exist.").waitFor();
      assert.equal((await api(guest, "GET", "/api/users")).status, 403);
      assert.equal((await api(page, "GET", `/api/chats/${id}`)).json.chat.title.startsWith("A secret"), true);
    },
  ],
  [
    "a key is shown once, works, and stops when revoked",
    async ({ owner, server, browser }) => {
      const page = await owner();
      await page.goto("/settings/keys");
      const form = page.getByRole("region", { name: "New key" });
      await form.getByRole("textbox", { name: "Name" }).fill("night-report");
      await button(form, "Create key").click();
      const secret = await page.locator(".secret code").innerText();
      await button(page, "Copy key").click();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret);
      const outside = await browser.newContext({ baseURL: server.origin });
      const use = () =>
        outside.request.get("/v1/models", { headers: { authorization: `Bearer ${secret}` } });
      if (!server.stand_in) assert.equal((await use()).status(), 200);
      await page.reload();
      const keys = page.getByRole("region", { name: "Keys", exact: true });
      await keys.getByText("night-report").waitFor();
      assert.ok(!(await page.content()).includes(secret));
      await button(page, "Revoke key night-report").click();
      const dialog = page.getByRole("dialog", { name: "Revoke key night-report" });
      await button(dialog, "Revoke key night-report").click();
      await keys.getByText("night-report").waitFor({ state: "detached" });
      if (!server.stand_in) assert.equal((await use()).status(), 401);
    },
  ],
  [
    "a session that is ended elsewhere is out at once",
    async ({ owner, page_of, server }) => {
      if (server.stand_in) return;
      const page = await owner();
      await page.goto("/settings/people");
      await page.getByRole("textbox", { name: "Name of the person" }).fill("Noor");
      await button(page, "Invite").click();
      const link = await page.locator(".secret code").innerText();
      const guest = await page_of(link);
      await guest.goto("/settings/people");
      await guest.getByRole("region", { name: "Sessions" }).getByText("this one").waitFor();
      await button(guest, "Sign out").click();
      await guest.waitForURL(/\/signin/);
      // Asked beside the page, which may be on its way to another address.
      const status = async () => (await guest.context().request.get("/api/boot")).status();
      assert.equal(await status(), 401);
      // The link is used up: it lets nobody in again.
      await guest.goto(link);
      assert.equal(await status(), 401);
      await button(page, "Delete Noor").click();
      await button(page.getByRole("dialog"), "Delete Noor").click();
      await button(page, "Delete Noor").waitFor({ state: "detached" });
    },
  ],
  [
    "a password lets its user in, and nothing else does",
    async ({ owner, server, browser, out }) => {
      if (server.stand_in) return;
      const password = "thirteen pumps";
      const page = await owner();
      await page.goto("/settings/people");
      const name = (await api(page, "GET", "/api/me")).json.name;
      // Of a first try that failed.
      await api(page, "PATCH", "/api/me", { password: null, current_password: password });
      await page.reload();
      const form = page.getByRole("form", { name: "Password" });
      await form.getByLabel("New password").fill(password);
      await button(form, "Set password").click();
      await form.getByLabel("Current password").waitFor();

      const context = await browser.newContext({ baseURL: server.origin, locale: "en-US" });
      const other = await context.newPage();
      const try_it = async (user, word) => {
        await other.getByRole("textbox", { name: "Name" }).fill(user);
        await other.getByRole("textbox", { name: "Password" }).fill(word);
        await button(other, "Sign in").click();
      };
      await other.goto("/");
      await other.waitForURL(/\/signin/);
      await other.screenshot({ path: `${out}/sign-in.png` });
      for (const [user, word] of [
        [name, "fourteen pumps"],
        ["nobody", password],
      ]) {
        await try_it(user, word);
        await other.getByRole("alert").getByText("Name or password is wrong.").waitFor();
        assert.equal((await context.request.get("/api/boot")).status(), 401);
      }
      await try_it(name, password);
      await other.waitForURL((url) => url.pathname !== "/signin");
      await other.goto("/settings/people");
      await button(other, "Sign out").click();
      await other.waitForURL(/\/signin/);
      await try_it(name, password);
      await other.waitForURL((url) => url.pathname !== "/signin");

      // Without the one that is set there is no other; a change ends the other session.
      await form.getByLabel("Current password").fill("fourteen pumps");
      await form.getByLabel("New password").fill("fifteen pumps");
      await button(form, "Set password").click();
      await form.getByRole("alert").getByText("The current password is wrong.").waitFor();
      await page.screenshot({ path: `${out}/password.png` });
      await form.getByLabel("Current password").fill(password);
      await button(form, "Remove password").click();
      await form.getByLabel("Current password").waitFor({ state: "detached" });
      await other.waitForURL(/\/signin/);
      await try_it(name, password);
      await other.getByRole("alert").getByText("Name or password is wrong.").waitFor();
      assert.deepEqual(page.errors, []);
    },
  ],
  [
    "every part that is announced is there, and no other",
    async ({ owner }) => {
      const page = await owner();
      await page.goto("/");
      const has = await features(page);
      const parts = {
        keys: "/api/keys",
        sessions: "/api/sessions",
        users: "/api/users",
        prompts: "/api/prompts",
        machine: "/api/machine",
        models: "/api/models",
        search: "/api/search?q=x",
        settings: "/api/settings",
      };
      for (const [feature, path] of Object.entries(parts)) {
        const { status } = await api(page, "GET", path);
        assert.equal(status === 200, has.includes(feature), `${feature}: ${status}`);
      }
    },
  ],
];
