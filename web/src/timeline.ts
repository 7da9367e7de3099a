/** The timeline as a part of the page: the chart with pointer and keyboard, the line that tells what is pointed at, the table. */

import type { Site } from "./events.ts";
import { ghostsBehind } from "./parameters/ghosts.ts";
import type { Ghost } from "./parameters/ghosts.ts";
import type { Recording } from "./recording.ts";
import { readPalette } from "./palette.ts";
import type { Palette } from "./palette.ts";
import { addShortcuts } from "./shortcuts.ts";
import { drawTimeline, signRoom } from "./timeline-canvas.ts";
import type { Scene } from "./timeline-canvas.ts";
import { axisHeight, Rows, TimeWindow } from "./timeline-geometry.ts";
import { describe, itemAt, itemTimes, itemsOf, sameItem, siteOf, taskTitle } from "./timeline-items.ts";
import type { Item } from "./timeline-items.ts";
import { TimelineModel } from "./timeline-model.ts";
import { TimelinePointer } from "./timeline-pointer.ts";
import { TimelineTable } from "./timeline-table.ts";
import type { Workbench } from "./workbench.ts";

export interface TimelineElements {
    /** Scrolls through the rows; has the keyboard's focus. */
    chart: HTMLElement;
    canvas: HTMLCanvasElement;
    /** As high as all rows, so that the chart scrolls. */
    spacer: HTMLElement;
    /** Shown instead of tasks while there are none. */
    empty: HTMLElement;
    detail: HTMLElement;
    table: HTMLTableElement;
    tableNote: HTMLElement;
}

addShortcuts(
    ...[
        { keys: ["ArrowUp", "ArrowDown"], words: "The task above, below" },
        { keys: ["Home", "End"], words: "The first, the last task" },
        { keys: ["ArrowLeft", "ArrowRight"], words: "What happens to the task before, after" },
        { keys: ["+", "-"], words: "Zoom in, out" },
        { keys: "0", words: "Show everything" },
        { keys: ["Shift+ArrowLeft", "Shift+ArrowRight"], words: "Move the view" },
        { keys: "Enter", words: "Why the task waits there" },
        { keys: "Escape", words: "Leave the selection" },
    ].map((shortcut) => ({ ...shortcut, group: "Timeline, when it has the focus" })),
);

const stillMotion = matchMedia("(prefers-reduced-motion: reduce)");

export class Timeline {
    model = new TimelineModel();
    readonly window: TimeWindow;
    readonly rows = new Rows();
    selected: Item | undefined;
    hovered: Item | undefined;
    /** The runs before this one with other parameters. */
    ghosts: Ghost[] = [];
    /** The time that is looked at; undefined at the end of the run. */
    cursor: number | undefined;
    /** The person wants to know why the selected task waits where the time machine stands. */
    asked: (() => void) | undefined;
    #lit: Scene["lit"];
    #pointed: ((site: Site | undefined) => void) | undefined;

    #shown: Recording | undefined;
    readonly #elements: TimelineElements;
    readonly #context: CanvasRenderingContext2D;
    readonly #table: TimelineTable;
    #palette: Palette | undefined;
    #width = 0;
    #height = 0;
    #seenVersion = -1;
    #tableVersion = -1;
    #tableDue = 0;
    #frame = 0;
    /** While a run on the real clock goes on: the page's clock when the program's began, in seconds. Events arrive late by more
     *  or less, so the least is kept; it is Infinity before the first. */
    #live: number | undefined;
    #later: ReturnType<typeof setTimeout> | undefined;
    /** How many chunks of the recording are in the model. */
    #fed = 0;
    #listener: { selected(item: Item | undefined): void; picked(time: number): void } | undefined;

    /** The chart that shares the window of time. */
    #beside: Timeline | undefined;
    readonly #hoverListeners = new Set<(item: Item | undefined) => void>();

