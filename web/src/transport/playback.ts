/** Plays a recording: how long each step is shown. */

import type { Recording } from "../recording.ts";

/* Milliseconds at speed 1. Steps at one instant of virtual time would not be seen otherwise, and nobody waits for an hour's sleep. */
const least = 120;
const most = 3000;

/** How long the page stays, in milliseconds, before step `next` is made. */
export function pause(recording: Recording, next: number, speed: number): number {
    const seconds = recording.timeOf(next) - recording.timeOf(next - 1);
    return Math.min(Math.max(seconds * 1000, least), most * Math.max(speed, 1)) / speed;
}

/** Makes the steps whose time has come. `advance` goes to a step, and tells whether to go on. */
export class Playback {
    #frame = 0;
    #last = 0;
    /** Milliseconds that have passed since the last step was made. */
    #spent = 0;
    speed = 1;
    readonly #position: () => { recording: Recording; step: number } | undefined;
    readonly #advance: (step: number) => boolean;
    readonly #stopped: () => void;

    constructor(position: () => { recording: Recording; step: number } | undefined, advance: (step: number) => boolean, stopped: () => void) {
        this.#position = position;
        this.#advance = advance;
        this.#stopped = stopped;
    }

    get playing(): boolean {
        return this.#frame !== 0;
    }

    play(): void {
        if (!this.playing) {
            this.#last = performance.now();
            this.#spent = 0;
            this.#schedule();
        }
    }

    stop(): void {
        if (this.playing) {
            cancelAnimationFrame(this.#frame);
            this.#frame = 0;
            this.#stopped();
        }
    }

    #schedule(): void {
        this.#frame = requestAnimationFrame((now) => this.#tick(now));
    }

    #tick(now: number): void {
        const at = this.#position();
        if (at === undefined) {
            this.stop();
            return;
        }
        this.#spent += Math.max(0, now - this.#last);
        this.#last = now;
        let { step } = at;
        while (step < at.recording.steps && this.#spent >= pause(at.recording, step + 1, this.speed)) {
            this.#spent -= pause(at.recording, step + 1, this.speed);
            step++;
            if (!this.#advance(step)) {
                this.stop();
                return;
            }
        }
        if (step >= at.recording.steps) {
            this.stop();
        } else {
            this.#schedule();
        }
    }
}
