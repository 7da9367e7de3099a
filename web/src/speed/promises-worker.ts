/** Async functions and promises, as the benchmark under Node has them. */

import { call, gather, handOver, queue, sleepTogether, spawnAndJoin, switchAmong } from "../../../bench/workloads.mjs";
import { serveSubject } from "./protocol.ts";
import { sleepers, sleepSeconds } from "./workloads.ts";

serveSubject(async () => ({
    version: "promises and async functions",
    rows: {
        "switch-2": (switches) => switchAmong(2, switches),
        "call": call,
        "spawn-join": spawnAndJoin,
        "semaphore": handOver,
        "lock": handOver,
        "queue": queue,
        "gather-10000": gather,
        "sleep-10000": (times) => sleepTogether(times, sleepers, sleepSeconds),
    },
}));
