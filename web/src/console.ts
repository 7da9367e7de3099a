/** The console: what the program prints and how it ends. It keeps the newest lines; a flood costs a bounded amount of memory. */

import { namedPlaces } from "./editor/places.ts";
import { baseName, count, instant } from "./format.ts";
import type { ErrorReport } from "./protocol.ts";

const lineLimit = 2000;
const lengthLimit = 2000;

export type LineKind = "stdout" | "stderr" | "note" | "error" | "traceback";

interface Line {
    text: string;
    kind: LineKind;
    time: number | undefined;
    /** Characters that the program had printed before it; undefined for what the page says. */
    at?: number;
}

export class Console {
    readonly #log: HTMLElement;
    /** Whole lines that are not shown yet. */
    #pending: Line[] = [];
    /** The beginning of a line whose end was not printed yet, and its place if it is shown. */
    #open: Line | undefined;
    #openElement: HTMLElement | undefined;
    #dropped = 0;
    #droppedNote: HTMLElement | undefined;
    #frame = 0;
    /** Characters that the program has printed. */
    #printed = 0;
    #markedAfter = Infinity;

    /** The file that is edited, and what goes to a line of it: where an output names one, that is a button. */
    places: { file(): string; reveal(line: number): void } | undefined;

    constructor(log: HTMLElement) {
        this.#log = log;
    }

    clear(): void {
        this.#pending = [];
        this.#open = this.#openElement = this.#droppedNote = undefined;
        this.#dropped = this.#printed = 0;
        this.#markedAfter = Infinity;
        this.#log.replaceChildren();
    }

    print(text: string, stream: "stdout" | "stderr", time: number): void {
        const pieces = text.split("\n");
        pieces.forEach((piece, index) => {
            if (this.#open !== undefined && this.#open.kind !== stream) {
                this.#endLine();
            }
            if (piece !== "" || index < pieces.length - 1) {
                this.#open ??= { text: "", kind: stream, time, at: this.#printed };
                this.#open.text = limited(this.#open.text + piece);
            }
            this.#printed += piece.length;
            if (index < pieces.length - 1) {
                this.#printed++;
                this.#endLine();
            }
        });
        this.#schedule();
    }

    note(text: string): void {
        this.#line({ text, kind: "note", time: undefined });
    }

    /** The program has printed so many characters that nobody has. */
    leftOut(characters: number): void {
        this.note(`${characters.toLocaleString("en")} characters left out: the program prints faster than can be shown.`);
        this.#printed += characters;
    }

    /** An error as Python shows it: the way it took, outermost first, then what it was; the errors of a group below. */
    error(report: ErrorReport, depth = 0): void {
        const indent = "    ".repeat(depth);
        if (report.traceback.length > 0) {
            this.#line({ text: `${indent}Traceback (outermost first):`, kind: "traceback", time: undefined });
            for (const { function: name, file, line } of report.traceback) {
                this.#line({ text: `${indent}  ${name}, ${baseName(file)} line ${line}`, kind: "traceback", time: undefined });
            }
        }
        this.#line({ text: `${indent}${report.name}: ${report.message}`, kind: "error", time: undefined });
        for (const inner of report.errors) {
            this.error(inner, depth + 1);
        }
    }

    /** Marks the lines that begin after so many characters of output: they are not printed yet at the instant that is looked at. */
    markAfter(characters: number): void {
        if (characters !== this.#markedAfter) {
            this.#markedAfter = characters;
            for (const line of this.#log.children) {
                this.#mark(line as HTMLElement);
            }
        }
    }

    #mark(line: HTMLElement): void {
        line.classList.toggle("later", Number(line.dataset["at"] ?? -1) >= this.#markedAfter);
    }

    #line(line: Line): void {
        this.#endLine();
        this.#pending.push(line);
        this.#schedule();
    }

    #endLine(): void {
        if (this.#open !== undefined) {
            this.#pending.push(this.#open);
            this.#open = undefined;
            /* Twice what is shown is kept at most until it is. */
            if (this.#pending.length > 2 * lineLimit) {
                this.#dropped += this.#pending.splice(0, lineLimit).length;
            }
        }
    }

    #schedule(): void {
        this.#frame ||= requestAnimationFrame(() => {
            this.#frame = 0;
            this.#show();
        });
    }

    /** Shows all that was printed now, and not in the next frame. */
    flush(): void {
        cancelAnimationFrame(this.#frame);
        this.#frame = 0;
        this.#show();
    }

    #show(): void {
        const log = this.#log;
        const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 30;
        this.#dropped += Math.max(0, this.#pending.length - lineLimit);
        const lines = this.#pending.slice(-lineLimit);
        this.#pending = [];
        this.#openElement?.remove();
        const elements = lines.map((line) => this.#element(line));
        elements.forEach((line) => this.#mark(line));
        log.append(...elements);
        this.#openElement = this.#open && this.#element(this.#open);
        if (this.#openElement) {
            log.append(this.#openElement);
        }
        this.#dropOld();
        if (atEnd) {
            log.scrollTop = log.scrollHeight;
        }
    }

    #element({ text, kind, time, at }: Line): HTMLElement {
        const element = document.createElement("div");
        element.className = kind;
        const { places } = this;
        element.append(
            ...(places === undefined ? [text] : namedPlaces(text, places.file())).map((piece) =>
                typeof piece === "string" ? piece : placeButton(piece.text, () => places!.reveal(piece.line)),
            ),
        );
        if (time !== undefined) {
            element.dataset["time"] = instant(time);
        }
        if (at !== undefined) {
            element.dataset["at"] = String(at);
        }
        return element;
    }

    #dropOld(): void {
        let shown = this.#log.childElementCount - (this.#droppedNote ? 1 : 0);
        while (shown > lineLimit) {
            (this.#droppedNote?.nextElementSibling ?? this.#log.firstElementChild)?.remove();
            shown--;
            this.#dropped++;
        }
        if (this.#dropped > 0) {
            this.#droppedNote ??= this.#element({ text: "", kind: "note", time: undefined });
            this.#droppedNote.textContent = `${count(this.#dropped, "earlier line")} not kept.`;
            if (this.#log.firstElementChild !== this.#droppedNote) {
                this.#log.prepend(this.#droppedNote);
            }
        }
    }
}

function placeButton(text: string, onClick: () => void): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "place";
    button.textContent = text;
    button.addEventListener("click", onClick);
    return button;
}

function limited(text: string): string {
    return text.length > lengthLimit ? `${text.slice(0, lengthLimit)}…` : text;
}
