/** What the playground and a page of replays have in common: the timeline, the output, the time machine, State and Why. */

import { Console } from "./console.ts";
import { ConsoleFeed } from "./console-feed.ts";
import type { Site } from "./events.ts";
import { keepFocus } from "./focus.ts";
import { statePanel } from "./history/state-panel.ts";
import { whyPanel } from "./history/why-panel.ts";
import { Panels } from "./panels.ts";
import { Timeline } from "./timeline.ts";
import { Breakpoints } from "./transport/breakpoints.ts";
import { Transport } from "./transport/transport.ts";
import type { Workbench } from "./workbench.ts";

export const find = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

export interface Viewer {
    timeline: Timeline;
    output: Console;
    breakpoints: Breakpoints;
    transport: Transport;
    panels: Panels;
}

/** Fills the places that partials.ts makes. `line` goes to a place in the source, if anything can. */
export function viewerOf(workbench: Workbench, line?: (site: Site) => void): Viewer {
    const timeline = new Timeline({
        chart: find("chart"),
        canvas: find<HTMLCanvasElement>("canvas"),
        spacer: find("spacer"),
        empty: find("empty"),
        detail: find("detail"),
        table: find<HTMLTableElement>("table"),
        tableNote: find("table-note"),
    });
    timeline.follow(workbench);
    find("zoom-in").addEventListener("click", () => timeline.zoom(1 / 1.5));
    find("zoom-out").addEventListener("click", () => timeline.zoom(1.5));
    find("fit").addEventListener("click", () => timeline.fit());

    const output = new Console(find("output"));
    new ConsoleFeed(workbench, output);

    const nameOf = (task: number) => timeline.nameOf(task);
    const breakpoints = new Breakpoints(nameOf);
    const transport = new Transport(workbench, breakpoints, nameOf);
    find("transport").replaceWith(transport.element);

    const panels = new Panels(find("panels"));
    const showWhy = () => panels.show("why");
    const way = line && { line };
    panels.add({ id: "tasks", title: "Tasks", element: find("tasks") });
    panels.add({ id: "state", title: "State", element: statePanel(workbench, { why: showWhy, ...way }) });
    panels.add({ id: "why", title: "Why", element: whyPanel(workbench, { object: () => panels.show("state"), ...way }) });
    timeline.asked = showWhy;
    keepFocus(document);
    return { timeline, output, breakpoints, transport, panels };
}
