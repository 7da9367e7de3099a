// What the benchmark programs for Node share; the twin of measure.h.

const UINT32 = 2 ** 32;
let wanted = null;
let subject = "";
export let repeat = 7;

/** Reads --rows a,b and --repeat N from the command line; `version` is what --version prints. */
export function start(itsSubject, version) {
    subject = itsSubject;
    const rest = process.argv.slice(2);
    while (rest.length > 0) {
        const option = rest.shift();
        if (option === "--version") {
            console.log(version);
            process.exit(0);
        } else if (option === "--rows" && rest.length > 0) {
            wanted = rest.shift().split(",");
        } else if (option === "--repeat" && rest.length > 0) {
            repeat = Number(rest.shift());
        } else {
            console.error("usage: [--rows a,b] [--repeat N] [--version]");
            process.exit(2);
        }
    }
}

export const wants = (...rows) => wanted === null || rows.some((row) => wanted.includes(row));

/** What is printed for one measurement. */
export const line = (bench, subject, unit, value) =>
    JSON.stringify({ bench, subject, unit, value: Number(value.toFixed(3)) });

export function report(bench, unit, value) {
    if (wants(bench)) console.log(line(bench, subject, unit, value));
}

/** CPU time of the whole process, user and system, all threads, in nanoseconds. */
export function cpu() {
    const { user, system } = process.cpuUsage();
    return (user + system) * 1e3;
}

/** CPU nanoseconds for each of `operations`, done by `work`. */
export async function cpuPer(operations, work) {
    const before = cpu();
    await work();
    return (cpu() - before) / operations;
}

/** The numbers of measure.h: `count` of them in (0, 1), all different. */
export function random(count) {
    const numbers = new Float64Array(count);
    let state = 2463534242;
    for (let i = 0; i < count; i++) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        numbers[i] = (state >>> 0) / UINT32;
    }
    return numbers;
}
