/** What the panels that follow the history share. */

import "./history.css";
import { element } from "../elements.ts";
import type { Recording } from "../recording.ts";
import type { Site } from "../events.ts";
import type { Workbench } from "../workbench.ts";
import { History } from "./history.ts";
import type { Instant } from "./instant.ts";
import type { Part, Sentence } from "./words.ts";

const histories = new WeakMap<Recording, History>();

export function historyOf(recording: Recording): History {
    let history = histories.get(recording);
    if (history === undefined) {
        history = new History(recording);
        histories.set(recording, history);
    }
    return history;
}

/** The state where the workbench stands; undefined before the first run. */
export function instantOf(workbench: Workbench): Instant | undefined {
    return workbench.recording && historyOf(workbench.recording).at(workbench.step);
}

/** Where a link in a sentence leads. */
export interface Links {
    /** The task that is selected. */
    selected?: number | undefined;
    task(id: number): void;
    object?: ((id: number) => void) | undefined;
    line?: ((site: Site) => void) | undefined;
}

/** A sentence whose parts lead to what they name. */
export function written(sentence: Sentence, links: Links, instant: Instant): (string | Node)[] {
    return sentence.map((part) => (typeof part === "string" ? part : linked(part, links, instant)));
}

function linked(part: Exclude<Part, string>, links: Links, instant: Instant): string | Node {
    if ("task" in part) {
        return link(part.text, `task ${part.task}`, () => links.task(part.task), { "aria-current": part.task === links.selected && "true" });
    }
    if ("object" in part) {
        const { object } = links;
        return object === undefined ? part.text : link(part.text, `object ${part.object}`, () => object(part.object));
    }
    const { line } = links;
    const site = instant.site(part.site);
    return line === undefined || site === undefined ? part.text : link(part.text, `site ${part.site}`, () => line(site));
}

/** The key tells it again after its panel was drawn anew. */
export function link(text: string, key: string, onClick: () => void, attributes: Record<string, string | boolean | undefined> = {}): HTMLButtonElement {
    const button = element("button", { type: "button", class: "link", "data-key": key, ...attributes }, text);
    button.addEventListener("click", onClick);
    return button;
}

/** Draws an element anew, once a frame at most and only while it can be seen. Who has the focus keeps it. */
export class Redrawn {
    readonly #element: HTMLElement;
    readonly #draw: () => Node[];
    #asked = 0;
    #stale = true;

    constructor(shown: HTMLElement, draw: () => Node[]) {
        this.#element = shown;
        this.#draw = draw;
        new IntersectionObserver(() => this.#stale && this.ask()).observe(shown);
        this.ask();
    }

    readonly ask = (): void => {
        this.#stale = true;
        this.#asked ||= requestAnimationFrame(() => {
            this.#asked = 0;
            if (this.#element.checkVisibility()) {
                this.#stale = false;
                this.#replace();
            }
        });
    };

    #replace(): void {
        const focused = this.#element.contains(document.activeElement) ? document.activeElement : null;
        const key = focused instanceof HTMLElement ? focused.dataset["key"] : undefined;
        const place = focused === null ? 0 : this.#keyed(key).indexOf(focused as HTMLElement);
        this.#element.replaceChildren(...this.#draw());
        const again = this.#keyed(key);
        (again[Math.min(Math.max(place, 0), again.length - 1)] ?? null)?.focus({ preventScroll: true });
    }

    #keyed(key: string | undefined): HTMLElement[] {
        return key === undefined ? [] : [...this.#element.querySelectorAll<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)];
    }
}

/** Hears of all that changes what a panel shows. */
export function follow(workbench: Workbench, redraw: () => void): void {
    workbench.on("started", redraw);
    workbench.on("grown", redraw);
    workbench.on("ended", redraw);
    workbench.on("step", redraw);
    workbench.on("selected", redraw);
    workbench.on("subject", redraw);
}
