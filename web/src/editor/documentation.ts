/** What the headers say of weft's names: shown where one is pointed at, or stands at the cursor, and beside completions. */

import { EditorView, hoverTooltip, keymap, showTooltip } from "@codemirror/view";
import type { Tooltip } from "@codemirror/view";
import { StateEffect, StateField } from "@codemirror/state";
import type { EditorState, Extension } from "@codemirror/state";
import { element } from "../elements.ts";

export interface Entry {
    name: string;
    kind: "function" | "macro" | "type" | "constant" | "variable";
    /** As C has it. */
    declaration: string;
    /** The words of the header. Lines that begin with four spaces are code; an empty line ends a paragraph. */
    comment: string;
    /** What it is in Python. */
    python?: string;
    /** "weft/semaphore.h" */
    header: string;
    /** Examples that use it. */
    examples?: string[];
}

let loading: Promise<ReadonlyMap<string, Entry>> | undefined;

/** All that there is, by name; none where it cannot be had. Loaded when it is first asked for. */
export function loadDocumentation(): Promise<ReadonlyMap<string, Entry>> {
    loading ??= fetch("./documentation.json")
        .then(async (response) => new Map(((await response.json()) as Entry[]).map((entry) => [entry.name, entry])))
        .catch(() => {
            loading = undefined;
            return new Map<string, Entry>();
        });
    return loading;
}

/** The name of weft's around a place. */
export function nameAt(state: EditorState, place: number): { name: string; from: number; to: number } | undefined {
    const word = state.wordAt(place);
    const name = word && state.sliceDoc(word.from, word.to);
    return word && name && /^(weft|WEFT)_\w/.test(name) ? { name, from: word.from, to: word.to } : undefined;
}

/** A comment as paragraphs, in which code stands apart and in backquotes. */
export function commentElements(comment: string): HTMLElement[] {
    return comment
        .split(/\n\n+/)
        .flatMap((paragraph) => paragraph.split(/\n(?= {4})|(?<=\n {4}.*)\n(?! {4})/))
        .reduce<string[]>((blocks, block) => {
            const last = blocks.at(-1);
            return last?.startsWith("    ") && block.startsWith("    ") ? [...blocks.slice(0, -1), `${last}\n${block}`] : [...blocks, block];
        }, [])
        .map((block) =>
            block.startsWith("    ")
                ? element("pre", {}, block.replace(/^ {4}/gm, ""))
                : element("p", {}, ...block.split("`").map((part, index) => (index % 2 === 1 ? element("code", {}, part) : part))),
        );
}

export function entryElement(entry: Entry): HTMLElement {
    const facts = element("dl", { class: "facts" });
    const add = (term: string, ...words: (string | Node)[]) => facts.append(element("dt", {}, term), element("dd", {}, ...words));
    if (entry.python !== undefined) {
        add("In Python", element("code", {}, entry.python));
    }
    if (entry.examples !== undefined) {
        const links = entry.examples.map((name) => element("a", { href: new URL(`#${name}`, location.href).href }, name));
        add("In the examples", ...links.flatMap((link, index) => (index > 0 ? [", ", link] : [link])));
    }
    add("In", element("code", {}, `<${entry.header}>`));
    return element("div", { class: "documentation" }, element("pre", { class: "declaration" }, entry.declaration), ...commentElements(entry.comment), facts);
}

async function tooltipAt(state: EditorState, place: number): Promise<(Tooltip & { words: string }) | null> {
    const found = nameAt(state, place);
    const entry = found && (await loadDocumentation()).get(found.name);
    return entry === undefined
        ? null
        : {
              pos: found!.from,
              end: found!.to,
              above: true,
              create: () => ({ dom: entryElement(entry) }),
              words: `${entry.declaration}. ${entry.comment}`,
          };
}

// --- By the keyboard ---

const show = StateEffect.define<Tooltip | null>();

/** Shown until the cursor moves, the text changes, or Escape is pressed. */
const shown = StateField.define<Tooltip | null>({
    create: () => null,
    update: (tooltip, transaction) => {
        const asked = transaction.effects.find((effect) => effect.is(show));
        return asked?.is(show) ? asked.value : transaction.docChanged || transaction.selection ? null : tooltip;
    },
    provide: (field) => showTooltip.from(field),
});

function showAtCursor(view: EditorView): boolean {
    const { state } = view;
    void tooltipAt(state, state.selection.main.head).then((tooltip) => {
        if (view.state.doc === state.doc) {
            const words = tooltip?.words ?? "There is no documentation here.";
            view.dispatch({ effects: [show.of(tooltip), EditorView.announce.of(words)] });
        }
    });
    return true;
}

function hide(view: EditorView): boolean {
    const open = view.state.field(shown) !== null;
    if (open) {
        view.dispatch({ effects: show.of(null) });
    }
    return open;
}

export const documentationTooltips: Extension = [
    hoverTooltip((view, place) => tooltipAt(view.state, place), { hideOnChange: true }),
    shown,
    keymap.of([
        { key: "Mod-k Mod-i", run: showAtCursor },
        { key: "Escape", run: hide },
    ]),
];
