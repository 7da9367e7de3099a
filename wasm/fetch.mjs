// C's HTTP exchanges, by fetch: see fetch.c.
import { absolute } from "./address.mjs";
import { codes, failureOf } from "./incoming.mjs";

const largestPiece = 65536;

// Pages are told no more than this about most failures.
const unexplained = /^(Failed to fetch|Load failed|NetworkError when attempting to fetch resource\.?)$/;

// fetch takes no address with a name and password in it: they are taken out, and sent as any other client sends them.
function withCredentials(headers, address) {
  const { username, password } = address;
  if (username === "" && password === "") return headers;
  address.username = address.password = "";
  if (headers.some(([name]) => name.toLowerCase() === "authorization")) return headers;
  const said = new TextEncoder().encode(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  return [...headers, ["Authorization", `Basic ${btoa(String.fromCharCode(...said))}`]];
}

/** A request, and the reading of its answer. */
class Transfer {
  url;
  #method;
  #follows;
  #headers = [];
  #controller = new AbortController();
  #reader = null;
  #rest = new Uint8Array(); // of a piece that was larger than C gets at once

  constructor(method, url, follows) {
    this.#method = method;
    this.url = url;
    this.#follows = follows;
  }

  add(name, value) {
    this.#headers.push([name, value]);
  }

  /** Resolves with what came first. */
  async send(body, { fetch, base }) {
    let address, headers;
    try {
      const url = absolute(this.url, base);
      headers = withCredentials(this.#headers, url);
      address = url.href;
    } catch (error) {
      return { what: "failure", value: failureOf(error, codes.invalidArgument) };
    }
    try {
      const { signal } = this.#controller;
      const redirect = this.#follows ? "follow" : "manual";
      const response = await fetch(address, { method: this.#method, headers, body, redirect, signal });
      if (response.type === "opaqueredirect")
        throw new TypeError("it redirects, and where to a page is not told: let redirects be followed");
      this.#reader = response.body?.getReader() ?? null;
      return { what: "head", value: { status: response.status, url: response.url || address, headers: [...response.headers] } };
    } catch (error) {
      return this.#failure(error);
    }
  }

  /** Resolves with the next piece of the answer's body. */
  async next() {
    try {
      while (this.#rest.length === 0) {
        const { done, value } = this.#reader ? await this.#reader.read() : { done: true };
        if (done) return { what: "end", value: null };
        this.#rest = value;
      }
      const piece = this.#rest.slice(0, largestPiece);
      this.#rest = this.#rest.subarray(largestPiece);
      return { what: "bytes", value: piece };
    } catch (error) {
      return this.#failure(error);
    }
  }

  #failure(error) {
    const failure = failureOf(error, codes.http);
    if (unexplained.test(failure.message))
      failure.message += " (no connection, or the server does not let this page see its answer: browsers do not say)";
    return { what: "failure", value: failure };
  }

  stop() {
    this.#controller.abort();
    this.#reader?.cancel().catch(() => {}); // where a fetch of the program's own has not heard of the signal
  }
}

/**
 * @param {() => import("./memory.mjs").Memory} memory
 * @param {{ fetch: typeof fetch, base: string | undefined }} outside
 * @param {(handle: number, event: object) => void} give
 */
export function httpTransfers(memory, outside, give) {
  const pending = new Map(); // by C's handle

  // C may have given the transfer up, and its handle may have come to another.
  async function pass(handle, transfer, coming) {
    const event = await coming;
    if (pending.get(handle) !== transfer) return;
    if (event.what === "end" || event.what === "failure") pending.delete(handle);
    give(handle, event);
  }
  function abandon(handle) {
    const transfer = pending.get(handle);
    pending.delete(handle);
    transfer?.stop();
  }
  // Bytes as characters: what a header may have.
  const latin = (pointer) => Array.from(memory().zeroEnded(pointer), (byte) => String.fromCharCode(byte)).join("");

  return {
    imports: {
      weft_js_http_begin: (handle, method, url, redirects) =>
        void pending.set(handle, new Transfer(memory().text(method), memory().text(url), redirects > 0)),
      weft_js_http_field: (handle, name, value) => pending.get(handle).add(latin(name), latin(value)),
      weft_js_http_send(handle, body, size) {
        const transfer = pending.get(handle);
        const bytes = body === 0 ? undefined : memory().bytes(body >>> 0, size >>> 0).slice();
        void pass(handle, transfer, transfer.send(bytes, outside));
      },
      weft_js_http_next(handle) {
        const transfer = pending.get(handle);
        if (transfer) void pass(handle, transfer, transfer.next());
      },
      weft_js_http_abandon: abandon,
    },
    abandon: () => [...pending.keys()].forEach(abandon),
  };
}
