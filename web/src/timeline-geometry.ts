/** Where things are on the timeline: time to x, tasks and lanes to y. */

import type { Task } from "./timeline-model.ts";

export const axisHeight = 28;
const laneHeights = { least: 26, most: 38 };
const rowPadding = 8;

/** The stretch of time in view. */
export class TimeWindow {
    start = 0;
    end = 1;
    /** Fitted to the whole run until the person zooms or pans. */
    fitted = true;

    get length(): number {
        return this.end - this.start;
    }

    /** Shows everything, with a share of room at the right for the last marks. While the run goes on the window grows in steps, so that
     *  bars grow visibly and the scale seldom changes. */
    fit(start: number, end: number, live: boolean, margin: number): void {
        const whole = Math.max(end - start, 1e-6) / (1 - margin);
        if (live) {
            while (start !== this.start || this.length < whole) {
                this.end = start + (start === this.start ? Math.max(this.length, 0.5) * 1.5 : 1);
                this.start = start;
            }
        } else {
            this.start = start;
            this.end = start + whole;
        }
        this.fitted = true;
    }

    /** Back to an empty axis for a new run. */
    reset(): void {
        this.start = 0;
        this.end = 1;
        this.fitted = true;
    }

    zoom(factor: number, around: number): void {
        const length = Math.min(Math.max(this.length * factor, 1e-6), 1e9);
        const share = (around - this.start) / this.length;
        this.start = around - share * length;
        this.end = this.start + length;
        this.fitted = false;
    }

    pan(seconds: number): void {
        this.start += seconds;
        this.end += seconds;
        this.fitted = false;
    }

    /** Moves as little as possible until the stretch, or at least its start, is in view. */
    reveal(start: number, end: number): void {
        if (start >= this.start && Math.min(end, start + this.length) <= this.end) {
            return;
        }
        if (start < this.start || end - start > this.length) {
            this.pan(start - this.start - this.length * 0.05);
        } else {
            this.pan(end - this.end + this.length * 0.05);
        }
    }
}

/** The rows: one a task, as high as its coroutines are deep. */
export class Rows {
    #tops = [0];
    #laneHeight = laneHeights.least;

    /** Few rows are higher, as far as there is room. */
    update(tasks: readonly Task[], room: number): void {
        const lanes = tasks.reduce((sum, task) => sum + task.lanes, 0);
        const fitting = (room - tasks.length * rowPadding) / Math.max(lanes, 1);
        /* Even, so that lines fall on pixels. */
        this.#laneHeight = Math.min(Math.max(Math.floor(fitting / 2) * 2, laneHeights.least), laneHeights.most);
        this.#tops.length = tasks.length + 1;
        let top = 0;
        for (let row = 0; row < tasks.length; row++) {
            this.#tops[row] = top;
            top += tasks[row]!.lanes * this.#laneHeight + rowPadding;
        }
        this.#tops[tasks.length] = top;
    }

    get barHeight(): number {
        return this.#laneHeight - 6;
    }

    get height(): number {
        return this.#tops.at(-1)!;
    }

    top(row: number): number {
        return this.#tops[row] ?? this.height;
    }

    /** The middle of a lane. */
    middle(row: number, lane: number): number {
        return this.top(row) + rowPadding / 2 + (lane + 0.5) * this.#laneHeight;
    }

    /** The row at this height, or the nearest one. */
    at(y: number): number {
        return Math.max(0, firstIndex(this.#tops.length - 1, (row) => this.#tops[row + 1]! > y));
    }

    lane(row: number, y: number): number {
        return Math.floor((y - this.top(row) - rowPadding / 2) / this.#laneHeight);
    }
}

/** The first index below `length` for which the condition holds, if it holds from some index on; else `length`. */
export function firstIndex(length: number, holds: (index: number) => boolean): number {
    let low = 0;
    let high = length;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if (holds(middle)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/** Round times for about so many ticks on the axis. */
export function ticks(start: number, end: number, wanted: number): { times: number[]; step: number } {
    const rough = (end - start) / Math.max(wanted, 1);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10);
    const times: number[] = [];
    for (let index = Math.ceil(start / step); index * step <= end; index++) {
        times.push(index * step);
    }
    return { times, step };
}
