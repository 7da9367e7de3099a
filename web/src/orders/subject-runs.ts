/** What the workbench has on it, as something that can be run many times; and what was found, put back on it. */

import { loadModule } from "../modules.ts";
import type { Recording } from "../recording.ts";
import type { Subject } from "../subject.ts";
import type { Workbench } from "../workbench.ts";

const sameProgram = (one: Subject, other: Subject) => one.example === other.example && one.edited === other.edited && one.source === other.source;

/** Calls back when another program is on the workbench, or the same with other parameters: what was found of it no longer holds. */
export function onOtherProgram(workbench: Workbench, callback: () => void): void {
    let last = workbench.subject;
    workbench.on("subject", () => {
        const { subject } = workbench;
        if (!sameProgram(subject, last) || subject.parameters !== last.parameters) {
            callback();
        }
        last = subject;
    });
}

/** Resolves with what comes next of a run: its beginning, or its end. */
function next<Name extends "started" | "ended">(workbench: Workbench, name: Name): Promise<Recording> {
    return new Promise((resolve) => {
        const off = workbench.on(name, (event) => {
            off();
            resolve("recording" in event ? event.recording : (event as Recording));
        });
    });
}

/** The module of the program that is edited; one that was not compiled yet is by being run. */
export async function moduleOf(workbench: Workbench): Promise<WebAssembly.Module> {
    const { subject, recording } = workbench;
    if (!subject.edited && subject.example !== undefined) {
        return loadModule(subject.example);
    }
    if (recording?.module !== undefined && recording.subject !== undefined && sameProgram(recording.subject, subject)) {
        return recording.module;
    }
    const started = next(workbench, "started");
    void workbench.run();
    const { module } = await started;
    if (module === undefined) {
        throw new Error("the program does not compile");
    }
    return module;
}

/** Runs it under these choices in virtual time, and goes to a step of it. */
export async function show(
    workbench: Workbench, choices: Partial<Pick<Subject, "seed" | "decisions" | "injections" | "permuteReady">>, step = Infinity,
): Promise<void> {
    const wanted = { clock: "virtual" as const, seed: undefined, decisions: [], injections: [], permuteReady: false, ...choices };
    const is = workbench.recording?.subject;
    if (workbench.state === "idle" && is !== undefined && sameProgram(is, workbench.subject) && sameChoices(is, wanted)) {
        workbench.seek(step);
        return;
    }
    workbench.change(wanted);
    const ended = next(workbench, "ended");
    void workbench.run();
    await ended;
    workbench.seek(step);
}

function sameChoices(is: Subject, wanted: Partial<Subject>): boolean {
    return (Object.keys(wanted) as (keyof Subject)[]).every((key) => JSON.stringify(is[key]) === JSON.stringify(wanted[key]));
}
