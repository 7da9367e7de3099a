/** In place of runner.ts in a page of replays, which runs nothing. */

export class Run {
    constructor() {
        throw new Error("A recording cannot be run again here.");
    }
}
