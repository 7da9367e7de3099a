/** Reads what clang proposes with -code-completion-at. */

import type { Completion } from "./types.ts";

const line = /^COMPLETION: (.+?)(?: : (.*))?$/;
const returned = /^\[#(.*?)#\]/;
/* A placeholder; one that may be left out; the word that says what follows a call, such as " const". */
const chunk = /<#(.*?)#>|\{#.*?#\}|\[#.*?#\]/gs;
/* Names that are weft's or the compiler's own affair. */
const internal = /^(?:weft__|WEFT__|__|_[A-Z])|_weft_(?:step|type|fields|field_list)$|^weft_export_/;
const qualifiers = / ?\b(?:restrict|_Nonnull|_Nullable)\b/g;
const keywords = /^(?:Pattern|[a-z_A-Z]+)$/;

export function readCompletions(printed: string): Completion[] {
    const completions = new Map<string, Completion>();
    for (const text of printed.split("\n")) {
        const found = completionOf(text);
        if (found !== undefined && !completions.has(found.label)) {
            completions.set(found.label, found);
        }
    }
    return [...completions.values()];
}

function completionOf(text: string): Completion | undefined {
    const match = line.exec(text.replaceAll(/ ?\((?:Hidden|Inaccessible|InBase)[^)]*\)/g, ""));
    if (match === null) {
        return undefined;
    }
    const [, name = "", rest] = match;
    const body = (rest ?? name).replace(qualifiers, "");
    const type = returned.exec(body)?.[1] ?? "";
    const signature = body.replace(returned, "");
    const label = name === "Pattern" ? (/^\w+/.exec(signature)?.[0] ?? "") : name;
    if (label === "" || (name !== "Pattern" && internal.test(label))) {
        return undefined;
    }
    return { label, type, signature: signature.replaceAll(chunk, "$1"), kind: kindOf(name, rest, type, signature), insert: insertOf(signature) };
}

function kindOf(name: string, rest: string | undefined, type: string, signature: string): Completion["kind"] {
    if (name === "Pattern" || rest === undefined) {
        return keywords.test(name) ? "keyword" : "type";
    }
    if (signature.includes("(")) {
        return type === "" ? "macro" : "function";
    }
    if (type !== "") {
        return "variable";
    }
    return /^[A-Z][A-Z0-9_]*$/.test(name) ? "macro" : "type";
}

function insertOf(signature: string): Completion["insert"] {
    const holes: Completion["insert"]["holes"] = [];
    let text = "";
    let at = 0;
    for (const match of signature.matchAll(chunk)) {
        text += signature.slice(at, match.index);
        at = match.index + match[0].length;
        if (match[1] !== undefined) {
            holes.push({ from: text.length, to: text.length + match[1].length });
            text += match[1];
        }
    }
    return { text: text + signature.slice(at), holes };
}
