/** The twin's text: shown, edited, and lit where the timeline points. */

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, drawSelection, keymap, lineNumbers } from "@codemirror/view";
import { colours } from "../editor/language.ts";

const light = StateEffect.define<number | undefined>();
const mark = Decoration.line({ class: "lit" });

/** The line that is lit, as long as the text stays as it is. */
const lit = StateField.define({
    create: () => Decoration.none,
    update(marks, { effects, docChanged, newDoc }) {
        let next = docChanged ? Decoration.none : marks;
        for (const effect of effects) {
            if (effect.is(light)) {
                const line = effect.value;
                next = line !== undefined && line >= 1 && line <= newDoc.lines ? Decoration.set(mark.range(newDoc.line(line).from)) : Decoration.none;
            }
        }
        return next;
    },
    provide: (field) => EditorView.decorations.from(field),
});

export class PythonSource {
    readonly #view: EditorView;
    readonly #name = new Compartment();
    /** The text changes since another is shown, and not by the person. */
    #showing = false;

    constructor(parent: HTMLElement, onEdit: () => void) {
        this.#view = new EditorView({
            parent,
            state: EditorState.create({
                extensions: [
                    lineNumbers(),
                    drawSelection(),
                    bracketMatching(),
                    history(),
                    python(),
                    indentUnit.of("    "),
                    syntaxHighlighting(colours),
                    keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
                    lit,
                    this.#name.of([]),
                    EditorView.updateListener.of((update) => {
                        if (update.docChanged && !this.#showing) {
                            onEdit();
                        }
                    }),
                ],
            }),
        });
    }

    get text(): string {
        return this.#view.state.doc.toString();
    }

    show(file: string, text: string): void {
        this.#showing = true;
        this.#view.dispatch({
            changes: { from: 0, to: this.#view.state.doc.length, insert: text },
            selection: { anchor: 0 },
            effects: this.#name.reconfigure(EditorView.contentAttributes.of({ "aria-label": `Python source ${file}`, "tabindex": "0" })),
        });
        this.#showing = false;
        this.#view.scrollDOM.scrollTop = 0;
    }

    light(line: number | undefined): void {
        this.#view.dispatch({ effects: light.of(line) });
    }

    measure(): void {
        this.#view.requestMeasure();
    }
}
