/** One run of a program in virtual time, from its beginning to its end, whatever that is. */

import { simulate } from "weft";
import type { Simulation } from "weft";
import { endingOf } from "weft/explore";
import type { Ending } from "weft/explore";
import { answersAsked, fetchOnce, NoWebSocket } from "../network.ts";
import type { Chunk } from "../recording.ts";
import type { Injection } from "../subject.ts";

/** What all runs have in common. */
export interface Program {
    module: WebAssembly.Module;
    parameters: Readonly<Record<string, number>>;
    permuteReady: boolean;
    /** What its relative addresses are relative to. */
    base: string;
    /** Two runs that print something else may end alike. */
    ignoreOutput: boolean;
}

/** What tells one run from another. */
export interface Inputs {
    seed?: number;
    decisions?: readonly number[];
    injections?: readonly Injection[];
}

export interface Ran extends Ending {
    /** What was chosen, in order. */
    decisions: number[];
    /** The event log. */
    chunks: Chunk[];
    /** The time at which it ended. */
    time: number;
    stderr: string;
    /** How many blocks of memory it has left; null if nobody counts them. */
    blocks: number | null;
}

/* A run that takes longer, or writes or logs more than this, never ends, as far as anybody here will wait. */
const limits = { milliseconds: 2000, output: 1 << 20, log: 32 << 20 };

/* A run that had to wait for servers is made again, with what they have answered: then it goes as it will go the next time. */
const mostTries = 4;

export async function run(program: Program, inputs: Inputs): Promise<Ran> {
    for (let tries = 1; ; tries++) {
        const asked = answersAsked();
        const ran = await runOnce(program, inputs);
        if (answersAsked() === asked || tries === mostTries) {
            return ran;
        }
    }
}

async function runOnce({ module, parameters, permuteReady, base, ignoreOutput }: Program, inputs: Inputs): Promise<Ran> {
    const printed = { stdout: "", stderr: "" };
    const chunks: Chunk[] = [];
    let logged = 0;
    const simulation = await simulate({
        wasm: module,
        parameters,
        permuteReady,
        base,
        fetch: fetchOnce as typeof fetch,
        WebSocket: NoWebSocket,
        ...inputs,
        print: (text, stream) => {
            printed[stream] += text;
        },
        onEvent: (bytes, base) => {
            logged += bytes.byteLength;
            chunks.push({ bytes, base });
        },
    });
    const tooMuch = () => (printed.stdout.length > limits.output ? "printed without end" : logged > limits.log ? "made steps without end" : undefined);
    const endless = await toItsEnd(simulation, tooMuch);
    const { status = null, error, crash } = simulation.end ?? {};
    const time = simulation.now();
    const { blocks } = simulation;
    const decisions = simulation.decisions.map(({ chosen }) => chosen);
    simulation.close();
    const ending = endingOf({
        status,
        error: error ? `${error.name}: ${error.message}` : undefined,
        crash: crash ? `crashed: ${crash.message}` : undefined,
        endless,
        output: printed.stdout,
    }, { ignoreOutput });
    return { ...ending, decisions, chunks, time, stderr: printed.stderr, blocks };
}

/** Why it was given up; undefined if it has ended. */
async function toItsEnd(simulation: Simulation, tooMuch: () => string | undefined): Promise<string | undefined> {
    const until = performance.now() + limits.milliseconds;
    for (;;) {
        const why = simulation.advance({ budget: 20 });
        if (why === "done") {
            return undefined;
        }
        const left = until - performance.now();
        const over = tooMuch() ?? (left < 0 ? `did not end in ${limits.milliseconds / 1000} s` : undefined);
        if (over !== undefined) {
            return over;
        }
        if (why === "waiting") {
            await Promise.race([simulation.arrival(), new Promise((resolve) => setTimeout(resolve, left))]);
        }
    }
}
