/** Compiles in a worker of its own. Jobs come one at a time; the compiler is loaded by the first. */

import { messageOf } from "../format.ts";
import { Download, browserStore } from "./download.ts";
import { loadLlvm } from "./llvm.ts";
import type { FromWorker, Job, ToWorker } from "./protocol.ts";
import { Toolchain } from "./toolchain.ts";
import type { Progress } from "./types.ts";

const scope = globalThis as unknown as {
    postMessage(message: FromWorker, transfer?: Transferable[]): void;
    onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
};

let toolchain: Promise<Toolchain> | undefined;

function load(base: string): Promise<Toolchain> {
    toolchain ??= loadToolchain(base);
    toolchain.catch(() => (toolchain = undefined)); /* the next job tries again */
    return toolchain;
}

async function loadToolchain(base: string): Promise<Toolchain> {
    let total = 0;
    let told = -Infinity;
    const tell = (phase: Progress["phase"], loaded: number) => scope.postMessage({ type: "progress", progress: { phase, loaded, total } });
    try {
        const download = await Download.start(base, await browserStore(), (loaded) => {
            if (loaded === total || performance.now() - told > 50) {
                told = performance.now();
                tell(loaded === total ? "starting" : "downloading", loaded);
            }
        });
        total = download.total;
        tell("downloading", 0);
        const llvm = await loadLlvm(download);
        tell("ready", total);
        return new Toolchain(llvm);
    } catch (error) {
        tell("failed", 0);
        throw error;
    }
}

function perform(compiler: Toolchain, job: Job): unknown {
    switch (job.name) {
        case "load":
            return undefined;
        case "compile":
            return compiler.compile(job.file, job.source);
        case "instrument":
            return compiler.instrument(job.file, job.source);
        case "check":
            return compiler.check(job.file, job.source);
        case "complete":
            return compiler.complete(job.file, job.source, job.position);
        case "layouts":
            return compiler.layouts(job.file, job.source);
        case "places":
            return compiler.places(job.module, job.offsets);
    }
}

scope.onmessage = async ({ data: { id, base, job } }) => {
    try {
        const result = perform(await load(base), job);
        scope.postMessage({ type: "done", id, result });
    } catch (error) {
        scope.postMessage({ type: "failed", id, message: messageOf(error) });
    }
};
