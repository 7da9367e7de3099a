/** How long the program takes at each value of a parameter: a plot, and the same as a table. */

import { button, element } from "../elements.ts";
import { duration, shortNumber } from "../format.ts";
import { ticks } from "../timeline-geometry.ts";
import type { Workbench } from "../workbench.ts";
import { declarationsOf, valueOf } from "./declarations.ts";
import { Explorer } from "./explorer.ts";
import type { Point } from "./explorer.ts";

const size = { width: 420, height: 190, left: 52, right: 12, top: 14, bottom: 38 };
const svgNames = "http://www.w3.org/2000/svg";

export class ParameterPlot {
    readonly #workbench: Workbench;
    readonly explorer: Explorer;
    readonly #choice = element("select", { "aria-label": "Parameter" });
    readonly #sweep = button("Sweep", { title: "Run the whole range" }, () => this.explorer.sweep());
    readonly #chart = document.createElementNS(svgNames, "svg");
    readonly #rows = element("tbody");
    readonly #empty = element("p", { class: "plot-empty" });
    readonly #body: HTMLElement;
    readonly element: HTMLElement;
    #source: string | undefined;

    constructor(workbench: Workbench) {
        this.#workbench = workbench;
        this.explorer = new Explorer(workbench, () => this.#show());
        const head = element("tr", {}, element("th", { scope: "col" }, "Value"), element("th", { scope: "col" }, "Total time"));
        const table = element("table", { "aria-label": "Total time by parameter" }, element("thead", {}, head), this.#rows);
        this.#chart.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
        this.#chart.setAttribute("aria-hidden", "true");
        this.#body = element("div", { class: "plot-body" }, this.#chart, element("div", { class: "plot-table" }, table));
        this.element = element("div", { class: "plot" }, element("div", { class: "tools" }, this.#choice, this.#sweep), this.#empty, this.#body);
        this.#choice.addEventListener("change", () => this.explorer.choose(this.#declarations().find(({ name }) => name === this.#choice.value)));
        workbench.on("subject", () => this.#follow());
        this.#follow();
    }

    #declarations() {
        return declarationsOf(this.#workbench.subject.source);
    }

    #follow(): void {
        const { source } = this.#workbench.subject;
        if (source === this.#source) {
            return;
        }
        this.#source = source;
        const declarations = this.#declarations();
        this.#choice.replaceChildren(...declarations.map(({ name, label }) => element("option", { value: name }, label)));
        const known = declarations.find(({ name }) => name === this.explorer.parameter?.name);
        this.explorer.choose(known ?? declarations[0]);
    }

    #show(): void {
        const { parameter, points } = this.explorer;
        this.#choice.disabled = this.#sweep.disabled = parameter === undefined;
        this.#empty.hidden = points.length > 0;
        this.#body.hidden = points.length === 0;
        this.#empty.textContent = parameter === undefined
            ? "This program has no parameters: WEFT_PARAM declares one."
            : "Move the slider, or sweep through its whole range: the total time at each value appears here.";
        if (parameter === undefined) {
            return;
        }
        this.#choice.value = parameter.name;
        const now = valueOf(parameter, this.#workbench.subject.parameters);
        this.#rows.replaceChildren(...points.map((point) => row(point, parameter.unit, point.value === now)));
        const title = `${parameter.label}${parameter.unit && `, ${parameter.unit}`}`;
        this.#chart.replaceChildren(...drawing(points, parameter.least, parameter.most, now, title));
    }
}

function row({ value, outcome, time, words }: Point, unit: string, isNow: boolean): HTMLElement {
    const told = outcome === "ended" ? duration(time) : outcome === "failed" ? `${words} at ${duration(time)}` : words;
    const head = element("th", { scope: "row" }, `${shortNumber(value)}${unit && ` ${unit}`}`);
    return element("tr", isNow ? { "aria-current": "true" } : {}, head, element("td", {}, told));
}

function drawing(points: Point[], least: number, most: number, now: number, title: string): SVGElement[] {
    const longest = Math.max(...points.filter(({ outcome }) => outcome !== "endless").map(({ time }) => time), 1e-6) * 1.08;
    const [right, bottom] = [size.width - size.right, size.height - size.bottom];
    const x = (value: number) => size.left + ((value - least) / (most - least || 1)) * (right - size.left);
    const y = (time: number) => bottom - (time / longest) * (bottom - size.top);
    const across = ticks(least, most, 6).times.flatMap((value) => [text(x(value), bottom + 16, "middle", shortNumber(value))]);
    const up = ticks(0, longest, 4).times.flatMap((time) => [
        svg("path", { class: "grid", d: `M${size.left} ${y(time)}H${right}` }),
        text(size.left - 6, y(time) + 4, "end", duration(time)),
    ]);
    const line = points.filter(({ outcome }) => outcome === "ended").map(({ value, time }, index) => `${index === 0 ? "M" : "L"}${x(value)} ${y(time)}`);
    return [
        ...up,
        ...across,
        text((size.left + right) / 2, size.height - 4, "middle", title),
        svg("path", { class: "now", d: `M${x(now)} ${size.top - 8}V${bottom}` }),
        svg("path", { class: "line", d: line.join("") || "M0 0" }),
        ...points.map(({ value, outcome, time }) => sign(outcome, x(value), outcome === "endless" ? size.top : y(time))),
    ];
}

/** A dot; a cross where the program failed; an arrow upwards where it has no end. */
function sign(outcome: Point["outcome"], x: number, y: number): SVGElement {
    const paths = {
        ended: "m-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0",
        failed: "m-4-4 8 8m0-8-8 8",
        endless: "m-4 4 4-6 4 6m-4-6v10",
    };
    return svg("path", { class: outcome, d: `M${x} ${y}${paths[outcome]}` });
}

function text(x: number, y: number, anchor: string, words: string): SVGElement {
    const made = svg("text", { x: String(x), y: String(y), "text-anchor": anchor });
    made.textContent = words;
    return made;
}

function svg(name: string, attributes: Record<string, string>): SVGElement {
    const made = document.createElementNS(svgNames, name);
    for (const [key, value] of Object.entries(attributes)) {
        made.setAttribute(key, value);
    }
    return made;
}
