// One build for the desks of today and of 2012: Chromium 109 is the last that runs on Windows 7.
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [vue()],
  build: {
    target: ["chrome109", "safari15"],
    cssTarget: "chrome109",
    outDir: "../../services/shouwang/console",
    emptyOutDir: true,
    assetsInlineLimit: 0, // the content security policy lets nothing inline run
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    manifest: "manifest.json",
  },
  server: { proxy: { "/api": "http://127.0.0.1:8000", "/health": "http://127.0.0.1:8000" } },
  test: { include: ["test/**/*.test.ts"], environment: "node" },
});
