import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [svelte()],
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
