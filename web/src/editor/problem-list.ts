/** The strip below the editor: how the check stands, the compiler on its way, and a list of the problems that it found. */

import type { EditorView } from "@codemirror/view";
import { button, element, icon } from "../elements.ts";
import { megabytes } from "../format.ts";
import type { State } from "./checking.ts";
import { countsOf, positionOf, wordsOfFix } from "./fixes.ts";
import type { Problem } from "./fixes.ts";
import { goTo, mend, problemsIn } from "./problems.ts";

const signs = { error: "✕", warning: "▲", note: "i" } as const;

export class ProblemList {
    readonly element: HTMLElement;
    readonly #status = element("p", { class: "check-status", role: "status", "aria-label": "Problems" });
    readonly #progress = element("progress", { "aria-label": "Compiler", hidden: true });
    readonly #retry: HTMLButtonElement;
    readonly #toggle: HTMLButtonElement;
    readonly #list = element("ul", { id: "problem-list", class: "problem-list", "aria-label": "Problems", hidden: true });
    #problems: readonly Problem[] = [];
    #state: State = { type: "unused" };
    /** Whether what is shown was found in this program. */
    #checked = false;
    #open = false;

    constructor(retry: () => void) {
        this.#retry = button("Retry", { class: "small" }, retry);
        this.#toggle = button("List", { class: "small", "aria-expanded": "false", "aria-controls": "problem-list" }, () => this.#setOpen(!this.#open));
        this.element = element("div", { class: "problems" },
            element("div", { class: "check" }, this.#status, this.#progress, this.#retry, this.#toggle), this.#list);
        this.#update();
    }

    /** Opens the list, where there is anything in it. */
    open(): void {
        this.#setOpen(true);
    }

    follow(view: EditorView): void {
        this.#problems = problemsIn(view.state);
        this.#list.replaceChildren(...this.#problems.map((problem, index) => entry(view, problem, index)));
        this.#update();
    }

    tell(state: State): void {
        this.#state = state;
        this.#checked = state.type === "checked" || (state.type === "checking" && this.#checked);
        this.#update();
    }

    #setOpen(open: boolean): void {
        this.#open = open;
        this.#update();
    }

    #update(): void {
        const { type } = this.#state;
        const listed = this.#problems.length > 0;
        this.#list.hidden = !this.#open || !listed;
        this.#toggle.hidden = !listed;
        this.#toggle.setAttribute("aria-expanded", String(this.#open && listed));
        this.#toggle.replaceChildren(this.#open ? "Hide" : "List", icon(this.#open ? "m4 6 4 4 4-4" : "m4 10 4-4 4 4", 12));
        this.#retry.hidden = type !== "unloaded" && type !== "failed";
        this.#progress.hidden = type !== "loading";
        if (this.#state.type === "loading" && this.#state.progress?.phase === "downloading" && this.#state.progress.total > 0) {
            this.#progress.max = this.#state.progress.total;
            this.#progress.value = this.#state.progress.loaded;
        } else {
            this.#progress.removeAttribute("value");
        }
        /* While it is checked again the old count stands, and only another one is read out. */
        const words = type === "checking" && !this.#checked ? "Checking…" : wordsOf(this.#state, this.#problems);
        if (this.#status.textContent !== words) {
            this.#status.textContent = words;
        }
        this.#status.dataset["state"] = type === "unloaded" || type === "failed" ? "error" : worst(this.#problems, this.#checked);
    }
}

function worst(problems: readonly Problem[], checked: boolean): string {
    const has = (severity: string) => problems.some(({ diagnostic }) => diagnostic.severity === severity);
    return has("error") ? "error" : has("warning") ? "warning" : checked ? "good" : "";
}

function wordsOf(state: State, problems: readonly Problem[]): string {
    switch (state.type) {
        case "unused":
            return "Edit the program: it is checked as you type.";
        case "loading":
            return state.progress?.phase === "downloading" && state.progress.total > 0
                ? `clang 22, ${megabytes(state.progress.total)}, kept for the next visit`
                : "clang 22 starts…";
        case "unloaded":
            return `clang could not be loaded: ${state.message}`;
        case "failed":
            return `The check failed: ${state.message}`;
        default:
            return countsOf(problems);
    }
}

function entry(view: EditorView, problem: Problem, index: number): HTMLElement {
    const { severity, message, option } = problem.diagnostic;
    const { line, column } = positionOf(view.state.doc, problem.from);
    const go = element("button", { type: "button", class: "go" },
        element("span", { class: "sign", "data-severity": severity, "aria-hidden": "true" }, signs[severity]),
        element("span", { class: "unseen" }, `${severity}: `),
        element("span", { class: "words" }, message, ...(option === undefined ? [] : [" ", element("code", {}, option)])),
        element("span", { class: "place" }, `${line}:${column}`));
    go.addEventListener("click", () => goTo(view, problem));
    const item = element("li", {}, go);
    if (problem.changes.length > 0) {
        item.append(button(wordsOfFix(view.state.doc, problem.changes), { class: "small fix", title: "Ctrl+." }, () => mend(view, index)));
    }
    return item;
}
