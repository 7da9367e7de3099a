/** The panel "Variables": where a task stands at the step of the time machine, coroutine by coroutine, and what is in them. */

import "./variables-panel.css";
import type { Layouts } from "../compiler/types.ts";
import { element } from "../elements.ts";
import { baseName, folder, instant, messageOf } from "../format.ts";
import type { Recording } from "../recording.ts";
import type { Subject } from "../subject.ts";
import type { Workbench } from "../workbench.ts";
import { Replayer } from "./replayer.ts";
import type { InspectedFrame, Inspection } from "./replayer.ts";
import { VariableTree } from "./variable-tree.ts";

export interface Helpers {
    nameOf(task: number): string;
    /** What clang says of the program's structures; undefined where it is not loaded, and need not be. */
    layoutsOf(subject: Subject): Promise<Layouts> | undefined;
}

export function variablesPanel(workbench: Workbench, helpers: Helpers): HTMLElement {
    return new VariablesPanel(workbench, helpers).element;
}

class VariablesPanel {
    readonly element = element("div", { class: "variables" });
    readonly #place = element("p", { class: "place" });
    readonly #words = element("p", { class: "words" });
    readonly #frames = element("div", { class: "frames" });
    readonly #tree = new VariableTree();
    readonly #workbench: Workbench;
    readonly #helpers: Helpers;
    #replayer: Replayer | undefined;
    #visible = false;
    /** The newest wish to see something: what is answered to an older one is not shown. */
    #wish = 0;

    constructor(workbench: Workbench, helpers: Helpers) {
        this.#workbench = workbench;
        this.#helpers = helpers;
        this.element.append(this.#place, this.#words, this.#frames);
        new ResizeObserver(() => this.#see(this.element.offsetParent !== null)).observe(this.element);
        workbench.on("started", () => this.#forget());
        workbench.on("step", () => this.#update());
        workbench.on("selected", () => this.#update());
        workbench.on("ended", () => this.#update());
        workbench.on("subject", () => workbench.recording === undefined && this.#forget());
        this.#update();
    }

    /** The panel came into sight, or went. */
    #see(visible: boolean): void {
        if (visible !== this.#visible) {
            this.#visible = visible;
            this.#update();
        }
    }

    #forget(): void {
        this.#replayer?.close();
        this.#replayer = undefined;
        this.#wish++;
        this.#tree.forget();
        this.#update();
    }

    /** Only a panel that is seen makes the program run again. */
    #update(): void {
        if (!this.#visible) {
            return;
        }
        const { recording, step, state, atEnd } = this.#workbench;
        if (!Replayer.canReplay(recording)) {
            this.#say(whyNot(recording));
        } else if (state === "running" && atEnd) {
            this.#say("The program runs. Its variables stand here at every step once it has ended.");
        } else {
            void this.#inspect(recording, step);
        }
    }

    async #inspect(recording: Recording, step: number): Promise<void> {
        const wish = ++this.#wish;
        const task = this.#workbench.selected ?? lastResumed(recording, step);
        const replayer = (this.#replayer ??= this.#begin(recording));
        try {
            const inspection = await replayer.inspect(step, task === undefined ? [] : [task]);
            if (inspection !== undefined && wish === this.#wish) {
                this.#show(inspection, task);
            }
        } catch (error) {
            if (wish === this.#wish) {
                this.#say(`Nothing can be shown: ${messageOf(error)}.`, true);
            }
        }
    }

    #begin(recording: Recording): Replayer {
        const replayer = new Replayer(recording);
        void this.#helpers.layoutsOf(recording.subject!)?.then(
            (layouts) => {
                if (replayer === this.#replayer) {
                    replayer.layouts = layouts;
                    this.#update();
                }
            },
            () => {}, /* then what the program declares is all there is */
        );
        return replayer;
    }

    #say(words: string, isError = false): void {
        this.#wish++;
        this.#place.replaceChildren();
        this.#frames.replaceChildren();
        this.#words.textContent = words;
        this.#words.classList.toggle("error", isError);
    }

    #show({ step, time, frames }: Inspection, task: number | undefined): void {
        const stack = task === undefined ? [] : (frames.get(task) ?? []);
        const name = task === undefined ? "" : this.#helpers.nameOf(task);
        const why = this.#workbench.selected === undefined ? "made the last step" : "is selected";
        this.#place.replaceChildren(...(task === undefined ? [] : [element("strong", {}, name), ` ${why}`]),
            element("span", { class: "when" }, `after step ${step}, at ${instant(time)}`));
        this.#words.classList.remove("error");
        const gone = this.#workbench.selected === undefined && step > 0 ? "It has ended." : `${name} is not there: it has ended, or has not begun.`;
        this.#words.textContent = stack.length > 0 ? "" : task === undefined ? "No task runs." : gone;
        this.#tree.begin();
        this.#frames.replaceChildren(...stack.map((frame, i) => this.#frame(frame, `${task} ${stack.length - i} ${frame.function}`, isOfLibrary(frame, stack))));
        this.#tree.end();
    }

    #frame(frame: InspectedFrame, key: string, ofLibrary: boolean): HTMLElement {
        const place = element("span", { class: "where" }, `${baseName(frame.file)}:${frame.line}`);
        const heading = element("h3", {}, element("code", {}, frame.function), place);
        const content = frame.variables.length > 0
            ? this.#tree.list(frame.variables, key, `Variables of ${frame.function}`)
            : element("p", { class: "words" }, ofLibrary ? "Its variables are the library’s own." : "Nothing is known of its variables: weft_fields declares none.");
        return element("section", {}, heading, content);
    }
}

/** The program's own coroutines are in one folder; what its outermost one awaits elsewhere is the library's. */
function isOfLibrary({ file }: InspectedFrame, stack: readonly InspectedFrame[]): boolean {
    return folder(file) !== folder(stack.at(-1)!.file);
}

function whyNot(recording: Recording | undefined): string {
    if (recording === undefined) {
        return "Run the program in virtual time, and the variables of its tasks stand here at every step.";
    }
    return recording.subject?.clock === "real"
        ? "Only a run in virtual time can be repeated to look into it: choose it above, and run again."
        : "This log came without its program, so nobody can look into that.";
}

/** The task that made the step; before the first one, the one that the program begins with. */
function lastResumed(recording: Recording, step: number): number | undefined {
    const index = recording.eventsBefore(Math.max(0, step - 1));
    return index < recording.count ? recording.event(index).task : undefined;
}
