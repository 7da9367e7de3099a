/** Brings a run's output to the console, and marks there what is printed only after the step that is looked at. */

import type { Console } from "./console.ts";
import type { Recording } from "./recording.ts";
import { terminationText } from "./run-controls.ts";
import type { Ending } from "./runner.ts";
import type { Workbench } from "./workbench.ts";

export class ConsoleFeed {
    readonly #workbench: Workbench;
    readonly #console: Console;
    #fullTold = false;

    constructor(workbench: Workbench, console: Console) {
        this.#workbench = workbench;
        this.#console = console;
        workbench.on("subject", () => workbench.recording === undefined && console.clear());
        workbench.on("started", () => {
            this.#fullTold = false;
            console.clear();
        });
        workbench.on("printed", ({ text, stream, time, omitted }) => {
            if (omitted > 0) {
                console.leftOut(omitted);
            }
            console.print(text, stream, time);
        });
        workbench.on("grown", (recording) => this.#tellFull(recording));
        workbench.on("ended", ({ ending }) => this.#end(ending));
        workbench.on("step", () => this.#mark());
    }

    #tellFull(recording: Recording): void {
        if (recording.full && !this.#fullTold) {
            this.#fullTold = true;
            this.#console.note("The timeline is full and ends here; the program goes on.");
        }
    }

    #end(ending: Ending): void {
        switch (ending.type) {
            case "error":
                this.#console.error(ending.error);
                break;
            case "failed":
                this.#console.error({ name: "The program could not be started", message: ending.message, traceback: [], errors: [] });
                break;
            case "cancelled":
                this.#console.note("The program was cancelled and has cleaned up.");
                break;
            case "terminated":
                this.#console.note(`Stopped: ${terminationText(ending)}.`);
                break;
        }
        this.#console.flush();
        this.#mark();
    }

    /** What was printed by then, in characters. */
    #mark(): void {
        const { recording, step, atEnd } = this.#workbench;
        if (recording === undefined || atEnd) {
            this.#console.markAfter(Infinity);
            return;
        }
        let printed = 0;
        for (const output of recording.output) {
            if (output.step > step) {
                break;
            }
            printed += output.text.length;
        }
        this.#console.markAfter(printed);
    }
}
