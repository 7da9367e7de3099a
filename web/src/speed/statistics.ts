/** A few measurements of one thing in a few numbers. */

export interface Summary {
    median: number;
    least: number;
    most: number;
    /** How far the middle half of the rounds is spread, as a share of the median. */
    spread: number;
    rounds: number;
}

export function summarize(values: readonly number[]): Summary {
    const sorted = [...values].sort((a, b) => a - b);
    const median = quantile(sorted, 0.5);
    return {
        median,
        least: sorted[0] ?? NaN,
        most: sorted.at(-1) ?? NaN,
        spread: (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / median,
        rounds: sorted.length,
    };
}

/** Between two of the sorted values, in proportion. */
function quantile(sorted: readonly number[], share: number): number {
    const place = share * (sorted.length - 1);
    const low = sorted[Math.floor(place)] ?? NaN;
    const high = sorted[Math.ceil(place)] ?? NaN;
    return low + (high - low) * (place - Math.floor(place));
}

/* A figure whose middle half is spread over more than this says little. */
const noisy = 0.2;

export function isNoisy({ spread }: Summary): boolean {
    return spread > noisy;
}

/** How two compare in words; nothing is claimed where their ranges overlap. */
export function comparison(a: Summary, b: Summary): string {
    if (a.least <= b.most && b.least <= a.most) {
        return "no clear difference";
    }
    const ratio = b.median / a.median;
    return ratio >= 1 ? `${factor(ratio)} times faster` : `${factor(1 / ratio)} times slower`;
}

function factor(ratio: number): string {
    return ratio >= 10 ? Math.round(ratio).toLocaleString("en") : ratio.toFixed(1);
}

/** "16.2 ns", "1.35 µs", "2.1 ms": three digits. */
export function nanoseconds(value: number): string {
    const [scaled, unit] = value < 999.5 ? [value, "ns"] : value < 999_500 ? [value / 1e3, "µs"] : [value / 1e6, "ms"];
    return `${Number(scaled.toPrecision(3))}\u00a0${unit}`;
}
