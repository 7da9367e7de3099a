/* CPython of the `pyodide` package with the recorder of ../twin/: an asyncio program in, its event log and output out. */

import { readFile, readdir } from "node:fs/promises";
import { loadPyodide } from "pyodide";

const folder = new URL("../twin/", import.meta.url);

/** The Python files that record, by name. */
export async function recorderFiles() {
    const names = (await readdir(folder)).filter((name) => name.endsWith(".py")).sort();
    return new Map(await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, folder))])));
}

/* The head of a log in a file (docs/events.md): version 1, records of 32 bytes, pointers of 4, a simulation. */
function fileHead() {
    const head = new Uint8Array(32);
    head.set(new TextEncoder().encode("weftlog"));
    const view = new DataView(head.buffer);
    [1, 32, 4, 3].forEach((value, index) => view.setUint32(8 + 4 * index, value, true));
    return head;
}

/** Gives record(file, source), which runs a program: the log as a file's bytes, the output, and the traceback if it failed. */
export async function loadRecorder() {
    const python = await loadPyodide();
    for (const [name, bytes] of await recorderFiles()) {
        python.FS.writeFile(`/home/pyodide/${name}`, bytes);
    }
    const { Recorder } = python.pyimport("recorder");
    return (file, source) => {
        const chunks = [fileHead()];
        const output = { stdout: "", stderr: "" };
        const take = (chunk) => {
            chunks.push(chunk.toJs());
            chunk.destroy();
        };
        const recorder = Recorder(file, source, take, (text, stream) => (output[stream] += text));
        const failure = recorder.run();
        recorder.destroy();
        return { log: Buffer.concat(chunks), ...output, failure };
    };
}
