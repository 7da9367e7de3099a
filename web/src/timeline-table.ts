/** The timeline as a table: the same tasks and coroutines in words and numbers. */

import { count, instant } from "./format.ts";
import { outcomeText, pitfallsText, taskNames, waitsText } from "./timeline-items.ts";
import type { Item } from "./timeline-items.ts";
import type { Frame, Task, TimelineModel } from "./timeline-model.ts";

/* More rows than anyone reads would only slow the page down; the chart shows them all. */
const rowLimit = 500;

type RowItem = Extract<Item, { type: "task" | "frame" }>;

export class TimelineTable {
    readonly #body: HTMLTableSectionElement;
    readonly #note: HTMLElement;
    readonly #rows = new Map<Task | Frame, HTMLTableRowElement>();
    readonly #items = new WeakMap<Element, Item>();

    constructor(table: HTMLTableElement, note: HTMLElement, onPoint: (item: Item | undefined) => void) {
        this.#body = table.tBodies[0]!;
        this.#note = note;
        table.addEventListener("pointerover", ({ target }) => {
            const row = target instanceof Element ? target.closest("tr") : null;
            onPoint(row ? this.#items.get(row) : undefined);
        });
        table.addEventListener("pointerleave", () => onPoint(undefined));
    }

    clear(): void {
        this.#rows.clear();
        this.#body.replaceChildren();
        this.#note.textContent = "";
    }

    update(model: TimelineModel): void {
        const items = model.tasks.flatMap((task): RowItem[] => [
            { type: "task", task },
            ...task.frames.map((frame): RowItem => ({ type: "frame", task, frame })),
        ]);
        let place = this.#body.firstElementChild;
        for (const item of items.slice(0, rowLimit)) {
            const row = this.#row(item);
            if (row === place) {
                place = place.nextElementSibling;
            } else {
                this.#body.insertBefore(row, place);
            }
            fill(row, cells(item, model));
        }
        const more = items.length - rowLimit;
        this.#note.textContent = more > 0 ? `${count(more, "more row")} in the chart only.` : "";
    }

    #row(item: RowItem): HTMLTableRowElement {
        const key = item.type === "task" ? item.task : item.frame;
        let row = this.#rows.get(key);
        if (row === undefined) {
            row = document.createElement("tr");
            const heading = document.createElement("th");
            heading.scope = "row";
            if (item.type === "frame") {
                heading.style.setProperty("--lane", String(item.frame.lane));
                heading.className = "awaited";
            }
            heading.append(...names(item));
            row.append(heading, ...Array.from({ length: 4 }, () => document.createElement("td")));
            this.#rows.set(key, row);
            this.#items.set(row, item);
        }
        return row;
    }
}

/** The name, and behind it the less telling one. */
function names(item: RowItem): (string | Node)[] {
    const [name = "", more] = item.type === "task" ? taskNames(item.task) : [item.frame.name];
    if (more === undefined) {
        return [name];
    }
    const second = document.createElement("span");
    second.textContent = more;
    return [name, " ", second];
}

/** What stands behind the name. */
function cells(item: RowItem, model: TimelineModel): string[] {
    const thing = item.type === "task" ? item.task : item.frame;
    const start = item.type === "task" ? item.task.started : item.frame.start;
    return [
        start === undefined ? "never" : instant(start),
        thing.end === Infinity ? "" : instant(thing.end),
        [thing.end === Infinity ? "" : outcomeText(thing), item.type === "task" ? pitfallsText(item.task, model) : ""]
            .filter((text) => text !== "")
            .join("; "),
        waitsText(thing, model),
    ];
}

/** Only what changed is written: a table that is read aloud stays quiet otherwise. */
function fill(row: HTMLTableRowElement, texts: string[]): void {
    texts.forEach((text, index) => {
        const cell = row.cells[index + 1]!;
        if (cell.textContent !== text) {
            cell.textContent = text;
            if (cell.cellIndex === 3) {
                row.dataset["outcome"] = text.split(";")[0];
            }
        }
    });
}
