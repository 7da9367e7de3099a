/** The timeline under mouse, pen and fingers: hover, click, drag to pan, wheel and pinch to zoom. */

import { axisHeight } from "./timeline-geometry.ts";
import type { Timeline } from "./timeline.ts";

/* A pointer that moved less than this was a click. */
const clickSlack = 4;

export class TimelinePointer {
    readonly #timeline: Timeline;
    readonly #chart: HTMLElement;
    readonly #down = new Map<number, { x: number; y: number }>();
    #moved = 0;

    constructor(timeline: Timeline, chart: HTMLElement) {
        this.#timeline = timeline;
        this.#chart = chart;
        chart.addEventListener("pointerdown", (event) => this.#press(event));
        chart.addEventListener("pointermove", (event) => this.#move(event));
        chart.addEventListener("pointerup", (event) => this.#release(event));
        chart.addEventListener("pointercancel", (event) => this.#down.delete(event.pointerId));
        chart.addEventListener("pointerleave", () => timeline.hover(undefined));
        chart.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
        chart.addEventListener("dblclick", (event) => timeline.zoom(1 / 2, timeline.timeAt(this.#place(event).x)));
    }

    #place(event: MouseEvent): { x: number; y: number } {
        const box = this.#chart.getBoundingClientRect();
        return { x: event.clientX - box.left, y: event.clientY - box.top };
    }

    #press(event: PointerEvent): void {
        if (event.button === 0 && event.target !== this.#chart) {
            this.#down.set(event.pointerId, this.#place(event));
            this.#moved = 0;
        }
    }

    #move(event: PointerEvent): void {
        const place = this.#place(event);
        const last = this.#down.get(event.pointerId);
        if (last === undefined) {
            this.#timeline.hover(this.#timeline.itemAt(place.x, place.y));
            return;
        }
        this.#moved += Math.abs(place.x - last.x) + Math.abs(place.y - last.y);
        if (this.#moved < clickSlack) {
            return;
        }
        this.#chart.setPointerCapture(event.pointerId);
        const other = [...this.#down].find(([id]) => id !== event.pointerId)?.[1];
        if (other === undefined) {
            this.#timeline.pan(this.#timeline.timeAt(last.x) - this.#timeline.timeAt(place.x));
            if (event.pointerType === "mouse") {
                this.#chart.scrollTop -= place.y - last.y;
            }
        } else {
            const before = Math.max(Math.abs(last.x - other.x), 10);
            const after = Math.max(Math.abs(place.x - other.x), 10);
            this.#timeline.zoom(before / after, this.#timeline.timeAt(other.x));
        }
        this.#down.set(event.pointerId, place);
    }

    #release(event: PointerEvent): void {
        if (this.#down.delete(event.pointerId) && this.#moved < clickSlack) {
            const { x, y } = this.#place(event);
            const item = this.#timeline.itemAt(x, y);
            /* A name at the left, or no task at all, is at no time. */
            if ((item !== undefined && item.type !== "task") || y < axisHeight) {
                this.#timeline.pick(this.#timeline.timeAt(x));
            }
            this.#timeline.select(item);
            if (item?.type === "span" && item.span.state === "waiting") {
                this.#timeline.asked?.();
            }
        }
    }

    /** With Ctrl or a pinch on a touchpad it zooms, sideways or with Shift it pans; otherwise the rows scroll. */
    #wheel(event: WheelEvent): void {
        const { x } = this.#place(event);
        const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
        if (event.ctrlKey || event.metaKey) {
            this.#timeline.zoom(1.0025 ** event.deltaY, this.#timeline.timeAt(x));
        } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
            this.#timeline.pan(this.#timeline.timeAt(x + sideways) - this.#timeline.timeAt(x));
        } else {
            return;
        }
        event.preventDefault();
    }
}
