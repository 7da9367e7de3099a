/** Between the run and the source: the lines at which the tasks stand, and the line of what is pointed at, both ways. */

import type { Editor } from "../editor.ts";
import type { Site } from "../events.ts";
import { baseName } from "../format.ts";
import { History } from "../history/history.ts";
import type { TaskState } from "../history/state.ts";
import { waitFamily } from "../palette.ts";
import type { Timeline } from "../timeline.ts";
import type { Workbench } from "../workbench.ts";
import type { TaskMark } from "./task-marks.ts";

/** Signs in the editor for the tasks of one instant; those that stand in other files, as in the library, have none. */
export function marksOf(tasks: readonly TaskState[], stepped: number | undefined, file: string, siteOf: (id: number) => Site | undefined): TaskMark[] {
    return tasks.flatMap(({ id, name, named, coroutine, status, site, wait }) => {
        const place = status === "done" ? undefined : siteOf(site);
        if (place === undefined || baseName(place.file) !== file) {
            return [];
        }
        const running = status === "running" || id === stepped;
        const does = status === "waiting" ? `waits for ${wait?.kind ?? "something"}` : status === "new" ? "has not run yet" : `is ${status}`;
        const look = running ? "running" : status === "waiting" ? waitFamily(wait?.kind) : "ready";
        return [{ line: place.line, task: id, running, label: `${(named ? [name, coroutine] : [coroutine, name]).join(" ")} ${does}`, look }];
    });
}

export function followTasks(workbench: Workbench, editor: Editor): void {
    let history: History | undefined;
    let frame = 0;
    const show = () => {
        frame = 0;
        const { recording, step, subject } = workbench;
        /* The lines are those of the text that ran. */
        if (recording?.subject === undefined || recording.subject.source !== subject.source || recording.subject.file !== subject.file) {
            editor.showTasks([]);
            return;
        }
        if (history?.log !== recording) {
            history = new History(recording);
        }
        const stepped = step === 0 || workbench.atEnd ? undefined : recording.event(recording.eventsOf(step).from).task;
        editor.showTasks(marksOf(history.at(step).tasks, stepped, subject.file, (id) => recording.site(id)));
    };
    for (const name of ["started", "grown", "step", "ended", "subject"] as const) {
        workbench.on(name, () => {
            frame ||= requestAnimationFrame(show);
        });
    }
}

/** What is pointed at on the timeline lights its line; gives who hears of the line that is pointed at in the editor. */
export function linkTimeline(workbench: Workbench, timeline: Timeline, editor: Editor): (line: number | undefined) => void {
    const current = () => workbench.recording?.subject?.source === workbench.subject.source;
    timeline.onPoint((site) => {
        const here = site !== undefined && current() && baseName(site.file) === workbench.subject.file;
        editor.light(here ? site.line : undefined);
    });
    return (line) => timeline.light(line === undefined || !current() ? undefined : { file: workbench.subject.file, line });
}
