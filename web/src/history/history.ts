/**
 * The state of a program at every place of its run, computed from its event log alone.
 *
 * The log is read once, event by event, and the state is kept every few thousand events. To go to a place, what is kept before it is
 * copied, which is to copy lists of references, and the events up to there are read again; to go on from where one was last, only the
 * events between.
 */

import { Kind } from "../events.ts";
import type { LogEvent } from "../events.ts";
import { Annals } from "./annals.ts";
import { Instant } from "./instant.ts";
import type { Remark } from "./state.ts";
import { Places, wakes, World } from "./world.ts";
import type { Names } from "./world.ts";

/** What it needs of a recording. */
export interface Log extends Names {
    /** How many events there are; it may grow. */
    readonly count: number;
    /** Nothing more will come. */
    readonly closed: boolean;
    /** It ends before the program did. */
    readonly full?: boolean;
    event(index: number): LogEvent;
}

const keepEvery = 4096;
const nearEvery = 256;

export class History {
    readonly log: Log;
    readonly #annals: Annals;
    readonly #places = new Places();
    /** The state after all that was read. */
    readonly #newest: World;
    /** States on the way, oldest first. */
    readonly #kept: World[];
    /** The last one that was asked for, from which to go on. */
    #last: World;
    /** States closer to each other around the last place, so that going back step by step is as fast as going on. */
    #near: World[] = [];
    #instant: Instant | undefined;

    constructor(log: Log) {
        this.log = log;
        this.#annals = new Annals(log);
        this.#newest = new World(log, this.#places);
        this.#last = this.#newest.copy();
        this.#kept = [this.#newest.copy()];
    }

    /** Reads what has come since. */
    #read(): void {
        const world = this.#newest;
        while (world.event < this.log.count) {
            const event = this.log.event(world.event);
            this.#annals.add(event, world.event);
            world.apply(event);
            /* The larger a state the rarer it is kept: then all of them take as much room as the log. */
            if (world.event - this.#kept.at(-1)!.event >= Math.max(keepEvery, (world.tasks.length + world.objects.length) / 4)) {
                this.#kept.push(world.copy());
            }
        }
    }

    /** How many steps the log has. */
    get steps(): number {
        this.#read();
        return this.#newest.step;
    }

    /**
     * When so many steps are made: right after the last of them, before callbacks run, timers fire or the clock moves on. At the end of
     * a log that is closed everything has happened.
     */
    at(step: number): Instant {
        this.#read();
        const wanted = Math.max(0, Math.min(step, this.#newest.step));
        const end = this.log.closed && wanted === this.#newest.step ? undefined : this.#annals.endOf(wanted);
        return this.after(end ?? this.log.count);
    }

    /** When so many events have happened. */
    after(events: number): Instant {
        this.#read();
        const wanted = Math.max(0, Math.min(events, this.#newest.event));
        const over = this.log.closed && wanted === this.#newest.event;
        if (this.#instant?.event === wanted && this.#instant.over === over) {
            return this.#instant;
        }
        const world = this.#worldAt(wanted);
        this.#instant = new Instant({
            step: world.step,
            event: world.event,
            time: world.time,
            running: world.running,
            tasks: world.tasks.slice(),
            objects: world.objects.slice(),
            armed: world.timers.slice(),
            annals: this.#annals,
            places: this.#places,
            names: this.log,
            over,
            halted: over ? this.log.full !== true : this.#isHaltedBefore(world.event),
        });
        return this.#instant;
    }

    #isHaltedBefore(index: number): boolean {
        const next = index < this.log.count ? this.log.event(index) : undefined;
        return next?.kind === Kind.wake && wakes[next.subkind] === "failed";
    }

    #worldAt(wanted: number): World {
        if (wanted === this.#newest.event) {
            return this.#newest;
        }
        const kept = this.#kept.findLast(({ event }) => event <= wanted)!;
        if (this.#last.event > wanted || this.#last.event < kept.event) {
            if (this.#near[0] !== kept) {
                this.#near = [kept];
            }
            this.#last = this.#near.findLast(({ event }) => event <= wanted)!.copy();
        }
        while (this.#last.event < wanted) {
            this.#last.apply(this.log.event(this.#last.event));
            if (this.#near[0] === kept && this.#last.event - this.#near.at(-1)!.event >= nearEvery) {
                this.#near.push(this.#last.copy());
            }
        }
        return this.#last;
    }

    /** Everything that the log has said of any moment. */
    get remarks(): Remark[] {
        this.#read();
        return this.#annals.remarks(Infinity);
    }
}
