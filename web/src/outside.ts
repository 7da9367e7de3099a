/** What the library's coroutines wait for outside of the program, in words: told by the file that they are in. */

import { baseName } from "./format.ts";
import type { Site } from "./events.ts";

const things: Readonly<Record<string, string>> = {
    "http.c": "an HTTP answer",
    "http_body.c": "more of an HTTP answer",
    "websocket.c": "a WebSocket",
    "stream_read.c": "bytes of a stream",
    "stream_write.c": "room in a stream",
    "tcp.c": "a connection",
    "listener.c": "a connection",
    "tls.c": "a TLS handshake",
    "udp.c": "a datagram",
    "dns.c": "the resolver",
    "process.c": "another program",
    "watch.c": "a change of a file",
};

/** "an HTTP answer": what the wait at a line of the library is for, if that is known. */
export function outsideThing(site: Site | undefined): string | undefined {
    const file = baseName(site?.file ?? "");
    return things[file] ?? (/^(file|directory)(_\w+)?\.c$/.test(file) ? "a file" : undefined);
}

/** The same without its article, as other kinds of waits are named. */
export function outsideName(site: Site | undefined): string | undefined {
    return outsideThing(site)?.replace(/^(an?|the) /, "");
}
