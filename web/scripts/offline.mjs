/* Writes the built page's service worker, which knows every file by its hash. Comes after all else that writes there.
   node scripts/offline.mjs [--directory DIR] */

import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const fromHere = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({ options: { directory: { type: "string", default: fromHere("../dist") } } });

/* Kept once they were used, or when the person asks for everything: the compiler, Python, what is taken home. */
const later = [/^compiler\//, /^pyodide\//, /^share\//, /^replay\.html$/];
/* Not the page's own: what this writes, and what only servers read. */
const left = [/^service-worker\.js$/, /^offline\.json$/, /(^|\/)\./, /\.map$/];
const largestFromTheStart = 1_000_000;

async function filesBelow(folder) {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)).replaceAll("\\", "/"));
}

async function describe(path) {
    const content = await readFile(join(values.directory, path));
    return {
        integrity: `sha256-${createHash("sha256").update(content).digest("base64")}`,
        size: content.length,
        later: content.length > largestFromTheStart || later.some((pattern) => pattern.test(path)),
    };
}

const paths = (await filesBelow(values.directory)).filter((path) => !left.some((pattern) => pattern.test(path))).sort();
const described = await Promise.all(paths.map(async (path) => [path === "index.html" ? "" : path, await describe(path)]));
const files = Object.fromEntries(described);
const worker = await readFile(fromHere("../src/offline/service-worker.js"), "utf8");
await writeFile(join(values.directory, "service-worker.js"), `const files = ${JSON.stringify(files)};\n${worker}`);
const sizeOf = (list) => list.reduce((sum, { size }) => sum + size, 0);
const sizes = { page: sizeOf(Object.values(files).filter((file) => !file.later)), all: sizeOf(Object.values(files)) };
await writeFile(join(values.directory, "offline.json"), `${JSON.stringify(sizes)}\n`);
console.log(`${paths.length} files for offline use, ${Math.round(sizes.page / 1000)} KB from the start`);
