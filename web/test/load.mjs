// TypeScript modules of the page for node: bundled into a file of their own, as the page is.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { build } from "esbuild";

export async function load(path) {
  const outfile = join(mkdtempSync(join(tmpdir(), "bise-web-")), "module.mjs");
  const entry = new URL(`../src/${path}`, import.meta.url).pathname;
  await build({ entryPoints: [entry], bundle: true, format: "esm", platform: "node", outfile });
  return import(outfile);
}
