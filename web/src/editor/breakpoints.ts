/** Breakpoints in the margin: set by a click there or by F9, moved along with their lines when the text changes. */

import { RangeSet, StateEffect, StateField } from "@codemirror/state";
import type { EditorState, Extension } from "@codemirror/state";
import { EditorView, GutterMarker, gutter, keymap } from "@codemirror/view";

const toggle = StateEffect.define<number>({ map: (place, changes) => changes.mapPos(place) });

class Breakpoint extends GutterMarker {
    override toDOM(): Node {
        const dot = document.createElement("span");
        dot.className = "cm-breakpoint";
        dot.title = "Breakpoint";
        return dot;
    }
}
const breakpoint = new Breakpoint();

const field = StateField.define<RangeSet<GutterMarker>>({
    create: () => RangeSet.empty,
    update: (old, transaction) => {
        let set = atLineStarts(old.map(transaction.changes), transaction.state);
        for (const effect of transaction.effects) {
            if (effect.is(toggle)) {
                const { from } = transaction.state.doc.lineAt(effect.value);
                const there = has(set, from);
                set = set.update(there ? { filter: (place) => place !== from } : { add: [breakpoint.range(from)] });
            }
        }
        return set;
    },
});

/** Lines that were joined have one breakpoint together; one whose beginning was changed keeps it at its beginning. */
function atLineStarts(set: RangeSet<GutterMarker>, state: EditorState): RangeSet<GutterMarker> {
    const places = new Set<number>();
    let moved = false;
    for (const cursor = set.iter(); cursor.value !== null; cursor.next()) {
        const { from } = state.doc.lineAt(cursor.from);
        moved ||= from !== cursor.from || places.has(from);
        places.add(from);
    }
    return moved ? RangeSet.of([...places].sort((a, b) => a - b).map((place) => breakpoint.range(place))) : set;
}

function has(set: RangeSet<GutterMarker>, from: number): boolean {
    let there = false;
    set.between(from, from, () => {
        there = true;
        return false;
    });
    return there;
}

function toggleAt(view: EditorView, place: number): void {
    const line = view.state.doc.lineAt(place);
    const words = has(view.state.field(field), line.from) ? "No breakpoint" : "Breakpoint";
    view.dispatch({ effects: [toggle.of(line.from), EditorView.announce.of(`${words} at line ${line.number}`)] });
}

/** The lines with a breakpoint, from 1. */
export function breakpointLines(state: EditorState): ReadonlySet<number> {
    const lines = new Set<number>();
    for (const cursor = state.field(field).iter(); cursor.value !== null; cursor.next()) {
        lines.add(state.doc.lineAt(cursor.from).number);
    }
    return lines;
}

/** `changed` is called with the lines whenever they are others. */
export function breakpointGutter(changed: (lines: ReadonlySet<number>) => void): Extension {
    return [
        field,
        gutter({
            class: "cm-breakpoints",
            renderEmptyElements: true,
            markers: (view) => view.state.field(field),
            initialSpacer: () => breakpoint,
            domEventHandlers: {
                mousedown: (view, block) => {
                    toggleAt(view, block.from);
                    return true;
                },
            },
        }),
        keymap.of([
            {
                key: "F9",
                run: (view) => {
                    toggleAt(view, view.state.selection.main.head);
                    return true;
                },
            },
        ]),
        EditorView.updateListener.of(({ startState, state }) => {
            const before = startState.field(field, false);
            if (before !== undefined && before !== state.field(field)) {
                const [old, lines] = [breakpointLines(startState), breakpointLines(state)];
                if (old.size !== lines.size || [...lines].some((line) => !old.has(line))) {
                    changed(lines);
                }
            }
        }),
    ];
}
