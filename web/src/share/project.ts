/** The program as a CMake project that builds natively, with weft's own sources in a folder beside it. */

import { strToU8, zipSync } from "fflate";
import type { Subject } from "../subject.ts";

/** All files of the project by their paths; `weft` has those of the library by theirs. */
export function projectFiles(subject: Subject, weft: Readonly<Record<string, string>>): Record<string, string> {
    const name = projectName(subject.file);
    const source = `${name}.c`;
    return {
        [source]: subject.source,
        "CMakeLists.txt": cmakeLists(name, source),
        "README.md": readme(subject, name, source),
        ...Object.fromEntries(Object.entries(weft).map(([path, text]) => [`weft/${path}`, text])),
    };
}

/** One folder, as archives ought to have. */
export function projectZip(subject: Subject, weft: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
    const folder = projectName(subject.file);
    const files = Object.entries(projectFiles(subject, weft)).map(([path, text]) => [`${folder}/${path}`, strToU8(text)] as const);
    return zipSync(Object.fromEntries(files));
}

/** A name that CMake takes for a target, whatever the file is called; none that it has itself. */
export function projectName(file: string): string {
    const stem = file.replace(/\.c$/, "").replace(/\W+/g, "_").replace(/^_+|_+$/g, "");
    return /^(all|test|help|clean|install|weft\w*|core_objects|)$/.test(stem) ? `my_${stem || "program"}` : stem;
}

const cmakeLists = (name: string, source: string) => `cmake_minimum_required(VERSION 3.21)
project(${name} LANGUAGES C)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

add_subdirectory(weft EXCLUDE_FROM_ALL)
add_executable(${name} ${source})
target_link_libraries(${name} PRIVATE weft::weft)
`;

function readme(subject: Subject, name: string, source: string): string {
    return `# ${name}

A program on [weft](weft/), asyncio for C, as it stood in weft's playground.

It needs a C compiler, CMake, pkg-config, libuv, libcurl, OpenSSL, wslay and llhttp; on Debian 12

    sudo apt install build-essential cmake pkg-config libuv1-dev libcurl4-openssl-dev libssl-dev libwslay-dev node-llhttp

Then build it and run it:

    cmake -B build
    cmake --build build
    ${commandOf(subject, name)}

Your program is \`${source}\`; the folder \`weft\` has the library, which is built along. Some variables of the environment change a run:

| Variable | What it does |
| --- | --- |
| \`WEFT_VIRTUAL=1\` | a virtual clock: sleeping takes no time |
| \`WEFT_SEED=5\`, \`WEFT_DECISIONS="0 1 2"\` | choose what comes first where either may; the clock is virtual then |
| \`WEFT_INJECTIONS="12:3"\` | cancels task 3 right before step 12; the clock is virtual then |
| \`WEFT_PERMUTE_READY=1\` | lets the order of ready tasks vary, too, which asyncio never does |
| \`WEFT_PARAM_name=3\` | another value for the \`WEFT_PARAM\` of that name |
| \`WEFT_TRACE=trace.json\` | writes a trace that opens in Perfetto and in the playground |
| \`WEFT_DEBUG=1\` | reports slow steps and forgotten awaits |
`;
}

/** Runs it as the playground did. */
function commandOf({ parameters, clock, seed, decisions, injections, permuteReady }: Subject, name: string): string {
    const settings = Object.entries(parameters).map(([parameter, value]) => `WEFT_PARAM_${parameter}=${value}`);
    if (clock === "virtual") {
        settings.push("WEFT_VIRTUAL=1");
        if (seed !== undefined) {
            settings.push(`WEFT_SEED=${seed}`);
        }
        if (decisions.length > 0) {
            settings.push(`WEFT_DECISIONS="${decisions.join(" ")}"`);
        }
        if (injections.length > 0) {
            settings.push(`WEFT_INJECTIONS="${injections.map(({ step, task }) => `${step}:${task}`).join(" ")}"`);
        }
        if (permuteReady) {
            settings.push("WEFT_PERMUTE_READY=1");
        }
    }
    return [...settings, `build/${name}`].join(" ");
}
