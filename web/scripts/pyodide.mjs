/* Puts CPython as WebAssembly beside the page, which loads it only when asked to: the files that it needs, and what they weigh.
   The largest is packed, since not every host compresses what it serves. */

import { copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const from = dirname(createRequire(import.meta.url).resolve("pyodide/package.json"));
const out = fileURLToPath(new URL("../public/pyodide", import.meta.url));
const files = ["pyodide.mjs", "pyodide.asm.mjs", "python_stdlib.zip", "pyodide-lock.json"];
const packed = "pyodide.asm.wasm";
const { version } = JSON.parse(await readFile(join(from, "package.json"), "utf8"));

async function sizes() {
    const names = [...files, `${packed}.packed`];
    return Object.fromEntries(await Promise.all(names.map(async (name) => [name, (await stat(join(out, name))).size])));
}

async function isThere() {
    try {
        return JSON.parse(await readFile(join(out, "files.json"), "utf8")).version === version && (await sizes()) !== undefined;
    } catch {
        return false;
    }
}

if (!(await isThere())) {
    await mkdir(out, { recursive: true });
    await Promise.all(files.map((file) => copyFile(join(from, file), join(out, file))));
    await writeFile(join(out, `${packed}.packed`), gzipSync(await readFile(join(from, packed)), { level: 9 }));
    await writeFile(join(out, "files.json"), `${JSON.stringify({ version, sizes: await sizes() })}\n`);
}
