/** The source as a list of lines, where the line of the step that is looked at is marked. */

import { element } from "../elements.ts";
import { baseName } from "../format.ts";
import type { Subject } from "../subject.ts";
import type { Workbench } from "../workbench.ts";

export class SourceList {
    readonly #list: HTMLElement;
    readonly #workbench: Workbench;
    #file = "";

    constructor(list: HTMLElement, workbench: Workbench) {
        this.#list = list;
        this.#workbench = workbench;
        workbench.on("step", () => this.#mark());
    }

    show({ file, source }: Subject): void {
        this.#file = file;
        this.#list.replaceChildren(...source.replace(/\n$/, "").split("\n").map((line) => element("li", {}, element("code", {}, line))));
        this.#mark();
    }

    #mark(): void {
        const line = this.#line();
        const marked = line === undefined ? undefined : this.#list.children[line - 1];
        this.#list.querySelector("[aria-current]")?.removeAttribute("aria-current");
        marked?.setAttribute("aria-current", "step");
        marked?.scrollIntoView({ block: "nearest" });
    }

    /** Where the last step up to the one that is looked at has left its task, if that is in this file. */
    #line(): number | undefined {
        const { recording, step, atEnd } = this.#workbench;
        if (recording === undefined || atEnd || step === 0) {
            return undefined;
        }
        const { from, to } = recording.eventsOf(step);
        let line: number | undefined;
        for (let index = from; index < to; index++) {
            const site = recording.site(recording.event(index).site);
            if (site !== undefined && baseName(site.file) === this.#file) {
                line = site.line;
            }
        }
        return line;
    }
}
