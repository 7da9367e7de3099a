/** Completion: from clang with types once it is loaded, until then weft's names and the text's own words; both with the headers' words. */

import { autocompletion, completeAnyWord, snippet } from "@codemirror/autocomplete";
import type { Completion as Option, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { syntaxTree } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { ViewPlugin } from "@codemirror/view";
import type { Completion } from "../compiler/types.ts";
import { entryElement, loadDocumentation } from "./documentation.ts";
import type { Entry } from "./documentation.ts";
import { positionOf } from "./fixes.ts";
import type { Service } from "./service.ts";

const looks: Record<Completion["kind"], string> = {
    function: "function", macro: "keyword", variable: "variable", field: "property", type: "type", keyword: "keyword",
};
const entryLooks: Record<Entry["kind"], string> = { function: "function", macro: "keyword", type: "type", constant: "constant", variable: "variable" };

/** The text with its holes as CodeMirror's snippets have them; the cursor goes to the end when they are filled. */
export function templateOf({ text, holes }: Completion["insert"]): string {
    const plain = (part: string) => part.replace(/[{}]/g, "\\$&");
    let template = "";
    let place = 0;
    holes.forEach(({ from, to }, index) => {
        template += `${plain(text.slice(place, from))}\${${index + 1}:${text.slice(from, to).replace(/[{}]/g, "")}}`;
        place = to;
    });
    return `${template}${plain(text.slice(place))}\${0}`;
}

function optionOf(completion: Completion, entry: Entry | undefined): Option {
    const { label, type, signature, kind, insert } = completion;
    return {
        label,
        type: looks[kind],
        detail: type,
        info: () => (entry ? entryElement(entry) : signatureElement(signature, label)),
        apply: insert.holes.length > 0 ? snippet(templateOf(insert)) : insert.text,
        boost: entry !== undefined ? 20 : label.includes("__") || label.startsWith("_") ? -50 : 0,
    };
}

function signatureElement(signature: string, label: string): Node | null {
    if (signature === label || signature === "") {
        return null;
    }
    const pre = document.createElement("pre");
    pre.className = "declaration";
    pre.textContent = signature;
    return pre;
}

/** What begins at the word before the cursor, or a member behind a point or an arrow. */
function beginning(context: CompletionContext): number | undefined {
    if (/Comment|String/.test(syntaxTree(context.state).resolveInner(context.pos, -1).name)) {
        return undefined;
    }
    const word = context.matchBefore(/[A-Za-z_]\w*$/);
    const member = context.matchBefore(/(->|\.)\w*$/);
    if (word === null && member === null && !context.explicit) {
        return undefined;
    }
    const from = word?.from ?? context.pos;
    return context.explicit || member !== null || context.pos - from >= 2 ? from : undefined;
}

/** The arrow keys scroll the list from within the text; what scrolls must have a place for the focus as well, in case they do not. A
 *  list is made anew whenever more is known, so the document is watched rather than the updates. */
const focusableList = ViewPlugin.define(({ dom }) => {
    const observer = new MutationObserver(() => dom.querySelector(".cm-tooltip-autocomplete > ul")?.setAttribute("tabindex", "0"));
    observer.observe(dom, { childList: true, subtree: true });
    return { destroy: () => observer.disconnect() };
});

/** `file` is the name of what is edited. */
export function completion(service: Service, file: () => string): Extension {
    async function fromClang(context: CompletionContext, from: number, names: ReadonlyMap<string, Entry>): Promise<CompletionResult | null> {
        const { doc } = context.state;
        try {
            const completions = await service.complete(file(), doc.toString(), positionOf(doc, from));
            return { from, options: completions.map((each) => optionOf(each, names.get(each.label))), validFor: /^\w*$/ };
        } catch {
            return null; /* a newer one took its place, or clang cannot say */
        }
    }

    async function source(context: CompletionContext): Promise<CompletionResult | null> {
        const from = beginning(context);
        if (from === undefined) {
            return null;
        }
        const names = await loadDocumentation();
        if (service.ready) {
            return fromClang(context, from, names);
        }
        const known = [...names.values()].map((entry) => ({ label: entry.name, type: entryLooks[entry.kind], info: () => entryElement(entry) }));
        const words = await completeAnyWord(context);
        const others = words?.options.filter(({ label }) => !names.has(label)) ?? [];
        return { from, options: [...known, ...others], validFor: /^\w*$/ };
    }

    return [autocompletion({ override: [source], maxRenderedOptions: 60 }), focusableList];
}
