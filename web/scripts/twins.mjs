/* Records the examples' Python twins for the page: each NAME.py and, as NAME.python.log, what CPython's asyncio does with it.
   A recording is kept in the build folder until the twin, the recorder or CPython changes.
   node scripts/twins.mjs [--examples DIR] [--cache DIR] [--out DIR] */

import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadRecorder, recorderFiles } from "./recorder.mjs";

const fromHere = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: folders } = parseArgs({
    options: {
        examples: { type: "string", default: fromHere("../../examples") },
        cache: { type: "string", default: fromHere("../../build/twins") },
        out: { type: "string", default: fromHere("../public/examples") },
    },
});

/* All that a recording depends on besides the program. */
const { version } = createRequire(import.meta.url)("pyodide/package.json");
const surroundings = [version, await readFile(fromHere("recorder.mjs")), ...(await recorderFiles()).values()];

function stamp(source) {
    const hash = createHash("sha256");
    [...surroundings, source].forEach((part) => hash.update(part).update("\0"));
    return hash.digest("hex").slice(0, 16);
}

let recorder;

async function recorded(name, source) {
    const kept = join(folders.cache, `${name}.${stamp(source)}.log`);
    try {
        return await readFile(kept);
    } catch (error) {
        if (error.code !== "ENOENT") {
            throw error;
        }
    }
    recorder ??= await loadRecorder();
    const { log } = recorder(`${name}.py`, source.toString());
    await writeFile(kept, log);
    return log;
}

await mkdir(folders.cache, { recursive: true });
await mkdir(folders.out, { recursive: true });
const twins = (await readdir(folders.examples)).filter((file) => file.endsWith(".py"));
for (const file of twins) {
    const name = file.slice(0, -".py".length);
    const log = await recorded(name, await readFile(join(folders.examples, file)));
    await writeFile(join(folders.out, `${name}.python.log`), log);
    await copyFile(join(folders.examples, file), join(folders.out, file));
}
console.log(`${twins.length} Python twins, ${recorder ? "recorded" : "unchanged"}`);
