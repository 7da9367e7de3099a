/** Run, stop, the choice of the clock, and the words that tell how the run stands. */

import { instant } from "./format.ts";
import { Kind, outcomes } from "./events.ts";
import type { Recording } from "./recording.ts";
import type { Ending } from "./runner.ts";
import type { Shortcut } from "./shortcuts.ts";
import type { Clock } from "./subject.ts";
import type { State, Workbench } from "./workbench.ts";

interface Parts {
    run: HTMLButtonElement;
    stop: HTMLButtonElement;
    status: HTMLElement;
    realClock: HTMLInputElement;
    virtualClock: HTMLInputElement;
    /** What is busy while a program runs. */
    busy: HTMLElement;
}

export class RunControls {
    readonly #workbench: Workbench;
    readonly #parts: Parts;

    constructor(workbench: Workbench, parts: Parts) {
        this.#workbench = workbench;
        this.#parts = parts;
        parts.run.addEventListener("click", () => this.run());
        parts.stop.addEventListener("click", () => this.stop());
        parts.realClock.addEventListener("change", () => workbench.change({ clock: "real" }));
        parts.virtualClock.addEventListener("change", () => workbench.change({ clock: "virtual" }));
        workbench.on("state", (state) => this.#showState(state));
        workbench.on("subject", () => this.#showSubject());
        workbench.on("silent", (seconds) => this.say(seconds === 0 ? "Running…" : `This step has run for ${seconds} s: the program does not give way. Stop ends it.`, "running"));
        workbench.on("ended", ({ recording, ending }) => this.say(endingText(recording, ending), ending.type));
        /* A browser that restores the page restores the choice, too. */
        workbench.change({ clock: parts.virtualClock.checked ? "virtual" : "real" });
        this.#showSubject();
    }

    get shortcuts(): Shortcut[] {
        return [
            { keys: "Control+Enter", words: "Run the program", action: () => this.run() },
            { keys: "Shift+Escape", words: "Stop the program", action: () => this.stop() },
        ];
    }

    run(): void {
        if (this.#workbench.state === "idle" && this.#workbench.subject.source !== "") {
            void this.#workbench.run();
        }
    }

    stop(): void {
        if (this.#workbench.state !== "idle") {
            const began = this.#workbench.state !== "preparing";
            this.say(began ? "Stopping…" : "Stopped before it began.", began ? "running" : "terminated");
            this.#workbench.stop();
        }
    }

    /** Tells how the run stands; the state chooses the sign before the words. */
    say(text: string, state: Ending["type"] | "running" | ""): void {
        this.#parts.status.textContent = text;
        this.#parts.status.dataset["state"] = state;
    }

    #showSubject(): void {
        const { run, realClock, virtualClock } = this.#parts;
        const { clock, source } = this.#workbench.subject;
        const chosen: Record<Clock, HTMLInputElement> = { real: realClock, virtual: virtualClock };
        chosen[clock].checked = true;
        run.disabled = source === "" || this.#workbench.state !== "idle";
        if (this.#workbench.recording === undefined && this.#workbench.state === "idle") {
            this.say("", "");
        }
    }

    /** The focus goes along, so that Enter runs and stops. */
    #showState(state: State): void {
        const { run, stop, busy } = this.#parts;
        const focused = document.activeElement === run || document.activeElement === stop;
        const idle = state === "idle";
        run.disabled = !idle;
        stop.disabled = idle;
        busy.setAttribute("aria-busy", String(!idle));
        if (!idle) {
            this.say(words[state], "running");
        }
        if (focused) {
            (idle ? run : stop).focus();
        }
    }
}

const words: Record<Exclude<State, "idle">, string> = {
    preparing: "Preparing…",
    running: "Running…",
    explaining: "Ended. Looking for the line where that was… Stop leaves it out.",
};

function endingText(recording: Recording, ending: Ending): string {
    switch (ending.type) {
        case "value": {
            const clock = recording.subject?.clock === "virtual" ? "at virtual time" : "after";
            const value = mainResult(recording, "value");
            return `Finished ${clock} ${instant(ending.time)}${value && `, value ${value}`}.`;
        }
        case "error":
            return `Failed at ${instant(ending.time)}: ${ending.error.name}.`;
        case "exit":
            return `Failed at ${instant(ending.time)}: ${mainResult(recording, "error").split(":")[0] || `exit status ${ending.status}`}.`;
        case "cancelled":
            return `Stopped at ${instant(ending.time)}: the program was cancelled and has cleaned up.`;
        case "terminated":
            return `Stopped: ${terminationText(ending)}.`;
        case "failed":
            return "The program could not be started.";
        case "opened":
            return `A recording of ${instant(ending.time)}.`;
    }
}

/** Why a program was ended. */
export function terminationText({ why, place }: Extract<Ending, { type: "terminated" }>): string {
    if (place !== undefined) {
        return `the program spins at line ${place.line} of ${place.file}, in ${place.function}`;
    }
    const words: Record<typeof why, string> = {
        deaf: "the program did not end by itself and was ended",
        unfinished: "the program did not end by itself and was ended",
        endless: "the program has taken 20 s of computing in virtual time, and no end was in sight",
        flood: "the program has printed more than 16 million characters",
    };
    return words[why];
}

/** What the log says of the end of the program's first task, if it ended so. */
function mainResult(recording: Recording, outcome: (typeof outcomes)[number]): string {
    for (let index = recording.count - 1; index >= 0; index--) {
        const { kind, task, subkind, payload } = recording.event(index);
        if (kind === Kind.done && task === mainTask(recording)) {
            return outcomes[subkind] === outcome ? (recording.string(payload) ?? "") : "";
        }
    }
    return "";
}

function mainTask(recording: Recording): number | undefined {
    for (let index = 0; index < recording.count; index++) {
        const { kind, task } = recording.event(index);
        if (kind === Kind.created) {
            return task;
        }
    }
    return undefined;
}
