// weft as WebAssembly under Node: runs the module made of weft.c, and reads the CPU clock when it says so.
import { readFile } from "node:fs/promises";
import { loadWeft } from "../wasm/weft.mjs";
import { cpu, line } from "./measure.mjs";

const address = new URL("../build/wasm/bench/bench_weft.wasm", import.meta.url);
let began = 0;

// The module flushes every line, so each arrives by itself: "begin", "end ROW OPERATIONS", or a result.
function print(text, stream) {
    const now = cpu();
    const [word, row, operations] = text.trim().split(" ");
    if (stream === "stderr") process.stderr.write(text);
    else if (word === "begin") began = now;
    else if (word === "end") console.log(line(row, "weft wasm", "ns", (now - began) / Number(operations)));
    else process.stdout.write(text);
}

const weft = await loadWeft({ wasm: await readFile(address), print });
process.exitCode = await weft.main(process.argv.slice(2));
