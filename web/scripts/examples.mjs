/* Gathers what the page runs: the examples' C and modules, and the manifest that names them, group by group.
   node scripts/examples.mjs [--examples DIR] [--wasm DIR] [--out DIR] */

import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const fromHere = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: folders } = parseArgs({
    options: {
        examples: { type: "string", default: fromHere("../../examples") },
        wasm: { type: "string", default: fromHere("../../build/wasm/examples") },
        out: { type: "string", default: fromHere("../public/examples") },
    },
});

const required = ["name", "title", "look"];

function checked(example) {
    for (const key of required) {
        if (!(key in example)) {
            throw new Error(`examples.json: ${example.name ?? "an example"} has no ${key}`);
        }
    }
    return example;
}

async function copy(from, to, hint) {
    try {
        await copyFile(from, to);
    } catch (error) {
        throw new Error(`${from} is missing: ${hint}`, { cause: error });
    }
}

/* Copies the files of an example; gives its entry in the manifest. */
async function gather({ folder = "", ...example }) {
    const [source, wasm] = [`${example.name}.c`, `${example.name}.wasm`];
    await copy(join(folders.examples, folder, source), join(folders.out, source), "examples.json names it");
    await copy(join(folders.wasm, wasm), join(folders.out, wasm), "build the preset wasm first (./weft build)");
    return { ...checked(example), source, wasm, ...(folder !== "" && { twin: false }) };
}

const groups = JSON.parse(await readFile(join(folders.examples, "examples.json"), "utf8"));
await rm(folders.out, { recursive: true, force: true });
await mkdir(folders.out, { recursive: true });
const manifest = [];
for (const { title, examples } of groups) {
    manifest.push({ title, examples: await Promise.all(examples.map(gather)) });
}
await writeFile(join(folders.out, "index.json"), `${JSON.stringify(manifest, null, 4)}\n`);
console.log(`${manifest.flatMap(({ examples }) => examples).length} examples for the page`);
