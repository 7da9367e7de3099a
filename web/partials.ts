/** What several pages have in common, written once: in their HTML `<partial name="NAME" word="text" />` stands for it. */

import type { Plugin } from "vite";

const logo = () => `
<h1>
    <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
        <g fill="none" stroke-width="3.4" stroke-linecap="round">
            <path d="M8 3v26M16 3v26M24 3v26" class="warp" />
            <path d="M3 9h9.4M19.6 9H29M3 16h1.4M11.6 16h8.8M27.6 16H29M3 23h9.4M19.6 23H29" class="weft" />
        </g>
    </svg>
    weft
</h1>`;

const theme = () => `
<button id="theme" type="button" class="icon" aria-label="Dark theme" title="Dark theme">
    <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
        <circle cx="10" cy="10" r="7.25" fill="none" stroke="currentColor" stroke-width="1.5" />
        <path d="M10 2.75a7.25 7.25 0 0 1 0 14.5z" fill="currentColor" />
    </svg>
</button>`;

const timeline = ({ heading, empty }: Record<string, string>) => `
<section class="pane timeline" aria-labelledby="timeline-heading">
    <div class="pane-head">
        <${heading} id="timeline-heading">Timeline</${heading}>
        <p id="status" role="status" aria-label="Run"></p>
        <div class="tools">
            <button id="zoom-out" type="button" class="icon" aria-label="Zoom out" title="Zoom out (−)">
                <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true"><path d="M3 8h10" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" /></svg>
            </button>
            <button id="fit" type="button" title="Show everything (0)">Fit</button>
            <button id="zoom-in" type="button" class="icon" aria-label="Zoom in" title="Zoom in (+)">
                <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true"><path d="M3 8h10M8 3v10" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" /></svg>
            </button>
        </div>
    </div>
    <div id="chart" tabindex="0" role="application" aria-label="Timeline chart" aria-describedby="chart-help">
        <div class="sheet"><canvas id="canvas" aria-hidden="true"></canvas></div>
        <p id="empty">${empty}</p>
        <div id="spacer"></div>
    </div>
    <div id="transport" class="transport"></div>
    <p id="detail" aria-live="polite"></p>
    <ul class="legend" aria-label="Legend">
        <li><i class="running"></i>runs</li>
        <li><i class="ready"></i>is ready</li>
        <li><i class="time"></i>sleeps</li>
        <li><i class="tasks"></i>waits for tasks</li>
        <li><i class="locks"></i>waits for its turn</li>
        <li><i class="outside"></i>waits for the outside</li>
        <li><b class="deadline">◷</b>deadline</li>
        <li><b class="cancelled">▽</b>asked to cancel</li>
        <li><b class="cancelled">⊘</b>cancelled</li>
        <li><b class="error">✕</b>error</li>
        <li><b class="error">▲</b>blocked all others</li>
        <li><b class="error">◌</b>never awaited</li>
        <li><b class="error">⊗</b>error never retrieved</li>
    </ul>
    <p id="chart-help" class="unseen">
        Up and down arrows move between tasks, left and right through what happens to one. Plus and minus zoom, 0 shows
        everything, Shift with left and right moves the view, Enter tells why the task waits there, Escape leaves the
        selection. The table named Timeline has the same content.
    </p>
</section>`;

const tasks = () => `
<div id="tasks">
    <table id="table" aria-label="Timeline">
        <thead>
            <tr>
                <th scope="col">Task</th>
                <th scope="col">Started</th>
                <th scope="col">Ended</th>
                <th scope="col">Outcome</th>
                <th scope="col">Waits for</th>
            </tr>
        </thead>
        <tbody></tbody>
    </table>
    <p id="table-note"></p>
</div>`;

const all: Record<string, (words: Record<string, string>) => string> = { logo, theme, timeline, tasks };

function partial(name: string, attributes: string): string {
    const words = [...attributes.matchAll(/(\w+)="([^"]*)"/g)].map(([, word, text]) => [word, text]);
    const make = all[name];
    if (make === undefined) {
        throw new Error(`partials.ts has no "${name}"`);
    }
    return make(Object.fromEntries(words)).trim();
}

export const partials: Plugin = {
    name: "partials",
    transformIndexHtml: {
        order: "pre",
        handler: (html) => html.replace(/<partial name="(\w+)"([^>]*)\/>/g, (_, name: string, attributes: string) => partial(name, attributes)),
    },
};
