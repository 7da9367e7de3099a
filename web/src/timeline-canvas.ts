/** Draws the timeline. Only what is in view is visited, and what falls on one pixel is drawn once: 10,000 bars fit in a frame. */

import { baseName, duration, shortNumber } from "./format.ts";
import type { Ink } from "./ink.ts";
import { waitFamily } from "./palette.ts";
import type { Ghost } from "./parameters/ghosts.ts";
import type { Palette } from "./palette.ts";
import { axisHeight, firstIndex, ticks } from "./timeline-geometry.ts";
import type { Rows, TimeWindow } from "./timeline-geometry.ts";
import { drawGlyph, glyphRadius } from "./timeline-glyphs.ts";
import type { Glyph } from "./timeline-glyphs.ts";
import { itemTimes, taskNames } from "./timeline-items.ts";
import type { Item } from "./timeline-items.ts";
import type { Deadline, Frame, Span, State, Task, TimelineModel } from "./timeline-model.ts";

export interface Scene {
    model: TimelineModel;
    rows: Rows;
    window: TimeWindow;
    palette: Palette;
    width: number;
    height: number;
    /** The width of the names at the left. */
    gutter: number;
    scrollTop: number;
    /** The present, where what still lasts ends. */
    now: number;
    live: boolean;
    /** Earlier runs with other parameters. */
    ghosts: readonly Ghost[];
    selected: Item | undefined;
    hovered: Item | undefined;
    /** The line of the source that is pointed at. */
    lit: { file: string; line: number } | undefined;
    /** The time that is looked at, if it is not the end. */
    cursor: number | undefined;
}

/** The room for signs right of the last event. */
export const signRoom = 8 * glyphRadius;

const nameFont = '600 12px "Inter Variable", system-ui, sans-serif';
const textFont = '12px "Inter Variable", system-ui, sans-serif';
const smallFont = '11px "Inter Variable", system-ui, sans-serif';

export function drawTimeline(context: Ink, scene: Scene): void {
    new Painter(context, scene).draw();
}

/** The x of a time. */
export function timeToX(scene: Pick<Scene, "window" | "width" | "gutter">, time: number): number {
    return scene.gutter + ((time - scene.window.start) / scene.window.length) * (scene.width - scene.gutter);
}

class Painter {
    constructor(context: Ink, scene: Scene) {
        this.context = context;
        this.scene = scene;
        this.pixel = scene.window.length / Math.max(scene.width - scene.gutter, 1);
    }

    private readonly context: Ink;
    private readonly scene: Scene;
    /** Seconds a pixel. */
    private readonly pixel: number;

    draw(): void {
        const { context, scene } = this;
        context.fillStyle = scene.palette.panel;
        context.fillRect(0, 0, scene.width, scene.height);
        context.textBaseline = "middle";
        this.grid();
        const first = scene.rows.at(scene.scrollTop);
        const tasks = scene.model.tasks;
        const visible: number[] = [];
        for (let row = first; row < tasks.length && this.y(scene.rows.top(row)) < scene.height; row++) {
            visible.push(row);
        }
        this.clipped(0, axisHeight, scene.width, () => {
            for (const row of visible) {
                this.rowName(tasks[row]!, row);
            }
        });
        this.clipped(scene.gutter - glyphRadius - 2, axisHeight, scene.width, () => {
            for (const row of visible) {
                this.ghosts(row);
                this.bars(tasks[row]!, row);
            }
            for (const row of scene.lit === undefined ? [] : visible) {
                this.lit(tasks[row]!, row);
            }
            this.outline(scene.hovered, 1);
            this.outline(scene.selected, 2);
            for (const row of visible) {
                this.signs(tasks[row]!, row);
            }
            this.presentLine();
        });
        this.cursor();
    }

    private x(time: number): number {
        return timeToX(this.scene, time);
    }

    /** From rows to the canvas. */
    private y(rowY: number): number {
        return axisHeight + rowY - this.scene.scrollTop;
    }

    private middle(row: number, lane: number): number {
        return Math.round(this.y(this.scene.rows.middle(row, lane)));
    }

    private clipped(x: number, y: number, right: number, paint: () => void): void {
        this.context.save();
        this.context.beginPath();
        this.context.rect(x, y, right - x, this.scene.height - y);
        this.context.clip();
        paint();
        this.context.restore();
    }

