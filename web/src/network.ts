/**
 * The network of programs that are run again and again: what a server has answered is remembered, so that it is asked once, and so
 * that two runs with the same choices get the same at the same moments. Nothing that changes something is sent at all.
 */

interface Answer {
    status: number;
    url: string;
    headers: Headers;
    bytes: Uint8Array;
}

const known = new Map<string, Promise<Answer>>();

/** How many answers have come from servers, and not from memory. */
let asked = 0;
export const answersAsked = (): number => asked;

async function ask(address: string, init: RequestInit): Promise<Answer> {
    const response = await fetch(address, { ...init, signal: null });
    const bytes = new Uint8Array(await response.arrayBuffer());
    asked++;
    return { status: response.status, url: response.url, headers: response.headers, bytes };
}

/** As much of a Response as weft reads, at once. */
function responseOf({ status, url, headers, bytes }: Answer): Response {
    const pieces = bytes.length === 0 ? [] : [bytes];
    const reader = {
        read: async () => ({ done: pieces.length === 0, value: pieces.pop() }),
        cancel: async () => {},
    };
    return { type: "basic", status, url, headers, body: { getReader: () => reader } } as unknown as Response;
}

export async function fetchOnce(address: string, init: RequestInit = {}): Promise<Response> {
    if (init.method !== "GET" && init.method !== "HEAD") {
        throw new TypeError(`while many runs are tried, nothing is sent that may change something: no ${init.method}`);
    }
    const key = JSON.stringify([init.method, address, init.redirect, init.headers]);
    let answer = known.get(key);
    if (answer === undefined) {
        answer = ask(address, init);
        known.set(key, answer);
        answer.catch(() => asked++);
    }
    return responseOf(await answer);
}

export class NoWebSocket {
    constructor() {
        throw new TypeError("while many runs are tried, no WebSocket is opened");
    }
}
