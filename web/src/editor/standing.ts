/** At which lines of the source the tasks of an instant stand. */

import type { Site } from "../events.ts";
import { baseName } from "../format.ts";
import type { TaskState } from "../history/state.ts";
import { waitFamily } from "../palette.ts";
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
