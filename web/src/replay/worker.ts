/** Runs the time machine, so that the page stays free. */

import { messageOf } from "../format.ts";
import { Machine } from "./machine.ts";
import type { FromReplay, ToReplay } from "./protocol.ts";

type Inspect = Extract<ToReplay, { type: "inspect" }>;

const scope = globalThis as unknown as {
    postMessage(message: FromReplay): void;
    onmessage: ((event: MessageEvent<ToReplay>) => void) | null;
};

let machine: Machine;
let wanted: Inspect | undefined;
let busy = false;

scope.onmessage = ({ data }) => {
    switch (data.type) {
        case "begin":
            machine = new Machine(data.module, data.choices);
            break;
        case "recorded":
            machine.add(data.chunks, data.external);
            break;
        case "layouts":
            machine.layouts = data.layouts;
            break;
        case "inspect":
            wanted = data;
            void work();
            break;
    }
};

/** Lets messages come in; nothing that was begun is gone on with once another one is wanted. */
const nothingNewer = () => new Promise<boolean>((resolve) => setTimeout(() => resolve(wanted === undefined)));

async function work(): Promise<void> {
    if (busy) {
        return;
    }
    busy = true;
    while (wanted !== undefined) {
        const { request, step, tasks } = wanted;
        wanted = undefined;
        try {
            const inspection = await machine.inspect(step, tasks, nothingNewer);
            if (inspection !== undefined) {
                scope.postMessage({ type: "inspection", request, inspection });
            }
        } catch (error) {
            scope.postMessage({ type: "differs", request, message: messageOf(error) });
        }
    }
    busy = false;
}
