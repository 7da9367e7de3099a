/** What can be taken home of a program and of its recording, as files. */

import { coloursOf } from "./colours.ts";
import { chromeTrace } from "./chrome-trace.ts";
import { projectName, projectZip } from "./project.ts";
import { replayPage } from "./replay-file.ts";
import { save } from "./save.ts";
import { timelineSvg } from "./svg.ts";
import { fetched } from "../fetched.ts";
import { baseName, instant } from "../format.ts";
import type { Recording } from "../recording.ts";
import type { Subject } from "../subject.ts";
import { TimelineModel } from "../timeline-model.ts";

export interface Keepsake {
    name: string;
    what: string;
    /** Whether the program must have been run. */
    ofRecording: boolean;
    save(subject: Subject, recording: Recording | undefined): Promise<void>;
}

/** Of recordings, the program that was run, or the one that stands in the editor beside a trace from elsewhere. */
const subjectOf = (subject: Subject, recording: Recording | undefined): Subject => recording?.subject ?? subject;

export const keepsakes: readonly Keepsake[] = [
    {
        name: "Replay as a page",
        what: "One HTML file with the timeline, the source and the output, which works without a network.",
        ofRecording: true,
        async save(subject, recording) {
            const run = subjectOf(subject, recording);
            const template = await (await fetched("./replay.html")).text();
            save(`${projectName(run.file)}.html`, "text/html", [await replayPage(template, run, recording!)]);
        },
    },
    {
        name: "Chrome trace",
        what: "JSON that opens in Perfetto, and here again.",
        ofRecording: true,
        async save(subject, recording) {
            const run = subjectOf(subject, recording);
            const module = await WebAssembly.compile(await (await fetched("./share/trace.wasm")).arrayBuffer());
            const sources = new Map([...filesOf(recording!)].filter((file) => baseName(file) === run.file).map((file) => [file, run.source]));
            const host = run.clock === "virtual" ? 3 : 2;
            save(`${projectName(run.file)}-trace.json`, "application/json", await chromeTrace(module, { host, chunks: recording!.chunks, sources }));
        },
    },
    {
        name: "Timeline as SVG",
        what: "A picture whose texts stay texts, for light and dark.",
        ofRecording: true,
        async save(subject, recording) {
            const run = subjectOf(subject, recording);
            save(`${projectName(run.file)}.svg`, "image/svg+xml", [svgOf(run, recording!)]);
        },
    },
    {
        name: "CMake project",
        what: "A zip with the program and weft's sources, which builds natively.",
        ofRecording: false,
        async save(subject) {
            const weft = (await (await fetched("./share/weft.json")).json()) as Record<string, string>;
            save(`${projectName(subject.file)}.zip`, "application/zip", [projectZip(subject, weft)]);
        },
    },
];

/** The paths that the log has for the program's files. */
function filesOf(recording: Recording): Set<string> {
    const files = new Set<string>();
    for (let index = 0; index < recording.count; index++) {
        const site = recording.site(recording.event(index).site);
        if (site !== undefined) {
            files.add(site.file);
        }
    }
    return files;
}

function svgOf(subject: Subject, recording: Recording): string {
    const model = new TimelineModel();
    for (const { bytes, base } of recording.chunks) {
        model.add(bytes, base);
    }
    model.close(recording.end);
    const context = document.createElement("canvas").getContext("2d")!;
    const measure = (text: string, font: string) => {
        context.font = font;
        return context.measureText(text).width;
    };
    const clock = subject.clock === "virtual" ? "virtual time" : "real time";
    return timelineSvg(model, { title: `${subject.file} · ${instant(recording.end)} of ${clock}`, width: 1200, colours: coloursOf(), measure });
}
