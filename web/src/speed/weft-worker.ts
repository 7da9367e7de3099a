/** weft: the benchmark's own C, as WebAssembly. */

import { loadWeft } from "weft";
import { serveSubject } from "./protocol.ts";
import { sleepers, sleepSeconds } from "./workloads.ts";

serveSubject(async (base) => {
    const load = async (file: string) => loadWeft({ wasm: await fetch(new URL(`speed/${file}`, base)) });
    const [bench, naps] = await Promise.all([load("bench_weft.wasm"), load("speed_sleepers.wasm")]);
    return {
        version: "weft, C as WebAssembly",
        rows: {
            "switch-2": (switches) => bench.run("switch_among", { tasks: 2, switches }),
            "call": (calls) => bench.run("caller", { calls }),
            "spawn-join": (spawns) => bench.run("spawner", { spawns }),
            "semaphore": (handovers) => bench.run("hand_over", { handovers }),
            "lock": (handovers) => bench.run("hand_lock_over", { handovers }),
            "queue": (items) => bench.run("pass_items", { items }),
            "gather-10000": (gathers) => bench.run("gatherer", { gathers }),
            "sleep-10000": (times) => naps.run("nap_together", { times, tasks: sleepers, seconds: sleepSeconds }),
        },
    };
});
