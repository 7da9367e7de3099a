/** asyncio, as the benchmark has it, on the event loop that CPython has as WebAssembly: the page's own. */

import rowsOfBench from "../../../bench/asyncio_rows.py?raw";
import { loadPython } from "../twin/pyodide.ts";
import { serveSubject } from "./protocol.ts";
import type { Rows } from "./protocol.ts";
import { sleepers, sleepSeconds } from "./workloads.ts";

/* What of the benchmark's module says how much a row does, and what runs it. */
const amounts: Record<string, [constant: string, run: string]> = {
    "switch-2": ["SWITCHES", "switch_among(2)"],
    "call": ["CALLS", "call()"],
    "spawn-join": ["SPAWNS", "spawn_join()"],
    "semaphore": ["HANDOVERS", "semaphore_row()"],
    "lock": ["HANDOVERS", "lock_row()"],
    "queue": ["QUEUED", "queue_row()"],
};

serveSubject(async (base, onProgress) => {
    const python = await loadPython(base, onProgress);
    python.FS.writeFile("/home/pyodide/asyncio_rows.py", rowsOfBench);
    python.runPython("import asyncio_rows as bench");
    const run = (code: string) => python.runPythonAsync(code) as Promise<unknown>;
    const rows: Rows = {
        "gather-10000": (times) => run(`for _ in range(${times}): await bench.gather()`),
        "sleep-10000": (times) => run(`await bench.sleep_together(${times}, ${sleepers}, ${sleepSeconds})`),
    };
    for (const [row, [constant, call]] of Object.entries(amounts)) {
        rows[row] = (amount) => run(`bench.${constant} = ${amount}\nawait bench.${call}`);
    }
    return { version: `CPython ${python.runPython("import sys; sys.version.split()[0]") as string}`, rows };
});
