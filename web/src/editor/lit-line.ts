/** The line that something outside of the editor points at, and the line that the person points at or stands in here. */

import { StateEffect, StateField } from "@codemirror/state";
import type { Extension } from "@codemirror/state";
import { Decoration, EditorView } from "@codemirror/view";
import type { DecorationSet } from "@codemirror/view";

const light = StateEffect.define<number | undefined>();
const lit = Decoration.line({ class: "cm-lit" });

const field = StateField.define<DecorationSet>({
    create: () => Decoration.none,
    update: (old, transaction) => {
        const effect = transaction.effects.find((each) => each.is(light));
        if (!effect?.is(light)) {
            return old.map(transaction.changes);
        }
        const { doc } = transaction.state;
        return effect.value === undefined || effect.value < 1 || effect.value > doc.lines
            ? Decoration.none
            : Decoration.set(lit.range(doc.line(effect.value).from));
    },
    provide: (self) => EditorView.decorations.from(self),
});

export const lightLine = (line: number | undefined) => light.of(line);

/** `pointed` hears of the line under the mouse, else of the one with the cursor while the editor has the focus. */
export function litLine(pointed: (line: number | undefined) => void): Extension {
    let last: number | undefined;
    const tell = (line: number | undefined) => {
        if (line !== last) {
            last = line;
            pointed(line);
        }
    };
    const cursorLine = (view: EditorView) => (view.hasFocus ? view.state.doc.lineAt(view.state.selection.main.head).number : undefined);
    return [
        field,
        EditorView.domEventHandlers({
            mousemove: (event, view) => {
                const place = view.posAtCoords({ x: event.clientX, y: event.clientY }, false);
                tell(view.state.doc.lineAt(place).number);
            },
            mouseleave: (_, view) => tell(cursorLine(view)),
        }),
        EditorView.updateListener.of((update) => {
            if (update.selectionSet || update.focusChanged || update.docChanged) {
                tell(cursorLine(update.view));
            }
        }),
    ];
}
