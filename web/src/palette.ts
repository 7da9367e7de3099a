/** The timeline's colours, taken from the style sheet so that both schemes are written in one place. */

import type { WaitName } from "./events.ts";

/** Waits of one family look alike: same colour, same hatching. */
export type Family = "time" | "tasks" | "locks" | "outside";

export const families: Record<Family, { label: string; waits: WaitName[] }> = {
    time: { label: "sleeps", waits: ["sleep", "one tick"] },
    tasks: { label: "waits for tasks", waits: ["task", "future", "gather", "shield", "group"] },
    locks: { label: "waits for its turn", waits: ["semaphore", "lock", "event", "condition", "barrier", "queue"] },
    outside: { label: "waits for the outside", waits: ["thread", "promise", "input or output", "something"] },
};

const familyOf = new Map<WaitName, Family>(
    Object.entries(families).flatMap(([family, { waits }]) => waits.map((wait) => [wait, family as Family])),
);

export function waitFamily(wait: WaitName | undefined): Family {
    return (wait && familyOf.get(wait)) ?? "outside";
}

export const colourNames = [
    "panel", "ink", "muted", "grid", "row", "thread", "running", "ready", "error", "cancelled", "deadline", "mark", "focus",
    "time-fill", "time-hatch", "time-ink", "tasks-fill", "tasks-hatch", "tasks-ink",
    "locks-fill", "locks-hatch", "locks-ink", "outside-fill", "outside-hatch", "outside-ink",
] as const;
export type Colour = (typeof colourNames)[number];
export type Palette = Record<Colour, string> & { hatching: Record<Family, CanvasPattern | string> };

/** The colours of the scheme that the element has. */
export function readColours(element: HTMLElement): Record<Colour, string> {
    /* Only a real property resolves light-dark(): the variables are read through one. */
    const probe = element.appendChild(document.createElement("span"));
    probe.hidden = true;
    const colours = Object.fromEntries(
        colourNames.map((name) => {
            probe.style.color = `var(--chart-${name})`;
            return [name, getComputedStyle(probe).color];
        }),
    ) as Record<Colour, string>;
    probe.remove();
    return colours;
}

export function readPalette(element: HTMLElement, context: CanvasRenderingContext2D, scale: number): Palette {
    const colours = readColours(element);
    const hatching = Object.fromEntries(
        (Object.keys(families) as Family[]).map((family) => [family, hatch(family, colours, context, scale)]),
    ) as Palette["hatching"];
    return { ...colours, hatching };
}

/* Each family's lines in a tile of 8 by 8, which repeats without a seam. */
export const hatchLines: Record<Family, [number, number, number, number][]> = {
    time: [[-2, 10, 10, -2], [-2, 2, 2, -2], [6, 10, 10, 6]],
    tasks: [[-2, -2, 10, 10], [-2, 6, 2, 10], [6, -2, 10, 2]],
    locks: [[0, 2, 8, 2], [0, 6, 8, 6]],
    outside: [[2, 0, 2, 8], [6, 0, 6, 8]],
};

function hatch(family: Family, colours: Record<Colour, string>, context: CanvasRenderingContext2D, scale: number): CanvasPattern | string {
    const size = 8 * Math.max(1, Math.round(scale));
    const tile = document.createElement("canvas");
    tile.width = size;
    tile.height = size;
    const ink = tile.getContext("2d");
    if (ink === null) {
        return colours[`${family}-fill`];
    }
    ink.scale(size / 8, size / 8);
    ink.fillStyle = colours[`${family}-fill`];
    ink.fillRect(0, 0, 8, 8);
    ink.strokeStyle = colours[`${family}-hatch`];
    ink.lineWidth = 1;
    ink.beginPath();
    for (const [x0, y0, x1, y1] of hatchLines[family]) {
        ink.moveTo(x0, y0);
        ink.lineTo(x1, y1);
    }
    ink.stroke();
    const pattern = context.createPattern(tile, "repeat");
    pattern?.setTransform(new DOMMatrix().scale(8 / size));
    return pattern ?? colours[`${family}-fill`];
}
