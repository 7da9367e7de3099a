/* Puts CPython as WebAssembly beside the page, which loads it only when asked to: the files that it needs, and their size. */

import { copyFile, mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const from = dirname(createRequire(import.meta.url).resolve("pyodide/package.json"));
const out = fileURLToPath(new URL("../public/pyodide", import.meta.url));
const files = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"];

await mkdir(out, { recursive: true });
const sizes = {};
for (const file of files) {
    await copyFile(join(from, file), join(out, file));
    sizes[file] = (await stat(join(out, file))).size;
}
await writeFile(join(out, "files.json"), `${JSON.stringify(sizes)}\n`);
