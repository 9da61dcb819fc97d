import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

// What the frame for diagrams loads, as plain scripts: a frame without an origin gets no modules.
const diagrams: Plugin = {
  name: "diagrams",
  generateBundle() {
    const emit = (name: string, path: string) => {
      const source = readFileSync(path, "utf8");
      const hash = createHash("sha256").update(source).digest("hex").slice(0, 8);
      const fileName = `assets/${name}-${hash}.js`;
      this.emitFile({ type: "asset", fileName, source });
      return `/${fileName}`;
    };
    const page = readFileSync("diagram/page.html", "utf8")
      .replace("MERMAID", emit("mermaid", "node_modules/@mermaid-js/tiny/dist/mermaid.tiny.js"))
      .replace("DRAW", emit("draw", "diagram/draw.js"));
    this.emitFile({ type: "asset", fileName: "diagram.html", source: page });
  },
};

export default defineConfig({
  plugins: [svelte(), diagrams],
  build: {
    target: "es2022",
    // Nothing may be written into the page itself: the policy allows files only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: { index: "index.html" } },
  },
  worker: { format: "es" },
  server: { proxy: { "/api": "http://127.0.0.1:5199", "/v1": "http://127.0.0.1:5199" } },
});
