/** The worker's way out for what a program prints. A flood neither fills the page's queue of messages nor memory:
 *  only so many messages are under way, what comes meanwhile is gathered, and what is more than that is left out and counted. */

import { outputCredit } from "./protocol.ts";
import type { FromWorker } from "./protocol.ts";

export type Output = Extract<FromWorker, { type: "output" }>;

const gatherLimit = 64 * 1024;

/** A program that has printed so many characters is ended. */
export const floodLimit = 16 * 1024 * 1024;

export class Outbox {
    #credit = outputCredit;
    #gathered: Output[] = [];
    #size = 0;
    #omitted = 0;
    #printed = 0;
    readonly #post: (output: Output) => void;
    readonly #flooded: () => void;

    constructor(post: (output: Output) => void, flooded: () => void = () => {}) {
        this.#post = post;
        this.#flooded = flooded;
    }

    print(text: string, stream: "stdout" | "stderr", time: number): void {
        if (this.#printed <= floodLimit && this.#printed + text.length > floodLimit) {
            this.#flooded();
        }
        this.#printed += text.length;
        /* What was left out is told with the first text after it, so nothing may overtake it. */
        if (this.#credit > 0 && this.#gathered.length === 0) {
            this.#send({ type: "output", text, stream, time, omitted: this.#omitted });
            this.#omitted = 0;
            return;
        }
        const last = this.#gathered.at(-1);
        if (this.#omitted > 0 || this.#size + text.length > gatherLimit) {
            this.#omitted += text.length;
        } else if (last?.stream === stream && last.time === time) {
            last.text += text;
            this.#size += text.length;
        } else {
            this.#gathered.push({ type: "output", text, stream, time, omitted: 0 });
            this.#size += text.length;
        }
    }

    taken(messages: number): void {
        this.#credit += messages;
        while (this.#credit > 0 && this.#gathered.length > 0) {
            this.#send(this.#gathered.shift()!);
        }
        this.#size = this.#gathered.reduce((size, output) => size + output.text.length, 0);
    }

    /** Sends all that is left: the program has ended, so it is bounded. */
    end(time: number): void {
        this.taken(Infinity);
        if (this.#omitted > 0) {
            this.#send({ type: "output", text: "", stream: "stdout", time, omitted: this.#omitted });
            this.#omitted = 0;
        }
    }

    #send(output: Output): void {
        this.#credit--;
        this.#post(output);
    }
}
