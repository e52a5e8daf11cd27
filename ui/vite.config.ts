import { defineConfig } from "vitest/config";
import { generatedFleet } from "./dev/plugin.ts";

// One script and one style sheet under names that stay: the server's shell names them, and sends an ETag with them.
export default defineConfig({
  plugins: [generatedFleet()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../plugins/sensor_scoring/ui/static",
    emptyOutDir: true,
    target: "es2023",
    modulePreload: false,
    rolldownOptions: {
      input: "src/main.tsx",
      output: {
        entryFileNames: "fleet.js",
        assetFileNames: "fleet.[ext]",
        codeSplitting: false,
      },
    },
  },
  test: { include: ["test/**/*.test.{ts,tsx}"] },
});
