/** Draws the timeline as an SVG. Colours are names, for which the SVG's style sheet has a class each; texts stay texts. */

import type { Ink } from "../ink.ts";

export const escaped = (text: string): string =>
    text
        .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")
        .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "\ufffd");

const rounded = (value: number): string => String(Math.round(value * 100) / 100);

interface Settings {
    fillStyle: string | CanvasGradient | CanvasPattern;
    strokeStyle: string | CanvasGradient | CanvasPattern;
    lineWidth: number;
    lineCap: CanvasLineCap;
    lineJoin: CanvasLineJoin;
    globalAlpha: number;
    font: string;
    textAlign: CanvasTextAlign;
    textBaseline: CanvasTextBaseline;
    dash: readonly number[];
    x: number;
    y: number;
    /** Groups of this state that are open, each with a clip. */
    groups: number;
}

const initial: Settings = {
    fillStyle: "ink", strokeStyle: "ink", lineWidth: 1, lineCap: "butt", lineJoin: "miter", globalAlpha: 1, font: "12px sans-serif",
    textAlign: "left", textBaseline: "alphabetic", dash: [], x: 0, y: 0, groups: 0,
};

export class SvgInk implements Ink {
    readonly #parts: string[] = [];
    readonly #measure: (text: string, font: string) => number;
    #now: Settings = { ...initial };
    readonly #saved: Settings[] = [];
    #path = "";
    #clips = 0;

    /** Widths of texts in pixels come from whoever knows them. */
    constructor(measure: (text: string, font: string) => number) {
        this.#measure = measure;
    }

    /** The elements that were drawn. */
    get elements(): string {
        return this.#parts.join("\n");
    }

    get fillStyle() { return this.#now.fillStyle; }
    set fillStyle(value) { this.#now.fillStyle = value; }
    get strokeStyle() { return this.#now.strokeStyle; }
    set strokeStyle(value) { this.#now.strokeStyle = value; }
    get lineWidth() { return this.#now.lineWidth; }
    set lineWidth(value) { this.#now.lineWidth = value; }
    get lineCap() { return this.#now.lineCap; }
    set lineCap(value) { this.#now.lineCap = value; }
    get lineJoin() { return this.#now.lineJoin; }
    set lineJoin(value) { this.#now.lineJoin = value; }
    get globalAlpha() { return this.#now.globalAlpha; }
    set globalAlpha(value) { this.#now.globalAlpha = value; }
    get font() { return this.#now.font; }
    set font(value) { this.#now.font = value; }
    get textAlign() { return this.#now.textAlign; }
    set textAlign(value) { this.#now.textAlign = value; }
    get textBaseline() { return this.#now.textBaseline; }
    set textBaseline(value) { this.#now.textBaseline = value; }

    setLineDash(lengths: Iterable<number>): void {
        this.#now.dash = [...lengths];
    }

    save(): void {
        this.#saved.push(this.#now);
        this.#now = { ...this.#now, groups: 0 };
    }

    restore(): void {
        this.#parts.push("</g>".repeat(this.#now.groups));
        this.#now = this.#saved.pop() ?? { ...initial };
    }

    translate(x: number, y: number): void {
        this.#now.x += x;
        this.#now.y += y;
    }

    clip(): void {
        const id = `clip-${++this.#clips}`;
        this.#parts.push(`<clipPath id="${id}"><path d="${this.#path}"/></clipPath><g clip-path="url(#${id})">`);
        this.#now.groups++;
    }

    // --- Paths ---

    beginPath(): void {
        this.#path = "";
    }

    closePath(): void {
        this.#path += "Z";
    }

    moveTo(x: number, y: number): void {
        this.#path += `M${this.#point(x, y)}`;
    }

    lineTo(x: number, y: number): void {
        this.#path += `${this.#path === "" || this.#path.endsWith("Z") ? "M" : "L"}${this.#point(x, y)}`;
    }

    rect(x: number, y: number, width: number, height: number): void {
        this.#path += `M${this.#point(x, y)}h${rounded(width)}v${rounded(height)}h${rounded(-width)}Z`;
    }

    roundRect(x: number, y: number, width: number, height: number): void {
        this.rect(x, y, width, height);
    }

    /** Whole circles only, which is all that is drawn. */
    arc(x: number, y: number, radius: number): void {
        const half = (way: number) => `a${rounded(radius)} ${rounded(radius)} 0 1 1 ${rounded(way * 2 * radius)} 0`;
        this.#path += `M${this.#point(x - radius, y)}${half(1)}${half(-1)}Z`;
    }

    fill(): void {
        this.#parts.push(`<path d="${this.#path}"${this.#filled()}/>`);
    }

    stroke(): void {
        this.#parts.push(`<path d="${this.#path}"${this.#stroked()}/>`);
    }

    #point(x: number, y: number): string {
        return `${rounded(x + this.#now.x)} ${rounded(y + this.#now.y)}`;
    }

    // --- Rectangles and texts ---

    fillRect(x: number, y: number, width: number, height: number): void {
        this.#rectangle(x, y, width, height, this.#filled());
    }

    strokeRect(x: number, y: number, width: number, height: number): void {
        this.#rectangle(x, y, width, height, this.#stroked());
    }

    #rectangle(x: number, y: number, width: number, height: number, look: string): void {
        if (width > 0 && height > 0) {
            const place = `x="${rounded(x + this.#now.x)}" y="${rounded(y + this.#now.y)}"`;
            this.#parts.push(`<rect ${place} width="${rounded(width)}" height="${rounded(height)}"${look}/>`);
        }
    }

    fillText(text: string, x: number, y: number): void {
        const { font, textAlign, textBaseline } = this.#now;
        const anchor = textAlign === "center" ? ' text-anchor="middle"' : textAlign === "right" ? ' text-anchor="end"' : "";
        const baseline = textBaseline === "middle" ? ' dominant-baseline="central"' : "";
        /* As wide as it was measured, also where another font stands in. */
        const length = ` textLength="${rounded(this.#measure(text, font))}" lengthAdjust="spacingAndGlyphs"`;
        const style = `${length} style="font: ${escaped(font)}"`;
        const place = `x="${rounded(x + this.#now.x)}" y="${rounded(y + this.#now.y)}"`;
        this.#parts.push(`<text ${place}${anchor}${baseline}${style}${this.#filled()}>${escaped(text)}</text>`);
    }

    measureText(text: string): { width: number } {
        return { width: this.#measure(text, this.#now.font) };
    }

    // --- Looks ---

    #filled(): string {
        return ` class="fill-${String(this.#now.fillStyle)}"${this.#opacity()}`;
    }

    #stroked(): string {
        const { strokeStyle, lineWidth, lineCap, lineJoin, dash } = this.#now;
        const width = lineWidth === 1 ? "" : ` stroke-width="${lineWidth}"`;
        const cap = lineCap === "butt" ? "" : ` stroke-linecap="${lineCap}"`;
        const corner = lineJoin === "miter" ? "" : ` stroke-linejoin="${lineJoin}"`;
        const dashes = dash.length === 0 ? "" : ` stroke-dasharray="${dash.join(" ")}"`;
        return ` class="line-${String(strokeStyle)}"${width}${cap}${corner}${dashes}${this.#opacity()}`;
    }

    #opacity(): string {
        return this.#now.globalAlpha === 1 ? "" : ` opacity="${this.#now.globalAlpha}"`;
    }
}
