/** Runs programs to their ends in virtual time, one after the other. */

import { simulate } from "weft";
import type { External, Simulation } from "weft";
import { fetchOnce, NoWebSocket } from "../network.ts";
import { optionsOf } from "../subject.ts";
import type { Trial, TrialProgram } from "./trials.ts";

/* Milliseconds of its own after which a program counts as one that does not end, and of which it may wait for servers. */
const budget = 500;
const patience = 1200;

const scope = globalThis as unknown as {
    postMessage(message: Trial, transfer?: Transferable[]): void;
    onmessage: ((event: MessageEvent<TrialProgram>) => void) | null;
};

scope.onmessage = async ({ data }) => {
    const trial = await run(data).catch((error): Trial => ({ outcome: "failed", time: 0, status: 1, words: String(error), chunks: [], external: [] }));
    scope.postMessage(trial, trial.chunks.map(({ bytes }) => bytes.buffer));
};

async function run({ module, base, recorded, ...choices }: TrialProgram): Promise<Trial> {
    const chunks: Trial["chunks"] = [];
    const external: External[] = [];
    const program = await simulate({
        wasm: module,
        ...optionsOf(choices),
        base,
        fetch: fetchOnce as typeof fetch,
        WebSocket: NoWebSocket,
        print: () => {},
        onExternal: (each) => external.push(each),
        ...(recorded && { onEvent: (bytes: Uint8Array, base: number) => chunks.push({ bytes: new Uint8Array(bytes), base }) }),
    });
    const reached = await toItsEnd(program);
    const time = program.now();
    const { end } = program;
    program.close();
    if (reached !== "done" || end === null) {
        return { outcome: "endless", time, status: null, words: reached === "waiting" ? "waits for the outside" : "does not end", chunks: [], external: [] };
    }
    const words = end.status === 0 ? "" : (end.error?.name ?? end.crash?.message ?? `exit status ${end.status}`);
    return { outcome: end.status === 0 ? "ended" : "failed", time, status: end.status, words, chunks, external };
}

/** How far it comes, if servers answer in time. */
async function toItsEnd(program: Simulation): Promise<ReturnType<Simulation["advance"]>> {
    const until = performance.now() + patience;
    let reached = program.advance({ budget });
    for (let left = patience; reached === "waiting" && left > 0; left = until - performance.now()) {
        await Promise.race([program.arrival(), new Promise((resolve) => setTimeout(resolve, left))]);
        reached = program.advance({ budget });
    }
    return reached;
}
