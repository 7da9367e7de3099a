/** The worker's way out for what a program prints. A flood neither fills the page's queue of messages nor memory: only so many
 *  messages are under way, the newest of what comes meanwhile is kept, and what was before that is left out and counted. */

import { outputCredit } from "./protocol.ts";
import type { FromWorker } from "./protocol.ts";

export type Output = Extract<FromWorker, { type: "output" }>;

/* So many characters are kept; up to twice as many, so that leaving out is seldom. */
const gatherLimit = 64 * 1024;

/** A program that has printed so many characters is ended. */
export const floodLimit = 16 * 1024 * 1024;

export class Outbox {
    #credit = outputCredit;
    #gathered: Output[] = [];
    #size = 0;
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
        if (this.#credit > 0 && this.#gathered.length === 0) {
            this.#send({ type: "output", text, stream, time, omitted: 0 });
            return;
        }
        const last = this.#gathered.at(-1);
        if (last?.stream === stream && last.time === time) {
            last.text += text;
        } else {
            this.#gathered.push({ type: "output", text, stream, time, omitted: 0 });
        }
        this.#size += text.length;
        if (this.#size > 2 * gatherLimit) {
            this.#leaveOut(this.#size - gatherLimit);
        }
    }

    /** The oldest goes, up to the end of a line: what a program says last tells most. It is counted with the first text after it. */
    #leaveOut(least: number): void {
        let omitted = 0;
        let at = 0;
        while (omitted + this.#gathered[at]!.text.length <= least) {
            omitted += this.#gathered[at++]!.text.length;
        }
        const first = this.#gathered[at]!;
        const cut = first.text.indexOf("\n", least - omitted) + 1 || least - omitted;
        const before = this.#gathered.splice(0, at).reduce((sum, message) => sum + message.omitted, 0);
        first.text = first.text.slice(cut);
        first.omitted += before + omitted + cut;
        this.#size -= omitted + cut;
    }

    taken(messages: number): void {
        this.#credit += messages;
        while (this.#credit > 0 && this.#gathered.length > 0) {
            this.#send(this.#gathered.shift()!);
        }
        this.#size = this.#gathered.reduce((size, output) => size + output.text.length, 0);
    }

    /** Sends all that is left: the program has ended, so it is bounded. */
    end(): void {
        this.taken(Infinity);
    }

    #send(output: Output): void {
        this.#credit--;
        this.#post(output);
    }
}
