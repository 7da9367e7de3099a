/* Gathers what the page gives to take home: the library's sources for native builds, and the module that writes Chrome traces.
   node scripts/share.mjs [--wasm DIR] [--out DIR] */

import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { values: folders } = parseArgs({
    options: {
        wasm: { type: "string", default: join(root, "build/wasm/page") },
        out: { type: "string", default: fileURLToPath(new URL("../public/share", import.meta.url)) },
    },
});

/* What a project needs that has weft as a folder of its own. */
const wanted = ["CMakeLists.txt", "LICENSE", "cmake", "core", "native"];

async function filesOf(path) {
    const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined);
    if (entries === undefined) {
        return [path];
    }
    return (await Promise.all(entries.map(({ name }) => filesOf(join(path, name))))).flat();
}

const files = (await Promise.all(wanted.map((name) => filesOf(join(root, name))))).flat().sort();
const texts = await Promise.all(files.map(async (file) => [relative(root, file).replaceAll(sep, "/"), await readFile(file, "utf8")]));
await rm(folders.out, { recursive: true, force: true });
await mkdir(folders.out, { recursive: true });
await writeFile(join(folders.out, "weft.json"), JSON.stringify(Object.fromEntries(texts)));
try {
    await copyFile(join(folders.wasm, "trace.wasm"), join(folders.out, "trace.wasm"));
} catch (error) {
    throw new Error(`${folders.wasm}/trace.wasm is missing: build the preset wasm first (./weft build)`, { cause: error });
}
console.log(`${files.length} files of the library to take home`);
