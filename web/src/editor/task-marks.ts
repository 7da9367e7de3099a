/** Where the tasks stand: a sign in the margin of each line at which one does, and the line that runs. */

import { RangeSet, StateEffect, StateField } from "@codemirror/state";
import type { Extension, Text } from "@codemirror/state";
import { Decoration, EditorView, GutterMarker, gutter } from "@codemirror/view";
import type { DecorationSet } from "@codemirror/view";

export interface TaskMark {
    /** From 1. */
    line: number;
    /** Its number. */
    task: number;
    running: boolean;
    /** What it is and does there: "fetch Task-3 waits for semaphore 1". */
    label: string;
    /** What its bar on the timeline looks like. */
    look: "running" | "ready" | "time" | "tasks" | "locks" | "outside";
}

class TaskSign extends GutterMarker {
    readonly #text: string;
    readonly #look: string;
    readonly #title: string;

    constructor(marks: readonly TaskMark[]) {
        super();
        const looks = new Set(marks.map(({ look }) => look));
        this.#text = marks.length === 1 ? String(marks[0]!.task) : `×${marks.length}`;
        this.#look = looks.has("running") ? "running" : looks.size === 1 ? marks[0]!.look : "several";
        this.#title = titleOf(marks);
    }

    override eq(other: GutterMarker): boolean {
        return other instanceof TaskSign && other.#text === this.#text && other.#look === this.#look && other.#title === this.#title;
    }

    override toDOM(): Node {
        const sign = document.createElement("span");
        sign.className = "cm-task";
        sign.dataset["look"] = this.#look;
        sign.textContent = this.#text;
        sign.title = this.#title;
        return sign;
    }
}

const listed = 12;

function titleOf(marks: readonly TaskMark[]): string {
    const more = marks.length > listed ? [`and ${marks.length - listed} more`] : [];
    return [...marks.slice(0, listed).map(({ label }) => label), ...more].join("\n");
}

interface Shown {
    signs: RangeSet<GutterMarker>;
    lines: DecorationSet;
}

const set = StateEffect.define<readonly TaskMark[]>();
const running = Decoration.line({ class: "cm-running" });

function shownOf(doc: Text, marks: readonly TaskMark[]): Shown {
    const byLine = new Map<number, TaskMark[]>();
    for (const mark of marks) {
        if (mark.line >= 1 && mark.line <= doc.lines) {
            const there = byLine.get(mark.line);
            if (there === undefined) {
                byLine.set(mark.line, [mark]);
            } else {
                there.push(mark);
            }
        }
    }
    const lines = [...byLine].sort(([a], [b]) => a - b);
    return {
        signs: RangeSet.of(lines.map(([line, there]) => new TaskSign(there).range(doc.line(line).from))),
        lines: Decoration.set(lines.filter(([, there]) => there.some((mark) => mark.running)).map(([line]) => running.range(doc.line(line).from))),
    };
}

const field = StateField.define<Shown>({
    create: () => ({ signs: RangeSet.empty, lines: Decoration.none }),
    update: (shown, transaction) => {
        const effect = transaction.effects.find((each) => each.is(set));
        if (effect?.is(set)) {
            return shownOf(transaction.state.doc, effect.value);
        }
        return transaction.docChanged ? { signs: shown.signs.map(transaction.changes), lines: shown.lines.map(transaction.changes) } : shown;
    },
    provide: (self) => EditorView.decorations.from(self, ({ lines }) => lines),
});

class Spacer extends GutterMarker {
    override toDOM(): Node {
        const sign = document.createElement("span");
        sign.className = "cm-task";
        sign.textContent = "×99";
        return sign;
    }
}

export const taskGutter: Extension = [
    field,
    gutter({ class: "cm-tasks", markers: (view) => view.state.field(field).signs, initialSpacer: () => new Spacer() }),
];

export const showTasks = (marks: readonly TaskMark[]) => set.of(marks);
