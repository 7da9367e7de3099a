/** Draws the cycle of a deadlock. The list of sentences beside it says the same. */

import { drawable, layOut, nodeHeight } from "./cycle.ts";
import type { Cycle, CycleArrow, CycleNode } from "./cycle.ts";
import type { Deadlock } from "./deadlock.ts";
import type { Instant } from "./instant.ts";
import { Words } from "./words.ts";

const namespace = "http://www.w3.org/2000/svg";

function shape(name: string, attributes: Record<string, string | number>, ...children: (Node | string)[]): SVGElement {
    const made = document.createElementNS(namespace, name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, String(value)));
    made.append(...children);
    return made;
}

/** Undefined where a picture would say nothing: of one task, or of very many. */
export function drawCycle(instant: Instant, deadlock: Deadlock): SVGElement | undefined {
    if (deadlock.kind !== "cycle" || deadlock.links.length > drawable) {
        return undefined;
    }
    const cycle = layOut(deadlock, new Words(instant));
    return cycle.nodes.length < 2 ? undefined : picture(cycle);
}

function picture(cycle: Cycle): SVGElement {
    const { width, height, nodes, arrows } = cycle;
    const names = nodes.map(({ text }) => text).join(", ");
    return shape(
        "svg",
        { viewBox: `0 0 ${Math.round(width)} ${Math.round(height)}`, width: Math.round(width), role: "img", "aria-label": `A cycle: ${names}, and back to the first` },
        ...arrows.map(arrow),
        ...nodes.map(node),
    );
}

function arrow({ from, to, bend, text }: CycleArrow): SVGElement {
    const angle = Math.atan2(to.y - bend.y, to.x - bend.x);
    const wing = (turn: number) => `${to.x - 8 * Math.cos(angle + turn)} ${to.y - 8 * Math.sin(angle + turn)}`;
    return shape(
        "g",
        { class: text === "is held by" ? "held" : "waits" },
        shape("path", { d: `M${from.x} ${from.y} Q${bend.x} ${bend.y} ${to.x} ${to.y}`, class: "line" }),
        shape("path", { d: `M${wing(0.45)} L${to.x} ${to.y} L${wing(-0.45)}`, class: "head" }),
        shape("title", {}, text),
    );
}

function node({ kind, text, x, y, width }: CycleNode): SVGElement {
    const round = kind === "task" ? nodeHeight / 2 : 4;
    return shape(
        "g",
        { class: kind },
        shape("rect", { x: x - width / 2, y: y - nodeHeight / 2, width, height: nodeHeight, rx: round }),
        shape("text", { x, y, "text-anchor": "middle", "dominant-baseline": "central" }, text),
    );
}
