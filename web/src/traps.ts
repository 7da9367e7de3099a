/** What is known of a crash: a trap of WebAssembly, or a stack that is full. Runs where the program does. */

import type { Weft } from "weft";

/** A function on the stack, innermost first, and the address in the module. */
export interface Frame {
    function: string;
    offset: number;
}

export interface Trap {
    /** What it is called, and what has happened. */
    name: string;
    message: string;
    frames: Frame[];
}

/* As Chromium and as Firefox write a frame; Safari tells no addresses. */
const frame = /^\s*(?:at (\S*) \()?(?:at )?(?:([^\s@]*)@)?\S*wasm-function\[\d+\]:0x([\da-f]+)/gm;

/* To be set before a program runs: the stack of a trap is the way to it. */
export const stackFrames = 64;

interface Exports {
    memory: WebAssembly.Memory;
    /** Of programs that were compiled in the page: what was undefined, empty if nothing was. */
    weft_undefined?: () => number;
    __stack_pointer?: WebAssembly.Global;
}

export function trapOf(error: unknown, weft: Weft): Trap | undefined {
    const cause = error instanceof Error ? error.cause : undefined;
    if (!(cause instanceof WebAssembly.RuntimeError) && !(cause instanceof RangeError)) {
        return undefined;
    }
    const frames = [...(cause.stack ?? "").matchAll(frame)].map(([, chromium, firefox, offset = ""]) => ({
        function: functionName(chromium ?? firefox ?? ""),
        offset: parseInt(offset, 16),
    }));
    return { ...wordsOf(cause, weft.instance.exports as unknown as Exports), frames };
}

/** "program.wasm.job_weft_step" is the coroutine job. */
const functionName = (name: string) => (name.includes(":") ? "" : name.replace(/^.*\./, "").replace(/_weft_step$/, ""));

function wordsOf(cause: Error, { memory, weft_undefined: undefinedText, __stack_pointer: stack }: Exports): Pick<Trap, "name" | "message"> {
    const undefinedBehaviour = undefinedText === undefined ? "" : textAt(memory, undefinedText());
    if (undefinedBehaviour !== "") {
        return { name: "Undefined behaviour", message: undefinedBehaviour };
    }
    /* The stack grows down to the address 0. */
    const isFull = cause instanceof RangeError || (stack !== undefined && (Number(stack.value) | 0) < 1024 && /out of bounds/.test(cause.message));
    return isFull
        ? { name: "The stack is full", message: "functions call each other too deep, or their locals are too large" }
        : { name: "WebAssembly trap", message: cause.message };
}

function textAt(memory: WebAssembly.Memory, pointer: number): string {
    const bytes = new Uint8Array(memory.buffer, pointer >>> 0);
    return new TextDecoder().decode(bytes.slice(0, Math.max(0, bytes.indexOf(0))));
}
