/* Runs a program as the page does and keeps its event log, with what C itself said of its tasks at many places. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";
import { loadWeft, simulate } from "../../wasm/weft.mjs";

export const load = async (name) =>
    (await runnerImport(fileURLToPath(new URL(`../../web/src/${name}`, import.meta.url)), { configFile: false })).module;

const { EventDecoder, Kind } = await load("events.ts");

/** A log as the history reads it, from chunks that may still come. */
export function logOf() {
    const decoder = new EventDecoder();
    const events = [];
    return {
        events,
        closed: false,
        add: (chunk, base) => decoder.decode(chunk, base, (event) => events.push(event)),
        get count() {
            return events.length;
        },
        event: (index) => events[index],
        string: (id) => decoder.string(id),
        site: (id) => decoder.site(id),
    };
}

export const examplePath = (name) => fileURLToPath(new URL(`../../build/wasm/examples/${name}.wasm`, import.meta.url));

/**
 * Runs the main of a module. `told` has what weft.tasks() said whenever the program printed, and whenever the log was handed over;
 * `events` says after how many events that was.
 */
export async function record(path, options = {}) {
    const log = logOf();
    const told = [];
    let printed = 0;
    let weft;
    const ask = (place) => weft && told.push({ ...place, tasks: weft.tasks(), time: weft.now() });
    weft = await loadWeft({
        wasm: readFileSync(path),
        clock: "virtual",
        onEvent(chunk, base) {
            log.add(chunk, base);
            ask({ events: log.count });
        },
        write: () => ask({ printed: ++printed }),
        ...options,
    });
    const ended = await weft.main().then(
        (value) => ({ value }),
        (error) => ({ error }),
    );
    log.closed = true;
    const outputs = log.events.flatMap(({ kind }, index) => (kind === Kind.output ? [index] : []));
    for (const place of told) {
        place.events ??= outputs[place.printed - 1] + 1;
    }
    return { log, told, ...ended };
}

/** Runs a program's main step by step; `told` has what C said of its tasks behind every step. */
export async function recordSteps(path, most = 1000) {
    const log = logOf();
    const told = [];
    const simulation = await simulate({ wasm: readFileSync(path), print: () => {}, onEvent: log.add });
    for (let toStep = 1; toStep <= most && simulation.advance({ toStep }) === "stopped"; toStep++) {
        told.push({ step: toStep, made: simulation.steps, tasks: simulation.tasks(), time: simulation.now() });
    }
    simulation.close();
    return { log, told };
}
