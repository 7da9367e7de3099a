/** What the compiler tells the page. Lines and columns count from 1, columns in UTF-16 units, as CodeMirror does. */

export interface Position {
    line: number;
    column: number;
}

/** Text that clang proposes in place of what stands from `from` to `to`, which may be the same place. */
export interface Fix {
    from: Position;
    to: Position;
    text: string;
}

export interface Diagnostic {
    severity: "error" | "warning" | "note";
    message: string;
    /** The file in which it is: the one that was compiled by its own name, a header by its path. */
    file: string;
    from: Position;
    /** Behind the last character that it is about. */
    to: Position;
    /** The option that clang names with it, such as "-Wunused-variable". */
    option: string | undefined;
    /** All of them together mend it. */
    fixes: Fix[];
    /** What clang says further; where the message is in weft's words, the first one has clang's own. */
    notes: Diagnostic[];
}

export interface Completion {
    label: string;
    /** The type of its value, or of what it returns; empty for a keyword, a macro, a tag. */
    type: string;
    /** As clang writes it: with parameters, their types and names. */
    signature: string;
    kind: "function" | "macro" | "variable" | "field" | "type" | "keyword";
    /** The text to insert, and the parts of it, by their places, that are to be replaced by arguments. */
    insert: { text: string; holes: { from: number; to: number }[] };
}

/** A type as a debugger needs it. */
export type Shape =
    | { kind: "bool"; size: number }
    | { kind: "integer"; size: number; signed: boolean; character: boolean }
    | { kind: "float"; size: number }
    | { kind: "enum"; size: number; signed: boolean; constants: { name: string; value: number }[] }
    /** `text`: it points at characters. `target`: the record that it points at, by its name in Layouts. */
    | { kind: "pointer"; size: number; text: boolean; target: string | undefined }
    | { kind: "array"; size: number; count: number; element: Shape }
    /** By its name in Layouts. */
    | { kind: "record"; size: number; name: string }
    /** None of these: only its bytes can be shown. */
    | { kind: "other"; size: number };

export interface Member {
    /** Empty for an anonymous structure or union, whose members count as those of the structure around it. */
    name: string;
    /** The type as C writes it. */
    type: string;
    /** Bytes from the structure's beginning. */
    offset: number;
    shape: Shape;
    /** Of a bit field: the first bit, from the lowest of the byte at `offset`, and how many. */
    bits: { from: number; count: number } | undefined;
}

export interface Layout {
    /** "struct fetch", "union number", a typedef's name, or one made up for a record without a name. */
    name: string;
    union: boolean;
    size: number;
    members: Member[];
}

/** The layouts of every structure and union, by their names. A coroutine's structure is "struct NAME". */
export type Layouts = Record<string, Layout>;

export interface Compiled {
    /** The WebAssembly, for loadWeft; undefined where there are errors. */
    module: ArrayBuffer | undefined;
    diagnostics: Diagnostic[];
    layouts: Layouts | undefined;
}

export interface Progress {
    /** Bytes, as they are transferred. */
    loaded: number;
    total: number;
    phase: "downloading" | "starting" | "ready" | "failed";
}

/** Where an address inside of a module is in the source. */
export interface Place {
    /** Empty where the debug information has lines alone. */
    function: string;
    file: string;
    line: number;
}
