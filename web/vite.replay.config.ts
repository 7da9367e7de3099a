/** Builds the page of replays as one file without addresses, into which the playground puts a recording. */

import { defineConfig } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";
import { partials } from "./partials.ts";

export default defineConfig({
    base: "./",
    publicDir: false,
    plugins: [partials, viteSingleFile()],
    /* It runs nothing, so no worker is needed, which could not be in the one file. */
    resolve: { alias: [{ find: /^\.\/runner\.ts$/, replacement: new URL("src/share/no-runner.ts", import.meta.url).pathname }] },
    build: { target: "es2022", emptyOutDir: false, modulePreload: { polyfill: false }, rollupOptions: { input: "replay.html" } },
});
