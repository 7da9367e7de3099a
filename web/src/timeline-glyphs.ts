/** The signs on the timeline. Each has a shape of its own, so that none is told by its colour alone. */

import type { Ink } from "./ink.ts";
import type { Palette } from "./palette.ts";
import type { MarkKind } from "./timeline-model.ts";

/** Marks, and the outcomes at the end of a bar that are not simply a value. */
export type Glyph = MarkKind | "stopped";

export const glyphRadius = 6;

/** Draws the sign with its middle at (x, y). */
export function drawGlyph(context: Ink, glyph: Glyph, x: number, y: number, palette: Palette): void {
    context.save();
    context.translate(x, y);
    context.lineWidth = 1.5;
    context.lineCap = "round";
    context.lineJoin = "round";
    shapes[glyph](context, palette);
    context.restore();
}

const shapes: Record<Glyph, (context: Ink, palette: Palette) => void> = {
    stopped: (context, palette) => {
        context.fillStyle = palette.muted;
        context.fillRect(-4, -4, 8, 8);
    },
    error: (context, palette) => {
        disc(context, glyphRadius, palette.error, palette.panel);
        strokes(context, palette.panel, [-2.5, -2.5, 2.5, 2.5], [-2.5, 2.5, 2.5, -2.5]);
    },
    cancelled: (context, palette) => {
        disc(context, glyphRadius - 0.5, palette.panel, palette.panel);
        circle(context, glyphRadius - 0.5);
        context.strokeStyle = palette.cancelled;
        context.lineWidth = 2;
        context.stroke();
        strokes(context, palette.cancelled, [-3.2, 3.2, 3.2, -3.2]);
    },
    "cancel request": (context, palette) => {
        polygon(context, [0, 5], [-5, -4], [5, -4]);
        context.fillStyle = palette.panel;
        context.fill();
        context.strokeStyle = palette.cancelled;
        context.stroke();
    },
    deadline: (context, palette) => {
        disc(context, glyphRadius, palette.panel, palette.panel);
        circle(context, glyphRadius - 0.5);
        context.strokeStyle = palette.deadline;
        context.stroke();
        strokes(context, palette.deadline, [0, -3, 0, 0], [0, 0, 2.5, 1.5]);
    },
    mark: (context, palette) => {
        polygon(context, [0, -5], [5, 0], [0, 5], [-5, 0]);
        context.fillStyle = palette.mark;
        context.fill();
    },
    "long step": (context, palette) => {
        polygon(context, [0, -6], [6, 5], [-6, 5]);
        context.fillStyle = palette.error;
        context.fill();
        strokes(context, palette.panel, [0, -2.5, 0, 1], [0, 3.2, 0, 3.3]);
    },
    "never awaited": (context, palette) => {
        disc(context, glyphRadius, palette.panel, palette.panel);
        context.setLineDash([2.4, 2.3]);
        circle(context, glyphRadius - 0.5);
        context.strokeStyle = palette.error;
        context.stroke();
        context.setLineDash([]);
        strokes(context, palette.error, [-2, 0, 2, 0]);
    },
    "never retrieved": (context, palette) => {
        disc(context, glyphRadius, palette.panel, palette.panel);
        circle(context, glyphRadius - 0.5);
        context.strokeStyle = palette.error;
        context.stroke();
        strokes(context, palette.error, [-2.2, -2.2, 2.2, 2.2], [-2.2, 2.2, 2.2, -2.2]);
    },
};

function circle(context: Ink, radius: number): void {
    context.beginPath();
    context.arc(0, 0, radius, 0, Math.PI * 2);
}

function disc(context: Ink, radius: number, fill: string, edge: string): void {
    circle(context, radius);
    context.fillStyle = fill;
    context.fill();
    context.strokeStyle = edge;
    context.stroke();
}

function polygon(context: Ink, ...points: [number, number][]): void {
    context.beginPath();
    for (const [x, y] of points) {
        context.lineTo(x, y);
    }
    context.closePath();
}

function strokes(context: Ink, colour: string, ...lines: [number, number, number, number][]): void {
    context.strokeStyle = colour;
    context.beginPath();
    for (const [x0, y0, x1, y1] of lines) {
        context.moveTo(x0, y0);
        context.lineTo(x1, y1);
    }
    context.stroke();
}
