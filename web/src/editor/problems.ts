/** Problems in the text: kept at their places while it changes, underlined, told where they are pointed at, gone through by keys. */

import { lintGutter, linter, setDiagnostics } from "@codemirror/lint";
import type { Action } from "@codemirror/lint";
import { StateEffect, StateField } from "@codemirror/state";
import type { ChangeDesc, EditorState, Extension } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { element } from "../elements.ts";
import { positionOf, wordsOfFix } from "./fixes.ts";
import type { Problem } from "./fixes.ts";

const set = StateEffect.define<readonly Problem[]>();

const field = StateField.define<readonly Problem[]>({
    create: () => [],
    update: (problems, transaction) => {
        const effect = transaction.effects.find((each) => each.is(set));
        if (effect?.is(set)) {
            return effect.value;
        }
        return transaction.docChanged ? problems.map((problem) => moved(problem, transaction.changes)) : problems;
    },
});

function moved(problem: Problem, changes: ChangeDesc): Problem {
    return { ...problem, ...movedRange(problem, changes), changes: problem.changes.map((change) => ({ ...change, ...movedRange(change, changes) })) };
}

function movedRange(range: { from: number; to: number }, changes: ChangeDesc): { from: number; to: number } {
    const from = changes.mapPos(range.from, 1);
    return { from, to: Math.max(from, changes.mapPos(range.to, -1)) };
}

export const problemsIn = (state: EditorState) => state.field(field);

/** Shows these instead of those before. */
export function showProblems(view: EditorView, problems: readonly Problem[]): void {
    const marks = problems.map((problem, index) => ({
        from: problem.from,
        to: problem.to,
        severity: problem.diagnostic.severity === "note" ? ("info" as const) : problem.diagnostic.severity,
        message: problem.diagnostic.message,
        renderMessage: () => messageElement(problem),
        actions: actionsOf(view.state, problem, index),
    }));
    const spec = setDiagnostics(view.state, marks);
    view.dispatch({ ...spec, effects: [spec.effects ?? [], set.of(problems)].flat() });
}

function actionsOf(state: EditorState, problem: Problem, index: number): Action[] {
    return problem.changes.length === 0 ? [] : [{ name: wordsOfFix(state.doc, problem.changes), apply: (view) => mend(view, index) }];
}

export function messageElement({ diagnostic }: Problem): HTMLElement {
    const message = element("div", { class: "problem-words" }, element("p", {}, diagnostic.message));
    if (diagnostic.option !== undefined) {
        message.append(element("code", {}, diagnostic.option));
    }
    if (diagnostic.notes.length > 0) {
        const notes = diagnostic.notes.map((note) => element("li", {}, `${note.message} `, element("span", {}, placeOf(note.file, note.from.line))));
        message.append(element("ul", {}, ...notes));
    }
    return message;
}

const placeOf = (file: string, line: number) => `(${file.split("/").at(-1)}:${line})`;

/** Does what clang proposes for one of the problems. It is gone then, until the next check says otherwise. */
export function mend(view: EditorView, index: number): void {
    const problem = problemsIn(view.state)[index];
    if (problem === undefined || problem.changes.length === 0) {
        return;
    }
    const words = wordsOfFix(view.state.doc, problem.changes);
    view.dispatch({ changes: [...problem.changes], effects: EditorView.announce.of(`Done: ${words}`), userEvent: "input.fix" });
    showProblems(view, problemsIn(view.state).filter((_, place) => place !== index));
    view.focus();
}

/** Goes to a problem and says what it is. */
export function goTo(view: EditorView, problem: Problem): void {
    view.dispatch({
        selection: { anchor: problem.from },
        effects: [EditorView.scrollIntoView(problem.from, { y: "nearest", yMargin: 60 }), EditorView.announce.of(spoken(view.state, problem))],
    });
    view.focus();
}

function spoken(state: EditorState, problem: Problem): string {
    const fix = problem.changes.length > 0 ? ` Control and period: ${wordsOfFix(state.doc, problem.changes)}.` : "";
    return `${problem.diagnostic.severity}, line ${positionOf(state.doc, problem.from).line}: ${problem.diagnostic.message}.${fix}`;
}

/** To the next one behind the cursor or before it, and around the end. */
function step(view: EditorView, way: 1 | -1): boolean {
    const problems = problemsIn(view.state);
    const { head } = view.state.selection.main;
    const next =
        way === 1
            ? (problems.find(({ from }) => from > head) ?? problems[0])
            : (problems.findLast(({ from }) => from < head) ?? problems.at(-1));
    if (next === undefined) {
        view.dispatch({ effects: EditorView.announce.of("No problems") });
    } else {
        goTo(view, next);
    }
    return true;
}

/** Mends the first problem with a proposal that is at the cursor, else in its line. */
export function mendHere(view: EditorView): boolean {
    const { head } = view.state.selection.main;
    const line = view.state.doc.lineAt(head);
    const problems = problemsIn(view.state);
    const proposed = (problem: Problem) => problem.changes.length > 0;
    const at = problems.findIndex((problem) => proposed(problem) && problem.from <= head && problem.to >= head);
    const index = at >= 0 ? at : problems.findIndex((problem) => proposed(problem) && problem.from <= line.to && problem.to >= line.from);
    if (index >= 0) {
        mend(view, index);
    } else {
        view.dispatch({ effects: EditorView.announce.of("No proposal for this line") });
    }
    return true;
}

export const nextProblem = (view: EditorView) => step(view, 1);
export const previousProblem = (view: EditorView) => step(view, -1);

/** `changed` is called when there are others, or they have moved. */
export function problemMarks(changed: (view: EditorView) => void): Extension {
    return [
        field,
        linter(null),
        lintGutter(),
        keymap.of([
            { key: "F8", run: nextProblem, shift: previousProblem },
            { key: "Mod-.", run: mendHere },
        ]),
        EditorView.updateListener.of(({ startState, state, view }) => {
            if (startState.field(field, false) !== state.field(field)) {
                changed(view);
            }
        }),
    ];
}
