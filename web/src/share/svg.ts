/** The timeline of a whole recording as an SVG that stands alone: with its heading, its legend, and both colour schemes. */

import { count } from "../format.ts";
import { colourNames, families, hatchLines } from "../palette.ts";
import type { Colour, Family, Palette } from "../palette.ts";
import { drawTimeline, signRoom } from "../timeline-canvas.ts";
import { axisHeight, Rows, TimeWindow } from "../timeline-geometry.ts";
import type { TimelineModel } from "../timeline-model.ts";
import { escaped, SvgInk } from "./svg-ink.ts";

export type Colours = Record<Colour, string>;

export interface Drawing {
    title: string;
    width: number;
    colours: { light: Colours; dark: Colours };
    /** The width of a text in pixels. */
    measure: (text: string, font: string) => number;
}

/* More rows than that are no picture any more. */
const mostTasks = 2000;
const headHeight = 40;
const footHeight = 40;

/** Names in place of colours, which the style sheet of the SVG knows. */
const named = {
    ...Object.fromEntries(colourNames.map((name) => [name, name])),
    hatching: Object.fromEntries(Object.keys(families).map((family) => [family, `hatch-${family}`])),
} as Palette;

export function timelineSvg(model: TimelineModel, { title, width, colours, measure }: Drawing): string {
    const rows = new Rows();
    const shown = model.tasks.slice(0, mostTasks);
    rows.update(shown, 420);
    const window = new TimeWindow();
    const gutter = 190;
    window.fit(0, model.end, false, signRoom / (width - gutter));
    const height = axisHeight + rows.height;
    const ink = new SvgInk(measure);
    drawTimeline(ink, {
        model, rows, window, palette: named, width, height, gutter, scrollTop: 0, now: model.end, live: false,
        selected: undefined, hovered: undefined, cursor: undefined, lit: undefined, ghosts: [],
    });
    const whole = headHeight + height + footHeight;
    const more = model.tasks.length - shown.length;
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${whole}" width="${width}" height="${whole}" role="img" aria-labelledby="title">
<title id="title">${escaped(title)}</title>
<style>${styles(colours)}</style>
<defs>${(Object.keys(families) as Family[]).map(pattern).join("")}</defs>
<rect width="${width}" height="${whole}" class="fill-panel"/>
<text x="12" y="25" class="heading fill-ink">${escaped(title)}</text>
<g transform="translate(0 ${headHeight})">
${ink.elements}
</g>
<g class="legend" transform="translate(0 ${headHeight + height})">${legend(measure)}${
    more > 0 ? `<text x="${width - 12}" y="25" text-anchor="end" class="fill-muted">${count(more, "more task")}</text>` : ""
}</g>
</svg>
`;
}

function styles({ light, dark }: Drawing["colours"]): string {
    const rules = (colours: Colours) =>
        colourNames.map((name) => `.fill-${name}{fill:${colours[name]}}.line-${name}{fill:none;stroke:${colours[name]}}`).join("");
    const hatches = Object.keys(families).map((family) => `.fill-hatch-${family}{fill:url(#hatch-${family})}`).join("");
    const text = "text{font:12px 'Inter Variable',Inter,system-ui,sans-serif;white-space:pre}.heading{font-size:15px;font-weight:640}";
    return `${text}${rules(light)}${hatches}@media(prefers-color-scheme:dark){${rules(dark)}}`;
}

function pattern(family: Family): string {
    const lines = hatchLines[family].map(([x0, y0, x1, y1]) => `M${x0} ${y0}L${x1} ${y1}`).join("");
    return `<pattern id="hatch-${family}" width="8" height="8" patternUnits="userSpaceOnUse"><rect width="8" height="8" class="fill-${family}-fill"/><path d="${lines}" class="line-${family}-hatch"/></pattern>`;
}

function legend(measure: Drawing["measure"]): string {
    const parts: string[] = [];
    let x = 12;
    const add = (label: string, swatch: (x: number) => string) => {
        parts.push(swatch(x), `<text x="${x + 24}" y="25" class="fill-muted">${label}</text>`);
        x += 24 + measure(label, "12px sans-serif") + 22;
    };
    add("runs", (left) => `<rect x="${left + 7}" y="14" width="4" height="14" class="fill-running"/>`);
    add("is ready", (left) => `<rect x="${left + 0.5}" y="15.5" width="17" height="11" stroke-dasharray="2 2" class="line-ready"/>`);
    for (const family of Object.keys(families) as Family[]) {
        add(families[family].label, (left) => {
            const place = `x="${left + 0.5}" y="15.5" width="17" height="11"`;
            return `<rect ${place} class="fill-hatch-${family}"/><rect ${place} class="line-${family}-hatch"/>`;
        });
    }
    return parts.join("");
}
