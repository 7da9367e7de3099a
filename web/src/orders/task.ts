/** A piece of work that goes on for a while in a panel: a button that starts it, one that stops it, how far it is. */

import { button, element } from "../elements.ts";
import { messageOf } from "../format.ts";

export class Task {
    readonly start: HTMLButtonElement;
    readonly stop: HTMLButtonElement;
    readonly bar: HTMLProgressElement;
    /** What has come of it, in one sentence. */
    readonly status: HTMLElement;
    #abort: AbortController | undefined;

    constructor(label: string, name: string, work: (signal: AbortSignal) => Promise<string>) {
        this.start = button(label, { class: "primary" }, () => void this.#run(work));
        this.stop = button(`Stop: ${name}`, { hidden: true }, () => this.#abort?.abort(), "Stop");
        this.stop.setAttribute("aria-label", `Stop: ${name}`);
        this.bar = element("progress", { hidden: true, max: "1", value: "0", "aria-label": name });
        this.status = element("p", { role: "status", "aria-label": name });
    }

    /** Ends it without a word. */
    cancel(): void {
        this.#abort?.abort();
        this.#abort = undefined;
        this.status.textContent = "";
    }

    progress(part: number): void {
        this.bar.value = part;
    }

    async #run(work: (signal: AbortSignal) => Promise<string>): Promise<void> {
        const abort = new AbortController();
        this.#abort = abort;
        this.#show(true);
        this.bar.value = 0;
        this.status.textContent = "";
        const words = await Promise.race([work(abort.signal), aborted(abort.signal)]).catch((error: unknown) =>
            abort.signal.aborted ? "Stopped." : `It could not be run: ${messageOf(error)}`,
        );
        this.#show(false);
        if (abort === this.#abort) {
            this.status.textContent = words;
        }
        abort.abort();
    }

    #show(on: boolean): void {
        const had = document.activeElement;
        this.start.hidden = on;
        this.stop.hidden = !on;
        this.bar.hidden = !on;
        if (had === this.start || had === this.stop) {
            (on ? this.stop : this.start).focus();
        }
    }
}

/** Stopping does not wait for what cannot be stopped: a compiler that is being loaded. */
function aborted(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}
