// What the page's time machine and race finder stand on: instances that run main in virtual time, again and again.
// node bench/replay.mjs [--rounds N], after ./weft build. CPU time, as everywhere here; the least of the rounds comes last.
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { simulate } from "../wasm/weft.mjs";
import { cpu } from "./measure.mjs";

const { rounds } = parseArgs({ options: { rounds: { type: "string", default: "7" } } }).values;
const built = async (path) => WebAssembly.compile(await readFile(new URL(`../build/wasm/${path}.wasm`, import.meta.url)));
const print = () => {};

const ticking = await built("tests/wasm/simulated");
const example = await built("examples/semaphore");

async function steps(count) {
    const simulation = await simulate({ wasm: ticking, args: ["ticks"], print });
    simulation.advance({ toStep: count });
    simulation.close();
}

async function seeds(count) {
    for (let seed = 0; seed < count; seed++) {
        const simulation = await simulate({ wasm: example, seed, print });
        simulation.advance();
        simulation.close();
    }
}

const rows = { "7,000 steps again": () => steps(7000), "1,000 orders of semaphore": () => seeds(1000) };
for (const [name, measured] of Object.entries(rows)) {
    const milliseconds = [];
    await measured(); // V8 compiles what has been busy
    for (let round = 0; round < Number(rounds); round++) {
        const begin = cpu();
        await measured();
        milliseconds.push((cpu() - begin) / 1e6);
    }
    milliseconds.sort((a, b) => a - b);
    const median = milliseconds[milliseconds.length >> 1];
    console.log(`${name}: ${median.toFixed(1)} ms (${milliseconds[0].toFixed(1)})`);
}
