/** A deadlock as a picture: tasks and what they wait for, around a circle. */

import type { Deadlock } from "./deadlock.ts";
import { textOf, Words } from "./words.ts";

export interface CycleNode {
    readonly kind: "task" | "object";
    readonly id: number;
    readonly text: string;
    readonly x: number;
    readonly y: number;
    readonly width: number;
}

/** An arrow between the edges of two nodes. */
export interface CycleArrow {
    readonly from: { readonly x: number; readonly y: number };
    readonly to: { readonly x: number; readonly y: number };
    /** It is bent outwards: of two that lead to and fro neither hides the other. */
    readonly bend: { readonly x: number; readonly y: number };
    readonly text: "waits for" | "is held by";
}

export interface Cycle {
    readonly nodes: readonly CycleNode[];
    readonly arrows: readonly CycleArrow[];
    readonly width: number;
    readonly height: number;
}

/* More tasks than that are a list, not a picture. */
export const drawable = 8;
export const nodeHeight = 30;
const letter = 7.2;
const margin = 8;

export function layOut(deadlock: Deadlock, words: Words): Cycle {
    const nodes = deadlock.links.flatMap(({ task, object }) => {
        const state = words.instant.object(object);
        const held = state?.type === "lock" || state?.type === "semaphore";
        const own = { kind: "task" as const, id: task, text: textOf([words.task(task)]) };
        return held ? [own, { kind: "object" as const, id: object, text: words.objectName(object) }] : [own];
    });
    const widths = nodes.map(({ text }) => Math.max(64, text.length * letter + 22));
    const widest = Math.max(...widths);
    /* So that the one at the top leaves its neighbours room for an arrow. */
    const radiusY = Math.min(Math.max(54, (nodeHeight + 26) / (1 - Math.cos((2 * Math.PI) / nodes.length))), nodes.length * 20);
    const radiusX = nodes.length <= 2 ? 0 : Math.max(widest * 0.75, radiusY);
    const width = 2 * (radiusX + margin) + widest;
    const height = 2 * (radiusY + margin) + nodeHeight;
    const placed = nodes.map((node, index): CycleNode => {
        const angle = (2 * Math.PI * index) / nodes.length - Math.PI / 2;
        return { ...node, width: widths[index]!, x: width / 2 + radiusX * Math.cos(angle), y: height / 2 + radiusY * Math.sin(angle) };
    });
    const arrows = placed.map((from, index): CycleArrow => {
        const to = placed[(index + 1) % placed.length]!;
        const [start, end] = [edgeOf(from, to), edgeOf(to, from)];
        const length = Math.hypot(end.x - start.x, end.y - start.y) || 1;
        const by = placed.length === 2 ? 34 : 14;
        /* Around the circle clockwise, outwards is to the left. */
        const bend = { x: (start.x + end.x) / 2 + ((end.y - start.y) / length) * by, y: (start.y + end.y) / 2 - ((end.x - start.x) / length) * by };
        return { from: start, to: end, bend, text: from.kind === "object" ? "is held by" : "waits for" };
    });
    return { nodes: placed, arrows, width, height };
}

/** Where the line between two nodes leaves the first one. */
function edgeOf(node: CycleNode, other: CycleNode): { x: number; y: number } {
    const [dx, dy] = [other.x - node.x, other.y - node.y];
    const gap = 4;
    const scale = Math.min((node.width / 2 + gap) / Math.abs(dx || 1e-9), (nodeHeight / 2 + gap) / Math.abs(dy || 1e-9));
    return { x: node.x + dx * Math.min(scale, 1), y: node.y + dy * Math.min(scale, 1) };
}