    private grid(): void {
        const { context, scene } = this;
        const { palette, window, width, height, gutter } = scene;
        const { times, step } = ticks(window.start, window.end, (width - gutter) / 90);
        const small = step < 1e-3;
        const unit = small ? "µs" : step < 1 && window.end < 1 ? "ms" : "s";
        const factor = { "µs": 1e6, ms: 1e3, s: 1 }[unit] ?? 1;
        context.font = smallFont;
        context.textAlign = "left";
        for (const time of times) {
            const x = Math.round(this.x(time)) + 0.5;
            if (x < gutter) {
                continue;
            }
            context.fillStyle = palette.grid;
            context.fillRect(x - 0.5, axisHeight, 1, height - axisHeight);
            context.fillRect(x - 0.5, axisHeight - 6, 1, 6);
            context.fillStyle = palette.muted;
            const label = `${shortNumber(Number((time * factor).toFixed(6)))} ${unit}`;
            if (x + context.measureText(label).width + 4 < width) {
                context.fillText(label, x + 4, axisHeight / 2 - 1);
            }
        }
        context.fillStyle = palette.row;
        context.fillRect(0, axisHeight - 1, width, 1);
    }

    /** What comes after the instant that is looked at is veiled: it has not happened yet. */
    private cursor(): void {
        const { context, scene } = this;
        if (scene.cursor === undefined) {
            return;
        }
        const x = Math.round(Math.max(this.x(scene.cursor), scene.gutter));
        context.globalAlpha = 0.66;
        context.fillStyle = scene.palette.panel;
        context.fillRect(x, axisHeight, scene.width - x, scene.height - axisHeight);
        context.globalAlpha = 1;
        if (this.x(scene.cursor) < scene.gutter) {
            return;
        }
        context.fillStyle = scene.palette.focus;
        context.fillRect(x - 1, axisHeight - 8, 2, scene.height - axisHeight + 8);
        context.beginPath();
        context.moveTo(x - 6, axisHeight - 14);
        context.lineTo(x + 6, axisHeight - 14);
        context.lineTo(x, axisHeight - 4);
        context.fill();
    }

    private rowName(task: Task, row: number): void {
        const { context, scene } = this;
        const bottom = Math.round(this.y(scene.rows.top(row + 1)));
        context.fillStyle = scene.palette.row;
        context.fillRect(0, bottom - 1, scene.width, 1);
        const middle = this.middle(row, 0) + 0.5;
        context.textAlign = "left";
        context.font = nameFont;
        context.fillStyle = scene.palette.ink;
        const room = scene.gutter - 22;
        const [name = "", more] = taskNames(task);
        const used = this.text(name, 12, middle, room);
        if (more !== undefined) {
            context.font = textFont;
            context.fillStyle = scene.palette.muted;
            this.text(more, 12 + used + 6, middle, room - used - 6);
        }
    }

    /** Writes as much of the text as there is room for; the width it took. */
    private text(text: string, x: number, y: number, room: number): number {
        const { context } = this;
        const whole = context.measureText(text).width;
        if (whole <= room) {
            context.fillText(text, x, y);
            return whole;
        }
        const letters = Math.floor((room / whole) * text.length) - 1;
        if (letters >= 3) {
            context.fillText(`${text.slice(0, letters)}…`, x, y);
        }
        return room;
    }

    /** The bars of earlier runs in this row, as faint outlines. */
    private ghosts(row: number): void {
        const { context, scene } = this;
        const { barHeight } = scene.rows;
        context.strokeStyle = scene.palette.muted;
        context.lineWidth = 1;
        context.globalAlpha = 0.4;
        for (const { model } of scene.ghosts) {
            let drawn = -Infinity;
            for (const { start, end, lane } of this.inView(model.tasks[row]?.spans ?? [])) {
                const [left, right] = [Math.max(this.x(start), scene.gutter - 8), Math.min(this.x(end), scene.width + 2)];
                if (right - left > 2 && right > drawn && lane < scene.model.tasks[row]!.lanes) {
                    context.strokeRect(left + 0.5, this.middle(row, lane) - barHeight / 2 - 2.5, right - left - 1, barHeight + 5);
                    drawn = right;
                }
            }
        }
        context.globalAlpha = 1;
    }

    private bars(task: Task, row: number): void {
        const { scene } = this;
        this.thread(task.created, task.end, this.middle(row, 0));
        const frames = this.inView(task.frames);
        const spans = this.inView(task.spans);
        for (const frame of frames) {
            this.thread(frame.start, frame.end, this.middle(row, frame.lane));
        }
        this.spans(spans, row);
        for (const frame of frames) {
            this.frame(frame, row);
        }
        const deadlines = task.deadlines.filter(({ start, end }) => start <= scene.window.end && end >= scene.window.start);
        for (const deadline of deadlines) {
            this.fuse(deadline, row);
        }
        this.labels(task, row, frames, deadlines, spans);
    }

