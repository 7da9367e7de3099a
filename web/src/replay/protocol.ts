/** What the page and the worker of the time machine say to each other. */

import type { External } from "weft";
import type { Layouts } from "../compiler/types.ts";
import type { Choices, Inspection } from "./machine.ts";

export type ToReplay =
    | { type: "begin"; module: WebAssembly.Module; choices: Choices }
    /** More of the recorded run. */
    | { type: "recorded"; chunks: { bytes: Uint8Array; base: number }[]; external: External[] }
    | { type: "layouts"; layouts: Layouts }
    /** Of several that wait only the newest is done. */
    | { type: "inspect"; request: number; step: number; tasks: readonly number[] | undefined };

export type FromReplay =
    | { type: "inspection"; request: number; inspection: Inspection }
    | { type: "differs"; request: number; message: string };
