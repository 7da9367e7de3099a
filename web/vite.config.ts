import { defineConfig } from "vite";
import type { Plugin } from "vite";
import { partials } from "./partials.ts";

const here = (path: string) => new URL(path, import.meta.url).pathname;

/** Names the fonts in the page's head, so that they are there for its first paint. */
const preloadFonts: Plugin = {
    name: "preload-fonts",
    transformIndexHtml: {
        order: "post",
        handler: (_, { bundle }) =>
            Object.keys(bundle ?? {})
                .filter((file) => file.endsWith(".woff2"))
                .map((file) => ({
                    tag: "link",
                    attrs: { rel: "preload", href: `./${file}`, as: "font", type: "font/woff2", crossorigin: "" },
                    injectTo: "head-prepend",
                })),
    },
};

export default defineConfig({
    /* Relative addresses: the page works below any path of any static host. */
    base: "./",
    plugins: [partials, preloadFonts],
    resolve: { alias: { "weft/explore": here("../wasm/explore.mjs"), weft: here("../wasm/weft.mjs") } },
    server: { host: "127.0.0.1", fs: { allow: [here("..")] } },
    worker: { format: "es" },
    build: {
        target: "es2022",
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        rolldownOptions: { input: [here("index.html"), here("speed.html")] },
    },
});
