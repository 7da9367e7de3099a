/** Places in the source that a text names: "semaphore.c:21", "semaphore.c line 21" and 'File "examples/semaphore.c", line 21'. */

export interface NamedPlace {
    text: string;
    line: number;
}

/** The text in pieces, of which those that name a line of this file are places. */
export function namedPlaces(text: string, file: string): (string | NamedPlace)[] {
    const pieces: (string | NamedPlace)[] = [];
    let end = 0;
    for (const match of text.matchAll(/([\w-]+\.c)(?::|"?,? line )(\d+)/g)) {
        if (match[1] === file) {
            pieces.push(text.slice(end, match.index), { text: match[0], line: Number(match[2]) });
            end = match.index + match[0].length;
        }
    }
    return [...pieces, text.slice(end)].filter((piece) => piece !== "");
}
