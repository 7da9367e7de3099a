/** The view of the C source. */

import { defaultKeymap } from "@codemirror/commands";
import { cpp } from "@codemirror/lang-cpp";
import { HighlightStyle, bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/* The colours are variables of the style sheet: they follow the scheme and have the contrast that the page promises. */
export const colours = HighlightStyle.define([
    { tag: [tags.keyword, tags.modifier, tags.controlKeyword, tags.definitionKeyword], color: "var(--code-keyword)" },
    { tag: [tags.typeName, tags.standard(tags.typeName)], color: "var(--code-type)" },
    { tag: [tags.string, tags.character, tags.special(tags.string)], color: "var(--code-string)" },
    { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
    { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: "var(--code-call)" },
    { tag: [tags.processingInstruction, tags.meta], color: "var(--code-directive)" },
    { tag: [tags.comment], color: "var(--code-comment)", fontStyle: "italic" },
]);

export class Editor {
    readonly #view: EditorView;
    readonly #name = new Compartment();

    constructor(parent: HTMLElement) {
        this.#view = new EditorView({
            parent,
            state: EditorState.create({
                extensions: [
                    lineNumbers(),
                    highlightActiveLine(),
                    highlightActiveLineGutter(),
                    drawSelection(),
                    bracketMatching(),
                    cpp(),
                    syntaxHighlighting(colours),
                    keymap.of(defaultKeymap),
                    EditorState.readOnly.of(true),
                    EditorState.tabSize.of(4),
                    this.#name.of(named("Source")),
                ],
            }),
        });
    }

    /** To be called when it was moved to another place. */
    measure(): void {
        this.#view.requestMeasure();
    }

    show(name: string, source: string): void {
        this.#view.dispatch({
            changes: { from: 0, to: this.#view.state.doc.length, insert: source },
            selection: { anchor: 0 },
            effects: this.#name.reconfigure(named(`Source of ${name}`)),
        });
        this.#view.scrollDOM.scrollTop = 0;
    }
}

/** The editor's accessible name; reading must not call a phone's keyboard. */
function named(label: string) {
    return EditorView.contentAttributes.of({ "aria-label": label, "aria-readonly": "true", "inputmode": "none", "tabindex": "0" });
}
