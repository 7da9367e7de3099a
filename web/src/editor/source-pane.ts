/** The source as a part of the page: the editor, the sign that it was edited, and what the compiler says of it. */

import "./editor.css";
import type { Diagnostic } from "../compiler/types.ts";
import { examples } from "../examples.ts";
import { fetchText } from "../fetched.ts";
import { Editor } from "../editor.ts";
import type { Recording } from "../recording.ts";
import { addShortcuts } from "../shortcuts.ts";
import type { Workbench } from "../workbench.ts";
import { Checking } from "./checking.ts";
import { completion } from "./completion.ts";
import { documentationTooltips } from "./documentation.ts";
import { problemsOf } from "./fixes.ts";
import { ProblemList } from "./problem-list.ts";
import { mendHere, nextProblem, previousProblem, problemMarks, showProblems } from "./problems.ts";
import type { Service } from "./service.ts";

interface Parts {
    editor: HTMLElement;
    file: HTMLElement;
    edited: HTMLElement;
    reset: HTMLButtonElement;
    problems: HTMLElement;
}

interface Listener {
    breakpoints(lines: ReadonlySet<number>): void;
    pointed(line: number | undefined): void;
}

export class SourcePane {
    readonly editor: Editor;
    readonly #workbench: Workbench;
    readonly #parts: Parts;
    readonly #checking: Checking;
    readonly #problems: ProblemList;
    /** The example's own text, and whose it is. */
    #original: { example: string | undefined; source: string } | undefined;

    constructor(parts: Parts, workbench: Workbench, service: Service, listener: Listener) {
        this.#parts = parts;
        this.#workbench = workbench;
        this.#problems = new ProblemList(() => void this.#checking.load());
        parts.problems.append(this.#problems.element);
        this.editor = new Editor(parts.editor, { ...listener, edited: () => this.#edited() }, [
            problemMarks((view) => this.#problems.follow(view)),
            completion(service, () => workbench.subject.file),
            documentationTooltips,
        ]);
        this.#checking = new Checking(service, () => workbench.subject, {
            show: (diagnostics) => this.#show(diagnostics),
            changed: (state) => this.#problems.tell(state),
        });
        parts.reset.addEventListener("click", () => void this.reset());
        workbench.on("subject", () => this.#follow());
        workbench.on("ended", ({ recording, ending }) => {
            if (ending.type === "failed") {
                this.#failed(recording, ending.diagnostics ?? []);
            }
        });
        this.#follow();
        const { view } = this.editor;
        addShortcuts(
            { keys: "F8", words: "To the next problem in the source", action: () => nextProblem(view) },
            { keys: "Shift+F8", words: "To the previous problem", action: () => previousProblem(view) },
            { keys: "Control+.", words: "Do what the compiler proposes there", action: () => mendHere(view) },
            ...keys,
        );
    }

    #show(diagnostics: readonly Diagnostic[]): void {
        showProblems(this.editor.view, problemsOf(this.editor.text, this.#workbench.subject.file, diagnostics));
    }

    #failed(recording: Recording, diagnostics: readonly Diagnostic[]): void {
        if (recording.subject !== undefined && diagnostics.length > 0) {
            this.#checking.compiled(recording.subject, diagnostics);
        }
        this.#problems.open();
    }

    /** Brings the example's own text back; that can be undone. */
    async reset(): Promise<void> {
        const { example } = this.#workbench.subject;
        const source = await this.#originalSource().catch(() => undefined); /* without a network nothing is lost */
        if (source !== undefined && example === this.#workbench.subject.example) {
            this.editor.replace(source);
            this.#workbench.change({ source, edited: false });
            this.#checking.edited();
            this.editor.view.focus();
        }
    }

    async #originalSource(): Promise<string | undefined> {
        const { example } = this.#workbench.subject;
        const file = example === undefined ? undefined : examples.get(example)?.source;
        if (this.#original?.example !== example) {
            this.#original = file === undefined ? undefined : { example, source: await fetchText(file) };
        }
        return this.#original?.source;
    }

    /** The person has changed the text. */
    #edited(): void {
        const { source } = this.editor;
        const { example } = this.#workbench.subject;
        const original = this.#original?.example === example ? this.#original?.source : undefined;
        this.#workbench.change({ source, edited: source !== original });
        this.#checking.edited();
    }

    /** Shows the subject's text, if it is not the one that was typed here. */
    #follow(): void {
        const { file, source, example, edited } = this.#workbench.subject;
        if (!edited && source === "" && example !== undefined) {
            return; /* it is on its way */
        }
        if (!edited) {
            this.#original = { example, source };
        }
        if (source !== this.editor.source || file !== this.#parts.file.textContent) {
            this.#parts.file.textContent = file;
            this.editor.show(file, source);
            this.#checking.reset();
            if (edited) {
                this.#checking.edited();
            }
        }
        this.#parts.edited.hidden = !edited;
        this.#parts.reset.hidden = !edited || example === undefined;
    }
}

const keys = [
    { keys: "Control+Space", words: "Complete what is being typed" },
    { keys: "Control+k Control+i", words: "What the headers say of the name here" },
    { keys: "F9", words: "Set or remove a breakpoint" },
    { keys: "Control+f", words: "Search and replace" },
    { keys: "Control+Alt+g", words: "Go to a line" },
    { keys: "Control+/", words: "Make the lines a comment, or code again" },
    { keys: "Control+z", words: "Undo" },
    { keys: ["Control+Shift+z", "Control+y"], words: "Redo" },
    { keys: "Tab", words: "Indent" },
    { keys: "Escape Tab", words: "Leave the editor" },
].map((shortcut) => ({ ...shortcut, group: "Editor, when it has the focus" }));