    /** A chart beside another one shows the same stretch of time: they are zoomed and moved together. */
    constructor(elements: TimelineElements, beside?: Timeline) {
        this.#elements = elements;
        this.window = beside?.window ?? new TimeWindow();
        if (beside !== undefined) {
            this.#beside = beside;
            beside.#beside = this;
        }
        this.#context = elements.canvas.getContext("2d", { alpha: false })!;
        this.#table = new TimelineTable(elements.table, elements.tableNote, (item) => this.hover(item));
        new TimelinePointer(this, elements.chart);
        elements.chart.addEventListener("keydown", (event) => this.#key(event));
        elements.chart.addEventListener("scroll", () => this.redraw(), { passive: true });
        new ResizeObserver(() => this.#resize()).observe(elements.chart);
        void document.fonts.ready.then(() => this.redraw());
        matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.recolour());
    }

    /** Shows the workbench's recording, its step, and the task that is selected there. */
    follow(workbench: Workbench): void {
        workbench.on("subject", () => workbench.recording === undefined && this.clear());
        workbench.on("started", (recording) => {
            const ghosts = ghostsBehind(this.ghosts, this.model, this.#shown, recording);
            this.clear();
            this.ghosts = ghosts;
            this.#shown = recording;
            this.#fed = 0;
            if (workbench.state !== "idle" && recording.subject?.clock === "real") {
                this.begin();
            }
        });
        workbench.on("state", (state) => {
            if (state === "running" && workbench.recording?.subject?.clock === "real") {
                this.begin();
            }
        });
        workbench.on("grown", (recording) => {
            for (const { bytes, base } of recording.chunks.slice(this.#fed)) {
                this.add(bytes, base);
            }
            this.#fed = recording.chunks.length;
        });
        workbench.on("ended", () => this.end());
        workbench.on("step", () => {
            this.cursor = workbench.recording === undefined || workbench.atEnd ? undefined : workbench.recording.timeOf(workbench.step);
            this.redraw();
        });
        workbench.on("selected", (id) => {
            const task = id === undefined ? undefined : this.model.task(id);
            if (task !== this.selected?.task) {
                this.select(task && { type: "task", task });
            }
        });
        this.#listener = {
            selected: (item) => workbench.select(item?.task.id),
            picked: (time) => workbench.recording && workbench.seek(workbench.recording.stepAt(time)),
        };
    }

    /** Hears what is pointed at, or selected while nothing is. */
    onHover(listener: (item: Item | undefined) => void): void {
        this.#hoverListeners.add(listener);
    }

    /** A task as its row is headed: "fetch Task-5". */
    nameOf(id: number): string {
        const task = this.model.task(id);
        return task === undefined ? this.model.taskName(id) : taskTitle(task);
    }

    /** Goes to a time: the person pointed at it. */
    pick(time: number): void {
        this.#listener?.picked(time);
    }

    /** Empties the timeline for a new run, or for another example. */
    clear(): void {
        this.model = new TimelineModel();
        if (this.#beside === undefined || this.#beside.model.tasks.length === 0) {
            this.window.reset();
        }
        this.selected = this.hovered = this.cursor = undefined;
        this.#live = undefined;
        this.ghosts = [];
        this.#shown = undefined;
        this.#seenVersion = this.#tableVersion = -1;
        this.#table.clear();
        this.#showDetail();
        this.redraw();
    }

    /** A run on the real clock begins: until it ends, the present moves on. */
    begin(): void {
        this.#live = Infinity;
        this.redraw();
    }

    add(chunk: Uint8Array, base: number): void {
        this.model.add(chunk, base);
        if (this.#live !== undefined) {
            this.#live = Math.min(this.#live, performance.now() / 1000 - this.model.end);
        }
        this.redraw();
    }

    /** The run has ended; what still lasts was stopped. */
    end(): void {
        const time = this.#now();
        this.#live = undefined;
        this.model.close(Math.max(this.model.end, this.model.tasks.some((task) => task.end === Infinity) ? time : 0));
        this.#tableDue = 0;
        this.#draw(); // at once: who sees that the run has ended finds all of it
    }

    recolour(): void {
        this.#palette = undefined;
        this.redraw();
    }

    hover(item: Item | undefined): void {
        if (!sameItem(item, this.hovered)) {
            this.hovered = item;
            this.#showDetail();
            this.redraw();
            this.#pointed?.(item && this.model.site(siteOf(item)));
        }
    }

    /** Lights what stands or stood at a line of the source. */
    light(place: Scene["lit"]): void {
        if (place?.line !== this.#lit?.line || place?.file !== this.#lit?.file) {
            this.#lit = place;
            this.redraw();
        }
    }

    /** Hears of the place in the source of what is pointed at. */
    onPoint(listener: (site: Site | undefined) => void): void {
        this.#pointed = listener;
    }

    select(item: Item | undefined): void {
        this.selected = item;
        if (item !== undefined) {
            this.#reveal(item);
        }
        this.#showDetail();
        this.redraw();
        this.#listener?.selected(item);
    }

    fit(): void {
        this.#fit();
        this.redraw();
    }

    #fit(): void {
        const margin = Math.min(signRoom / Math.max(this.#width - this.#gutter(), 1), 0.3);
        const both = [this, this.#beside].filter((chart) => chart !== undefined && chart.#width > 0) as Timeline[];
        const end = Math.max(...both.map((chart) => chart.#now()), ...this.ghosts.map(({ model }) => model.end));
        this.window.fit(0, end, both.some((chart) => chart.#live !== undefined), margin);
    }

    #gutter(): number {
        return Math.round(Math.min(190, Math.max(96, this.#width * 0.2)));
    }

    /** Zooms around a time, or around what is selected, or around the middle. */
    zoom(factor: number, around?: number): void {
        const selected = this.selected && itemTimes(this.selected).start;
        const inView = selected !== undefined && selected >= this.window.start && selected <= this.window.end;
        this.window.zoom(factor, around ?? (inView ? selected : this.window.start + this.window.length / 2));
        this.redraw();
    }

    pan(seconds: number): void {
        this.window.pan(seconds);
        this.redraw();
    }

    scene(): Scene {
        const { model, window, rows, selected, hovered, cursor } = this;
        this.#palette ??= readPalette(this.#elements.chart, this.#context, devicePixelRatio);
        return {
            model, window, rows, selected, hovered, cursor,
            lit: this.#lit,
            palette: this.#palette,
            width: this.#width,
            height: this.#height,
            gutter: this.#gutter(),
            scrollTop: this.#elements.chart.scrollTop,
            now: this.#now(),
            live: this.#live !== undefined,
            ghosts: this.ghosts,
        };
    }

    timeAt(x: number): number {
        const { gutter, width } = this.scene();
        return this.window.start + ((x - gutter) / Math.max(width - gutter, 1)) * this.window.length;
    }

    /** What is under the pointer; the task where there is nothing more special. */
    itemAt(x: number, y: number): Item | undefined {
        const rowY = y - axisHeight + this.#elements.chart.scrollTop;
        const row = this.rows.at(rowY);
        const task = this.model.tasks[row];
        if (task === undefined || y < axisHeight || rowY >= this.rows.height) {
            return undefined;
        }
        const time = this.timeAt(x);
        const slack = this.timeAt(x + 2) - time;
        const item = time > this.#now() + 4 * slack ? undefined : itemAt(task, this.rows.lane(row, rowY), time, slack);
        return item ?? { type: "task", task };
    }

    redraw(): void {
        this.#redraw();
        if (this.#beside !== undefined) {
            this.#beside.#redraw();
        }
    }

    #redraw(): void {
        this.#frame ||= requestAnimationFrame(() => {
            this.#frame = 0;
            this.#draw();
        });
    }

    #redrawLater(milliseconds: number): void {
        this.#later ??= setTimeout(() => {
            this.#later = undefined;
            this.redraw();
        }, milliseconds);
    }

    #draw(): void {
        if (this.#width === 0) {
            return;
        }
        if (this.#seenVersion !== this.model.version) {
            this.#seenVersion = this.model.version;
            this.rows.update(this.model.tasks, this.#height - axisHeight);
            this.#elements.empty.hidden = this.model.tasks.length > 0;
            this.#elements.spacer.style.height = `${this.rows.height}px`;
        }
        if (this.window.fitted && this.model.tasks.length > 0) {
            this.#fit();
        }
        drawTimeline(this.#context, this.scene());
        this.#updateTable();
        if (this.#live !== undefined) {
            this.#redrawLater(stillMotion.matches ? 500 : 30);
        }
    }

    /** The table follows four times a second at most: it is for reading. */
    #updateTable(): void {
        const now = performance.now();
        if (this.#tableVersion === this.model.version) {
            return;
        }
        if (now < this.#tableDue) {
            this.#redrawLater(this.#tableDue - now);
            return;
        }
        this.#tableDue = now + 250;
        this.#tableVersion = this.model.version;
        this.#table.update(this.model);
    }

    #now(): number {
        const beginning = this.#live ?? Infinity;
        return Math.max(this.model.end, performance.now() / 1000 - beginning);
    }

    #resize(): void {
        const { chart, canvas } = this.#elements;
        this.#width = chart.clientWidth;
        this.#height = chart.clientHeight;
        canvas.width = Math.round(this.#width * devicePixelRatio);
        canvas.height = Math.round(this.#height * devicePixelRatio);
        canvas.style.width = `${this.#width}px`;
        canvas.style.height = `${this.#height}px`;
        this.#context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
        this.#palette = undefined;
        this.#seenVersion = -1;
        /* At once: a resized canvas is blank until it is drawn. */
        this.#draw();
    }

    #showDetail(): void {
        const item = this.hovered ?? this.selected;
        this.#hoverListeners.forEach((listener) => listener(item));
        const text = item ? describe(item, this.model) : "";
        if (this.#elements.detail.textContent !== text) {
            this.#elements.detail.textContent = text;
        }
    }

    #reveal(item: Item): void {
        const { start, end, lane } = itemTimes(item);
        if (item.type !== "task") {
            this.window.reveal(start, Math.min(end, this.#now()));
        }
        const { chart } = this.#elements;
        const middle = this.rows.middle(this.model.tasks.indexOf(item.task), lane);
        const room = this.#height - axisHeight;
        if (middle - 20 < chart.scrollTop) {
            chart.scrollTop = middle - 20;
        } else if (middle + 20 > chart.scrollTop + room) {
            chart.scrollTop = middle + 20 - room;
        }
    }

    #key(event: KeyboardEvent): void {
        if (event.ctrlKey || event.metaKey || event.altKey) {
            return;
        }
        const action = this.#keys[event.shiftKey && event.key.startsWith("Arrow") ? `Shift+${event.key}` : event.key];
        if (action !== undefined) {
            action();
            event.preventDefault();
        }
    }

    readonly #keys: Record<string, () => void> = {
        "ArrowUp": () => this.#selectRow(-1),
        "ArrowDown": () => this.#selectRow(1),
        "ArrowLeft": () => this.#selectBeside(-1),
        "ArrowRight": () => this.#selectBeside(1),
        "Home": () => this.#selectRow(-Infinity),
        "End": () => this.#selectRow(Infinity),
        "PageUp": () => this.#selectRow(-10),
        "PageDown": () => this.#selectRow(10),
        "Shift+ArrowLeft": () => this.pan(-this.window.length / 10),
        "Shift+ArrowRight": () => this.pan(this.window.length / 10),
        "+": () => this.zoom(1 / 1.5),
        "=": () => this.zoom(1 / 1.5),
        "-": () => this.zoom(1.5),
        "0": () => this.fit(),
        "Escape": () => this.select(undefined),
        "Enter": () => this.#ask(),
    };

    /** Goes to where the selected thing begins, and asks about it. */
    #ask(): void {
        if (this.selected !== undefined) {
            if (this.selected.type !== "task") {
                this.pick(itemTimes(this.selected).start);
            }
            this.asked?.();
        }
    }

    #selectRow(step: number): void {
        const { tasks } = this.model;
        /* Without a selection, any step but the one to the end begins at the first row. */
        const row = this.selected ? tasks.indexOf(this.selected.task) + step : step === Infinity ? step : 0;
        const task = tasks[Math.min(Math.max(row, 0), tasks.length - 1)];
        this.select(task && { type: "task", task });
    }

    #selectBeside(step: number): void {
        if (this.selected === undefined) {
            this.#selectRow(1);
            return;
        }
        const items = itemsOf(this.selected.task);
        const index = items.findIndex((item) => sameItem(item, this.selected)) + step;
        this.select(items[Math.min(Math.max(index, 0), items.length - 1)]);
    }
}
