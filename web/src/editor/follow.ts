/** Between the run and the source: the lines at which the tasks stand, and the line of what is pointed at, both ways. */

import type { Editor } from "../editor.ts";
import { baseName } from "../format.ts";
import { historyOf } from "../history/panel.ts";
import type { Timeline } from "../timeline.ts";
import type { Workbench } from "../workbench.ts";
import { marksOf } from "./standing.ts";

export function followTasks(workbench: Workbench, editor: Editor): void {
    let frame = 0;
    const show = () => {
        frame = 0;
        const { recording, step, subject } = workbench;
        /* The lines are those of the text that ran. */
        if (recording?.subject === undefined || recording.subject.source !== subject.source || recording.subject.file !== subject.file) {
            editor.showTasks([]);
            return;
        }
        const stepped = step === 0 || workbench.atEnd ? undefined : recording.event(recording.eventsOf(step).from).task;
        editor.showTasks(marksOf(historyOf(recording).at(step).tasks, stepped, subject.file, (id) => recording.site(id)));
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
