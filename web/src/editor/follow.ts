/** Between the run and the source: the lines at which the tasks stand, and the line of what is pointed at, both ways. */

import type { Editor } from "../editor.ts";
import { baseName } from "../format.ts";
import { historyOf } from "../history/panel.ts";
import type { Recording } from "../recording.ts";
import type { Subject } from "../subject.ts";
import type { Timeline } from "../timeline.ts";
import type { Workbench } from "../workbench.ts";
import { marksOf } from "./standing.ts";

/** Whether the lines of what ran are those of the text in the editor. */
const isOf = ({ text }: Recording, { source, file }: Subject) => text !== undefined && text.source === source && text.file === file;

export function followTasks(workbench: Workbench, editor: Editor): void {
    let frame = 0;
    const show = () => {
        frame = 0;
        const { recording, step, subject } = workbench;
        if (recording === undefined || !isOf(recording, subject)) {
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
    const current = () => workbench.recording !== undefined && isOf(workbench.recording, workbench.subject);
    timeline.onPoint((site) => {
        const here = site !== undefined && current() && baseName(site.file) === workbench.subject.file;
        editor.light(here ? site.line : undefined);
    });
    return (line) => timeline.light(line === undefined || !current() ? undefined : { file: workbench.subject.file, line });
}
