/** What the page and a worker that measures say to each other. */

import { messageOf } from "../format.ts";

export type ToSubject =
    | { type: "load"; base: string }
    | { type: "measure"; row: string; amount: number };

export type FromSubject =
    | { type: "progress"; loaded: number; total: number }
    /** It is ready; what it is, and the least step of its clock. */
    | { type: "loaded"; version: string; resolution: number }
    | { type: "measured"; milliseconds: number }
    | { type: "failed"; message: string };

export type Rows = Record<string, (amount: number) => Promise<unknown>>;

interface Loaded {
    version: string;
    rows: Rows;
}

/** In a worker: loads a subject, then measures whatever is asked. */
export function serveSubject(load: (base: string, onProgress: (loaded: number, total: number) => void) => Promise<Loaded>): void {
    const scope = globalThis as unknown as {
        postMessage(message: FromSubject): void;
        onmessage: ((event: MessageEvent<ToSubject>) => void) | null;
    };
    let rows: Rows = {};
    const answer = async (message: ToSubject): Promise<FromSubject> => {
        if (message.type === "load") {
            const loaded = await load(message.base, (bytes, total) => scope.postMessage({ type: "progress", loaded: bytes, total }));
            rows = loaded.rows;
            return { type: "loaded", version: loaded.version, resolution: clockResolution() };
        }
        const work = rows[message.row];
        if (work === undefined) {
            throw new Error(`there is no row ${message.row}`);
        }
        const before = performance.now();
        await work(message.amount);
        return { type: "measured", milliseconds: performance.now() - before };
    };
    scope.onmessage = ({ data }) => {
        answer(data).then(
            (message) => scope.postMessage(message),
            (error: unknown) => scope.postMessage({ type: "failed", message: messageOf(error) }),
        );
    };
}

/** The least step of the clock that is seen, in milliseconds. */
function clockResolution(): number {
    let least = Infinity;
    let last = performance.now();
    for (let steps = 0; steps < 50; ) {
        const now = performance.now();
        if (now > last) {
            least = Math.min(least, now - last);
            last = now;
            steps++;
        }
    }
    return least;
}
