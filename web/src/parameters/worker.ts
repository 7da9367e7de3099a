/** Runs programs to their ends in virtual time, one after the other. */

import { simulate } from "weft";
import type { Trial, TrialProgram } from "./trials.ts";

/* Milliseconds after which a program counts as one that does not end. */
const budget = 500;

const scope = globalThis as unknown as {
    postMessage(message: Trial, transfer?: Transferable[]): void;
    onmessage: ((event: MessageEvent<TrialProgram>) => void) | null;
};

scope.onmessage = async ({ data }) => {
    const trial = await run(data).catch((error): Trial => ({ outcome: "failed", time: 0, status: 1, words: String(error), chunks: [] }));
    scope.postMessage(trial, trial.chunks.map(({ bytes }) => bytes.buffer));
};

async function run({ module, parameters, seed, decisions, injections, permuteReady, recorded }: TrialProgram): Promise<Trial> {
    const chunks: Trial["chunks"] = [];
    const program = await simulate({
        wasm: module,
        parameters,
        print: () => {},
        injections,
        permuteReady,
        ...(seed !== undefined && { seed }),
        ...(decisions.length > 0 && { decisions }),
        ...(recorded && { onEvent: (bytes: Uint8Array, base: number) => chunks.push({ bytes: new Uint8Array(bytes), base }) }),
    });
    const reached = program.advance({ budget });
    const time = program.now();
    const { end } = program;
    program.close();
    if (reached !== "done" || end === null) {
        return { outcome: "endless", time, status: null, words: reached === "waiting" ? "waits for the outside" : "does not end", chunks: [] };
    }
    const words = end.status === 0 ? "" : (end.error?.name ?? end.crash?.message ?? `exit status ${end.status}`);
    return { outcome: end.status === 0 ? "ended" : "failed", time, status: end.status, words, chunks };
}
