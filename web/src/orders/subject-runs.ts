/** What the workbench has on it, as something that can be run many times; and what was found, put back on it. */

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

/** The module of the program that is edited. */
export async function moduleOf(workbench: Workbench): Promise<WebAssembly.Module> {
    const { subject, recording } = workbench;
    const ran = recording?.subject !== undefined && sameProgram(recording.subject, subject) ? recording.module : undefined;
    return ran ?? workbench.module();
}

/** Runs it under these choices in virtual time, and goes to a step of it. False if something else has taken its place meanwhile. */
export async function show(
    workbench: Workbench, choices: Partial<Pick<Subject, "seed" | "decisions" | "injections" | "permuteReady">>, step = Infinity,
): Promise<boolean> {
    const wanted = { clock: "virtual" as const, seed: undefined, decisions: [], injections: [], permuteReady: false, ...choices };
    const is = workbench.recording?.subject;
    if (workbench.state === "idle" && is !== undefined && sameProgram(is, workbench.subject) && sameChoices(is, wanted)) {
        workbench.seek(step);
        return true;
    }
    workbench.change(wanted);
    const recording = await workbench.run();
    if (recording !== undefined) {
        workbench.seek(step);
    }
    return recording !== undefined;
}

function sameChoices(is: Subject, wanted: Partial<Subject>): boolean {
    return (Object.keys(wanted) as (keyof Subject)[]).every((key) => JSON.stringify(is[key]) === JSON.stringify(wanted[key]));
}