    /** Names what is wide enough: in each lane from left to right, one label behind the other where two begin together. */
    private labels(task: Task, row: number, frames: Frame[], deadlines: Deadline[], spans: Span[]): void {
        const { scene } = this;
        const { ink, deadline: violet } = scene.palette;
        const labels = [
            ...frames.map((frame) => ({ ...frame, text: frame.name, font: nameFont, ink })),
            ...deadlines.map((deadline) => ({ ...deadline, text: `timeout ${duration(deadline.delay)}`, font: textFont, ink: violet })),
            ...spans.flatMap(({ start, end, lane, wait }) =>
                wait !== undefined && Math.min(end, scene.now) - start > 24 * this.pixel
                    ? [{ start, end, lane, text: scene.model.waitText(wait), font: textFont, ink: scene.palette[`${waitFamily(wait.kind)}-ink`] }]
                    : [],
            ),
        ].sort((a, b) => a.start - b.start);
        const written: number[] = [];
        for (const { start, end, lane, text, font, ink: colour } of labels) {
            const sign = task.marks.some((mark) => mark.lane === lane && Math.abs(mark.time - start) < 8 * this.pixel);
            const left = Math.max(this.x(start), scene.gutter - 8) + (sign ? 9 : 6);
            const from = Math.max(left, (written[lane] ?? -Infinity) + 3);
            const right = Math.min(this.x(Math.min(end, scene.now)), scene.width) - 6;
            this.context.font = font;
            written[lane] = Math.max(written[lane] ?? -Infinity, this.plate(text, from, this.middle(row, lane), right - from, colour));
        }
    }

    /** What touches the window. Things are in order of their start; one that began earlier may reach into it: the last span
     *  before, or coroutines up to the last outermost one. */
    private inView<T extends Span | Frame>(things: readonly T[]): T[] {
        const { window } = this.scene;
        const result: T[] = [];
        const first = firstIndex(things.length, (index) => things[index]!.start >= window.start);
        let index = first;
        do {
            index--;
        } while (index > 0 && "outcome" in things[index]! && things[index]!.lane > 1);
        for (index = Math.max(index, 0); index < things.length && things[index]!.start <= window.end; index++) {
            if (things[index]!.end >= window.start) {
                result.push(things[index]!);
            }
        }
        return result;
    }

    private thread(start: number, end: number, middle: number): void {
        const { context, scene } = this;
        const left = Math.max(this.x(start), scene.gutter - 8);
        const right = Math.min(this.x(Math.min(end, scene.now)), scene.width);
        context.fillStyle = scene.palette.thread;
        context.fillRect(left, middle - 1, Math.max(right - left, 1), 2);
    }

    /** Steps are drawn over waits, and all of one kind together: changing the colour costs more than a small bar. */
    private spans(spans: Span[], row: number): void {
        this.each(spans, row, "waiting", 0.5, (left, right, middle, span) => this.waiting(span, left, right, middle));
        this.each(spans, row, "ready", 2, (left, right, middle) => this.ready(left, right, middle));
        const height = this.scene.rows.barHeight + 2;
        this.context.fillStyle = this.scene.palette.running;
        this.each(spans, row, "running", 0, (left, right, middle) => {
            this.context.fillRect(left, middle - height / 2, Math.max(right - left, 2), height);
        });
    }

    /** Visits the spans of one state that are at least so many pixels wide, but none that falls on the pixel of the last one. */
    private each(
        spans: Span[],
        row: number,
        state: State,
        least: number,
        paint: (left: number, right: number, middle: number, span: Span) => void,
    ): void {
        const { scene } = this;
        const drawn: number[] = [];
        for (const span of spans) {
            if (span.state !== state) {
                continue;
            }
            const left = Math.max(this.x(span.start), scene.gutter - 8);
            const right = Math.min(this.x(Math.min(span.end, scene.now)), scene.width + 2);
            if (right - left >= least && right > (drawn[span.lane] ?? -Infinity)) {
                paint(left, right, this.middle(row, span.lane), span);
                drawn[span.lane] = Math.max(right, left + 1);
            }
        }
    }

    private waiting(span: Span, left: number, right: number, middle: number): void {
        const { context, scene } = this;
        const { barHeight } = scene.rows;
        const top = middle - barHeight / 2;
        const family = waitFamily(span.wait?.kind);
        const edge = scene.palette[`${family}-hatch`];
        if (right - left <= 3) {
            context.fillStyle = edge;
            context.fillRect(left, top, right - left, barHeight);
            return;
        }
        context.fillStyle = scene.palette.hatching[family];
        context.fillRect(left, top, right - left, barHeight);
        context.strokeStyle = edge;
        context.lineWidth = 1;
        context.strokeRect(left + 0.5, top + 0.5, right - left - 1, barHeight - 1);
    }

    private ready(left: number, right: number, middle: number): void {
        const { context, scene } = this;
        context.strokeStyle = scene.palette.ready;
        context.lineWidth = 1;
        context.setLineDash([2, 2]);
        context.strokeRect(left + 0.5, middle - scene.rows.barHeight / 2 + 3.5, right - left - 1, scene.rows.barHeight - 7);
        context.setLineDash([]);
    }

