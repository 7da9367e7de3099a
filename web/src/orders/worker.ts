/** Runs a program, one run after the other. A step that never ends is ended from outside, with the worker. */

import { messageOf } from "../format.ts";
import { faultsOf, placesOf, remainsOf } from "./faults.ts";
import type { Remains } from "./faults.ts";
import { run } from "./program.ts";
import type { Program } from "./program.ts";
import type { Answer, Request } from "./protocol.ts";

const scope = globalThis as unknown as {
    postMessage(answer: Answer, transfer?: Transferable[]): void;
    onmessage: ((event: MessageEvent<Request>) => void) | null;
};

let program: Program;
let source = "";
/** What the run without a cancellation leaves. */
let ordinary: Remains | undefined;

async function answer(request: Request): Promise<Answer> {
    switch (request.type) {
        case "program":
            ({ program, source } = request);
            return { type: "ready" };
        case "run":
            return { type: "ran", ran: await run(program, request.inputs) };
        case "places": {
            const { chunks, ...brief } = await run(program, request.inputs);
            ordinary = remainsOf({ ...brief, chunks });
            return { type: "places", places: placesOf(chunks, source), brief };
        }
        case "cancel": {
            const { place, inputs } = request;
            const injections = [...(inputs.injections ?? []), { step: place.step, task: place.task }];
            const ran = await run(program, { ...inputs, injections });
            return { type: "faults", faults: faultsOf(remainsOf(ran), ordinary!, place) };
        }
    }
}

scope.onmessage = ({ data }) => {
    answer(data).then(
        (made) => scope.postMessage(made, made.type === "ran" ? made.ran.chunks.map(({ bytes }) => bytes.buffer as ArrayBuffer) : []),
        (error: unknown) => scope.postMessage({ type: "failed", message: messageOf(error) }),
    );
};
