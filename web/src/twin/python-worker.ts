/** Runs Python programs with the recorder. A program has the thread for itself until it ends: only ending the worker stops it. */

import type { PyProxy } from "pyodide/ffi";
import { recordSize } from "../events.ts";
import { Outbox } from "../outbox.ts";
import eventLog from "../../twin/event_log.py?raw";
import recorder from "../../twin/recorder.py?raw";
import virtualLoop from "../../twin/virtual_loop.py?raw";
import { messageOf } from "../format.ts";
import type { FromPython, ToPython } from "./protocol.ts";
import { loadPython } from "./pyodide.ts";

const scope = globalThis as unknown as {
    postMessage(message: FromPython, transfer?: Transferable[]): void;
    onmessage: ((event: MessageEvent<ToPython>) => void) | null;
};

const eventLimit = 500_000 * recordSize;

interface Bytes extends PyProxy {
    toJs(): Uint8Array<ArrayBuffer>;
}

interface Recorder extends PyProxy {
    now: number;
    run(): string | undefined;
}

type MakeRecorder = (
    file: string, source: string, sink: (chunk: Bytes, base: number) => void, say: (text: string, stream: "stdout" | "stderr", time: number) => void,
) => Recorder;

let makeRecorder: MakeRecorder;

scope.onmessage = ({ data }) => {
    if (data.type === "load") {
        void load(data.base);
    } else {
        run(data.file, data.source);
    }
};

async function load(base: string): Promise<void> {
    try {
        const python = await loadPython(base, (loaded, total) => scope.postMessage({ type: "progress", loaded, total }));
        const files = { "event_log.py": eventLog, "recorder.py": recorder, "virtual_loop.py": virtualLoop };
        for (const [name, text] of Object.entries(files)) {
            python.FS.writeFile(`/home/pyodide/${name}`, text);
        }
        makeRecorder = (python.pyimport("recorder") as unknown as { Recorder: MakeRecorder }).Recorder;
        scope.postMessage({ type: "loaded", version: python.runPython("import sys; sys.version.split()[0]") as string });
    } catch (error) {
        scope.postMessage({ type: "unloadable", message: messageOf(error) });
    }
}

function run(file: string, source: string): void {
    const outbox = new Outbox((output) => scope.postMessage(output));
    let sent = 0;
    const send = (chunk: Bytes, base: number) => {
        const bytes = chunk.toJs();
        chunk.destroy();
        if (sent >= eventLimit) {
            return;
        }
        sent += bytes.byteLength;
        scope.postMessage({ type: "events", chunk: bytes, base }, [bytes.buffer]);
        if (sent >= eventLimit) {
            scope.postMessage({ type: "events-full" });
        }
    };
    const program = makeRecorder(file, source, send, (text, stream, time) => outbox.print(text, stream, time));
    const failure = program.run();
    outbox.end();
    scope.postMessage({ type: "ended", failure, time: program.now });
    program.destroy();
}
