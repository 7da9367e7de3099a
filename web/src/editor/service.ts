/** What the editor needs of the compiler. */

import type { Completion, Diagnostic, Position, Progress } from "../compiler/types.ts";

export interface Service {
    /** Whether it is loaded. */
    readonly ready: boolean;
    /** Loads it; rejects if it cannot be had, and tries again when it is called again. */
    load(): Promise<void>;
    onProgress(listener: (progress: Progress) => void): () => void;
    /** Both reject with an error named "Superseded" where a newer wish came before they had begun. */
    check(file: string, source: string): Promise<Diagnostic[]>;
    complete(file: string, source: string, position: Position): Promise<Completion[]>;
}
