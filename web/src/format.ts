/** Times and words as the page writes them. */

/** A point in time, always with milliseconds so that columns line up: "1.250 s". */
export function instant(seconds: number): string {
    return `${(Object.is(seconds, -0) ? 0 : seconds).toFixed(3)} s`;
}

/** A length of time in the unit that suits it: "1.25 s", "3.2 ms", "40 µs". It is not broken across lines. */
export function duration(exact: number): string {
    /* Rounded first: what is 1 s in the end is not told in milliseconds. */
    const seconds = Number(exact.toPrecision(4));
    const [value, unit] =
        seconds >= 0.1 || seconds === 0 ? [seconds, "s"] : seconds >= 1e-3 ? [seconds * 1e3, "ms"] : [seconds * 1e6, "µs"];
    return `${shortNumber(value)}\u00a0${unit}`;
}

/** At most four significant digits, no trailing zeros: a 32-bit 0.1 is 0.1 again. */
export function shortNumber(value: number): string {
    return String(Number(value.toPrecision(4)));
}

export function count(n: number, singular: string, plural = `${singular}s`): string {
    return `${n.toLocaleString("en")} ${n === 1 ? singular : plural}`;
}

/** The last part of a path, whichever way its slashes lean. */
export function baseName(path: string): string {
    return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

/** What stands before that. */
export function folder(path: string): string {
    return path.slice(0, path.length - baseName(path).length);
}

/** "8 MB" */
export function megabytes(bytes: number): string {
    return `${Math.max(1, Math.round(bytes / 1e6))}\u00a0MB`;
}

/** What was thrown, in its own words. */
export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** "HTTP answer" of "an HTTP answer". */
export function withoutArticle(noun: string): string {
    return noun.replace(/^(an?|the) /, "");
}
