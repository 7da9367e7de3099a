/** The runs before this one with other parameters: outlines behind its bars. */

import type { Recording } from "../recording.ts";
import type { TimelineModel } from "../timeline-model.ts";

export interface Ghost {
    parameters: string;
    model: TimelineModel;
}

const most = 3;

/** What stays behind `next`, when `model` shows the run `last`; nothing behind another program. */
export function ghostsBehind(ghosts: readonly Ghost[], model: TimelineModel, last: Recording | undefined, next: Recording): Ghost[] {
    const [before, after] = [last?.subject, next.subject];
    if (before === undefined || after === undefined || before.source !== after.source || before.file !== after.file) {
        return [];
    }
    const [old, now] = [JSON.stringify(before.parameters), JSON.stringify(after.parameters)];
    const others = ghosts.filter(({ parameters }) => parameters !== old && parameters !== now);
    return [...others, ...(old === now ? [] : [{ parameters: old, model }])].slice(-most);
}