    private frame(frame: Frame, row: number): void {
        const { context, scene } = this;
        const left = Math.max(this.x(frame.start), scene.gutter - 8);
        const right = Math.min(this.x(Math.min(frame.end, scene.now)), scene.width);
        if (right - left > 6) {
            const height = scene.rows.barHeight + 1;
            context.strokeStyle = scene.palette.running;
            context.lineWidth = 1;
            context.strokeRect(left + 0.5, this.middle(row, frame.lane) - height / 2, right - left - 1, height);
        }
    }

    /** The time under a timeout, as a line below what runs in it. */
    private fuse(deadline: Deadline, row: number): void {
        const { context, scene } = this;
        const left = Math.max(this.x(deadline.start), scene.gutter - 8);
        const right = Math.min(this.x(Math.min(deadline.end, scene.now)), scene.width);
        context.fillStyle = scene.palette.deadline;
        context.fillRect(left, this.middle(row, deadline.lane) + scene.rows.barHeight / 2 - 2, Math.max(right - left, 1), 3);
    }

    /** Text on a plate of the background's colour, so that the hatching does not run through it; nothing where it does not fit.
     *  Returns where it ends. */
    private plate(text: string, x: number, middle: number, room: number, ink: string): number {
        const { context, scene } = this;
        const width = context.measureText(text).width;
        if (width > room) {
            return -Infinity;
        }
        context.fillStyle = scene.palette.panel;
        context.fillRect(x - 3, middle - 8, width + 6, 16);
        context.fillStyle = ink;
        context.textAlign = "left";
        context.fillText(text, x, middle + 0.5);
        return x + width + 3;
    }

    /** The signs of one row from left to right; one beside the other where they would cover each other. */
    private signs(task: Task, row: number): void {
        const { context, scene } = this;
        const signs: { glyph: Glyph; time: number; lane: number }[] = task.marks.map(({ kind, time, lane }) => ({ glyph: kind, time, lane }));
        const { end, outcome } = task;
        if (outcome !== undefined && outcome !== "value" && !signs.some((sign) => sign.glyph === outcome && sign.lane === 0 && sign.time > end - 8 * this.pixel)) {
            signs.push({ glyph: outcome, time: end, lane: 0 });
        }
        const rightmost: number[] = [];
        for (const { glyph, time, lane } of signs) {
            const x = this.x(time);
            if (x < scene.gutter - glyphRadius || x > scene.width + glyphRadius) {
                continue;
            }
            const beside = Math.max(x, (rightmost[lane] ?? -Infinity) + 2 * glyphRadius + 1);
            if (beside - x > signRoom) {
                continue; /* too many in one place: zooming in tells them apart */
            }
            rightmost[lane] = beside;
            drawGlyph(context, glyph, beside, this.middle(row, lane), scene.palette);
        }
    }

    /** Underlines what stands at the line that is pointed at. */
    private lit(task: Task, row: number): void {
        const { context, scene } = this;
        context.fillStyle = scene.palette.focus;
        const drawn: number[] = [];
        for (const { site, start, end, lane } of [...this.inView(task.frames), ...this.inView(task.spans)]) {
            const left = Math.max(this.x(start), scene.gutter - 4);
            const right = Math.max(Math.min(this.x(Math.min(end, scene.now)), scene.width), left + 3);
            if (right > (drawn[lane] ?? -Infinity) && this.isLit(site)) {
                context.fillRect(left, this.middle(row, lane) + scene.rows.barHeight / 2 + 1, right - left, 3);
                drawn[lane] = right;
            }
        }
    }

    private isLit(site: number): boolean {
        const place = this.scene.model.site(site);
        return place !== undefined && place.line === this.scene.lit?.line && baseName(place.file) === this.scene.lit.file;
    }

    private outline(item: Item | undefined, width: number): void {
        const { context, scene } = this;
        const row = item === undefined ? -1 : scene.model.tasks.indexOf(item.task);
        if (item === undefined || row < 0) {
            return;
        }
        const { start, end, lane } = itemTimes(item);
        const left = Math.max(this.x(start), scene.gutter - 4);
        const right = Math.min(this.x(Math.min(end, scene.now)), scene.width);
        const radius = item.type === "mark" ? glyphRadius + 2 : 3;
        const middle = this.middle(row, lane);
        const { barHeight } = scene.rows;
        context.strokeStyle = scene.palette.focus;
        context.lineWidth = width;
        context.beginPath();
        context.roundRect(left - radius, middle - barHeight / 2 - 3, right - left + 2 * radius, barHeight + 6, 4);
        context.stroke();
    }

    private presentLine(): void {
        const { context, scene } = this;
        if (scene.live) {
            context.fillStyle = scene.palette.focus;
            context.fillRect(Math.round(this.x(scene.now)), axisHeight, 1, scene.height - axisHeight);
        }
    }
}
