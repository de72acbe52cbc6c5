import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const SERVER = process.env.OCEANUS_SERVER ?? "http://127.0.0.1:8180";

export default defineConfig({
  plugins: [react()],
  build: {
    // With an older target Vite's CSS step drops `light-dark()` colours.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // The binary's content policy allows no inline data.
    assetsInlineLimit: 0,
    // The largest page (editor and grid) is known; a new one past this is worth a look.
    chunkSizeWarningLimit: 600,
  },
  server: {
    host: "127.0.0.1",
    port: 5180,
    proxy: { "/api": { target: SERVER, changeOrigin: true } },
  },
  test: { environment: "node", include: ["src/**/*.test.ts", "mock/*.test.mjs"] },
});
