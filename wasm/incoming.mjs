// What comes from outside for a transfer or a connection, on its way into C: see incoming.h.
import { OutOfMemory } from "./memory.mjs";

const kinds = { head: 0, bytes: 1, end: 2, failure: 3, open: 4, text: 5, binary: 6, sent: 7, closed: 8 };

/** Codes of C's errors: see weft/error.h. */
export const codes = { outOfMemory: 3, invalidArgument: 5, system: 12, tls: 22, http: 23, webSocket: 24 };

const encoder = new TextEncoder();

// Header fields are bytes, which JavaScript has as characters up to 255.
export const bytesOf = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff);
const fieldsOf = (headers) => bytesOf(headers.map(([name, value]) => `${name}\0${value}\0`).join(""));

// Of each: [kind, number, text, more].
const encodings = {
  head: ({ status, url, headers }) => ["head", status, fieldsOf(headers), url],
  bytes: (bytes) => ["bytes", 0, bytes, null],
  end: () => ["end", 0, null, null],
  failure: ({ code, message, system }) => ["failure", code, encoder.encode(message), system],
  open: (protocol) => ["open", 0, encoder.encode(protocol), null],
  message: (data) => (typeof data === "string" ? ["text", 0, encoder.encode(data), null] : ["binary", 0, data, null]),
  sent: (unsent) => ["sent", unsent, null, null],
  closed: ({ code, reason }) => ["closed", code, encoder.encode(reason), null],
};

/** What comes here; all else comes to calls of functions. */
export const isIncoming = (what) => Object.hasOwn(encodings, what);

/** Hands an event to C, which takes it in the loop's next turn. It must be done in the same way in a run and in its replay. */
export function hand(memory, handle, { what, value }) {
  const { c } = memory;
  const [kind, number, text, more] = encodings[what](value);
  let pointer = 0;
  try {
    if (text !== null) pointer = memory.newBytes(text);
    c.weft_wasm_incoming(handle, kinds[kind], number, pointer, text?.length ?? 0, more === null ? 0 : memory.newText(more));
  } catch (error) {
    if (!(error instanceof OutOfMemory)) throw error;
    memory.free(pointer);
    c.weft_wasm_incoming(handle, kinds.failure, codes.outOfMemory, 0, 0, 0);
  }
}

// --- Failures ---

// As libuv names them and says what they mean, on every host.
const system = {
  ECONNREFUSED: ["ECONNREFUSED", "connection refused"],
  ECONNRESET: ["ECONNRESET", "connection reset by peer"],
  ECONNABORTED: ["ECONNABORTED", "software caused connection abort"],
  ETIMEDOUT: ["ETIMEDOUT", "connection timed out"],
  EPIPE: ["EPIPE", "broken pipe"],
  EHOSTUNREACH: ["EHOSTUNREACH", "host is unreachable"],
  EHOSTDOWN: ["EHOSTDOWN", "host is down"],
  ENETUNREACH: ["ENETUNREACH", "network is unreachable"],
  ENETDOWN: ["ENETDOWN", "network is down"],
  EADDRNOTAVAIL: ["EADDRNOTAVAIL", "address not available"],
  EACCES: ["EACCES", "permission denied"],
  EMFILE: ["EMFILE", "too many open files"],
  ENFILE: ["ENFILE", "file table overflow"],
  ENOTFOUND: ["EAI_NONAME", "unknown node or service"],
  EAI_AGAIN: ["EAI_AGAIN", "temporary failure"],
};
const tls = /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|ERR_OSSL)/;

// "fetch failed" says nothing: what failed is behind it, perhaps several causes deep.
function causesOf(error) {
  const causes = [];
  for (let at = error; at instanceof Error && !causes.includes(at); at = at.cause ?? at.errors?.at(-1)) causes.push(at);
  return causes;
}

/** An exception as an error of C's: with the one code if it is the system's, with the other if it is neither that nor TLS's. */
export function failureOf(error, code, ofSystem = code) {
  const causes = causesOf(error);
  const named = causes.find((cause) => Object.hasOwn(system, cause.code ?? ""));
  if (named) {
    const [name, words] = system[named.code];
    return { code: ofSystem, message: `${words} (${name})`, system: name };
  }
  const secure = causes.find((cause) => tls.test(cause.code ?? ""));
  if (secure) return { code: codes.tls, message: secure.message, system: null };
  const words = new Set(causes.map(({ message }) => message).filter((message) => message !== ""));
  return { code, message: words.size > 0 ? [...words].join(": ") : String(error), system: null };
}
