import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const kStartMs = 60_000;

function free_port() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

// The program on a data folder of its own.
export class Server {
  constructor(program, model) {
    this.program = program;
    this.model = model;
    this.home = mkdtempSync(join(tmpdir(), "bise-page-"));
    this.link = "";
    this.log = "";
  }

  async start() {
    this.port ??= await free_port();
    this.origin = `http://127.0.0.1:${this.port}`;
    this.child = spawn(
      this.program,
      ["serve", this.model, "--port", String(this.port), "--context", "4096"],
      { env: { ...process.env, BISE_HOME: this.home }, stdio: ["ignore", "pipe", "pipe"] },
    );
    this.ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.stderr.on("data", (data) => (this.log += data));
    const link = await new Promise((resolve, reject) => {
      let text = "";
      const late = setTimeout(() => reject(new Error(`no link:\n${text}${this.log}`)), kStartMs);
      this.child.stdout.on("data", (data) => {
        text += data;
        const line = text.split("\n").find((one) => /^http\S+\s*$/.test(one));
        if (!line) return;
        clearTimeout(late);
        resolve(line.trim());
      });
      this.child.once("exit", (code) => reject(new Error(`ended with ${code}:\n${this.log}`)));
    });
    // The first one is what the owner's pages are signed in with; it lives on in their cookie.
    this.link ||= link;
    for (let tries = 0; tries < 600; tries++) {
      const answer = await fetch(`${this.origin}/health`).catch(() => null);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`not ready:\n${this.log}`);
  }

  async kill() {
    this.child.kill("SIGKILL");
    await this.ended;
  }

  async stop() {
    this.child.kill("SIGTERM");
    await this.ended;
    rmSync(this.home, { recursive: true, force: true });
  }
}

// A server that somebody else started.
export class Stand {
  constructor(url) {
    this.origin = url.replace(/\/$/, "");
    this.link = `${this.origin}/`;
    this.stand_in = true;
  }
  async start() {}
  async stop() {}
}
