/** The editor of the C source. */

import { closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { search, searchKeymap, searchPanelOpen } from "@codemirror/search";
import { Compartment, EditorSelection, EditorState, Transaction } from "@codemirror/state";
import type { Extension, Text } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { breakpointGutter, breakpointLines } from "./editor/breakpoints.ts";
import { c } from "./editor/language.ts";
import { lightLine, litLine } from "./editor/lit-line.ts";
import { showTasks, taskGutter } from "./editor/task-marks.ts";
import type { TaskMark } from "./editor/task-marks.ts";

export interface EditorListener {
    /** The person, or a fix, has changed the text. */
    edited(): void;
    /** The lines with a breakpoint are others. */
    breakpoints(lines: ReadonlySet<number>): void;
    /** The line that is pointed at, or has the cursor. */
    pointed(line: number | undefined): void;
}

export class Editor {
    readonly view: EditorView;
    readonly #name = new Compartment();
    readonly #extensions: Extension;

    /** `more` is what further parts add to the editor. */
    constructor(parent: HTMLElement, listener: EditorListener, more: Extension = []) {
        this.#extensions = [
            breakpointGutter((lines) => listener.breakpoints(lines)),
            lineNumbers(),
            taskGutter,
            highlightActiveLine(),
            highlightActiveLineGutter(),
            drawSelection(),
            history(),
            search({ top: true }),
            c,
            litLine((line) => listener.pointed(line)),
            more,
            keymap.of([...closeBracketsKeymap, ...pageKeysLeft(defaultKeymap), ...searchKeymap, ...historyKeymap, indentWithTab]),
            tabLeavesUntilUsed,
            tabLeavesAfterSearch,
            EditorView.updateListener.of(({ transactions }) => {
                if (transactions.some((each) => each.docChanged && each.annotation(Transaction.remote) !== true)) {
                    listener.edited();
                }
            }),
        ];
        this.view = new EditorView({ parent, state: this.#state("Source", "") });
    }

    #state(label: string, source: string): EditorState {
        const name = this.#name.of(
            EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0", autocapitalize: "off", autocorrect: "off", spellcheck: "false" }),
        );
        return EditorState.create({ doc: source, extensions: [this.#extensions, name] });
    }

    /** To be called when it was moved to another place. */
    measure(): void {
        this.view.requestMeasure();
    }

    get text(): Text {
        return this.view.state.doc;
    }

    get source(): string {
        return this.text.toString();
    }

    /** Shows another program: what was done to the one before cannot be undone here. */
    show(file: string, source: string): void {
        this.view.setState(this.#state(`Source of ${file}`, source));
        this.view.scrollDOM.scrollTop = 0;
    }

    /** Puts another text in place of this one, as something that can be undone; `edited` is not told. */
    replace(source: string): void {
        this.view.dispatch({
            changes: { from: 0, to: this.text.length, insert: source },
            selection: { anchor: 0 },
            annotations: Transaction.remote.of(true),
        });
    }

    /** Goes to a line, from 1. */
    reveal(line: number): void {
        const { from } = this.text.line(Math.min(Math.max(line, 1), this.text.lines));
        this.view.dispatch({ selection: EditorSelection.cursor(from), effects: EditorView.scrollIntoView(from, { y: "center" }) });
        this.view.focus();
    }

    /** Lights a line that is pointed at elsewhere. */
    light(line: number | undefined): void {
        this.view.dispatch({ effects: lightLine(line) });
    }

    /** Shows where the tasks stand. */
    showTasks(marks: readonly TaskMark[]): void {
        this.view.dispatch({ effects: showTasks(marks) });
    }

    get breakpoints(): ReadonlySet<number> {
        return breakpointLines(this.view.state);
    }
}

/** Ctrl+Enter is the page's: it runs the program. */
function pageKeysLeft(keys: typeof defaultKeymap): typeof defaultKeymap {
    return keys.filter(({ key }) => key !== "Mod-Enter");
}

/** Escape makes Tab leave for a while; one that closes the search does so, too. */
const tabLeavesAfterSearch = EditorView.domEventObservers({
    keydown: ({ key }, view) => {
        if (key === "Escape" && searchPanelOpen(view.state)) {
            view.setTabFocusMode(2000);
        }
    },
});

/** Who comes by with Tab goes on with Tab; it indents once another key was pressed or a place was pointed at. */
const tabLeavesUntilUsed = (() => {
    let pointed = false;
    let left = false;
    return EditorView.domEventHandlers({
        mousedown: (_, view) => {
            pointed = true;
            view.setTabFocusMode(false);
        },
        focus: (_, view) => {
            if (!pointed && !left) {
                view.setTabFocusMode(24 * 60 * 60 * 1000);
            }
            pointed = left = false;
        },
        /* The window was left, not the editor. */
        blur: (_, view) => {
            left = view.contentDOM === view.contentDOM.ownerDocument.activeElement;
        },
    });
})();
