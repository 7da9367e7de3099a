/* What the page's compiler says of the structures of each example's coroutines, so that their variables are shown before it is
   loaded: NAME.layouts.json beside each example, named in index.json. What has not changed is not asked again.
   node scripts/layouts.mjs [--examples DIR] [--compiler DIR] [--cache DIR], after examples.mjs and compiler.mjs */

import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runnerImport } from "vite";
import { serve } from "../serve.mjs";

const fromHere = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: folders } = parseArgs({
    options: {
        examples: { type: "string", default: fromHere("../public/examples") },
        compiler: { type: "string", default: fromHere("../public/compiler") },
        cache: { type: "string", default: fromHere("../../build/compiler") },
    },
});

const typeScript = async (name) => (await runnerImport(fromHere(`../src/compiler/${name}`), { configFile: false })).module;

/** The compiler as the page has it, without its worker; loaded when something has to be asked. */
let toolchain;
async function load() {
    const [{ Download }, { loadLlvm }, { Toolchain }] = await Promise.all(["download.ts", "llvm.ts", "toolchain.ts"].map(typeScript));
    const { server, address } = await serve(folders.compiler, 0);
    const download = await Download.start(address, { get: fetch, keepOnly: async () => {} }, () => {});
    const llvm = await loadLlvm(download, (script) => import(join(folders.compiler, new URL(script).pathname)));
    server.closeAllConnections();
    server.close();
    return new Toolchain(llvm);
}

/** The records that a shape leads to. */
function leadsTo(shape) {
    switch (shape.kind) {
        case "record":
            return [shape.name];
        case "pointer":
            return shape.target === undefined ? [] : [shape.target];
        case "array":
            return leadsTo(shape.element);
        default:
            return [];
    }
}

/** The coroutines' structures, and all that they lead to. */
function needed(layouts) {
    const isCoroutine = ({ members }) => members[0]?.type.endsWith("weft_frame");
    const names = new Set(Object.values(layouts).filter(isCoroutine).map(({ name }) => name));
    for (const name of names) {
        const inside = (layouts[name]?.members ?? []).filter(({ type }) => !type.endsWith("weft_frame"));
        inside.flatMap(({ shape }) => leadsTo(shape)).filter((each) => each in layouts).forEach((each) => names.add(each));
    }
    return Object.fromEntries([...names].map((name) => [name, layouts[name]]));
}

/* The compiler's files carry hashes in their names: of clang, and of weft's headers. */
const compilerFiles = (await readdir(folders.compiler)).sort().join(" ");
const reader = await readFile(fromHere("../src/compiler/layouts.ts"));

async function layoutsOf(file, source) {
    const hash = createHash("sha256").update(compilerFiles).update(reader).update(source).digest("hex").slice(0, 16);
    const kept = join(folders.cache, `${hash}-layouts.json`);
    const known = await readFile(kept, "utf8").catch(() => undefined);
    if (known !== undefined) {
        return known;
    }
    toolchain ??= await load();
    const text = JSON.stringify(needed(toolchain.layouts(file, source)));
    await mkdir(folders.cache, { recursive: true });
    await writeFile(kept, text);
    return text;
}

const index = join(folders.examples, "index.json");
const groups = JSON.parse(await readFile(index, "utf8"));
let size = 0;
for (const example of groups.flatMap(({ examples }) => examples)) {
    const text = await layoutsOf(example.source, await readFile(join(folders.examples, example.source), "utf8"));
    example.layouts = `${example.name}.layouts.json`;
    await writeFile(join(folders.examples, example.layouts), text);
    size += text.length;
}
await writeFile(index, `${JSON.stringify(groups, null, 4)}\n`);
console.log(`the structures of the examples: ${Math.ceil(size / 1024)} KiB`);
