// C's WebSockets, by the platform's: see websocket.c.
import { absolute } from "./address.mjs";
import { codes, failureOf } from "./incoming.mjs";
import { reportError } from "./wasi.mjs";

const OPEN = 1;
const unsentMost = 65536; // WEBSOCKET_UNSENT_MOST

// C has nothing to do with what a WebSocket of the program's own throws.
function quietly(action) {
  try {
    action();
  } catch (error) {
    reportError(error);
  }
}

/** What connects, and how it fails where nobody can. */
function dial(WebSocket, url, protocols, base) {
  if (WebSocket === undefined)
    throw new TypeError("there is no WebSocket here: Node has it from version 22 on, and the package ws has one to give to loadWeft");
  const address = absolute(url, base);
  address.protocol = address.protocol.replace(/^http/, "ws");
  return new WebSocket(address.href, protocols);
}

/** One connection: `give` gets its events until there is "closed" or "failure", or it is left. */
class Connection {
  #socket = null;
  #give;
  #opened = false;
  #error = null; // that the platform has told of
  #watching = false; // until enough is sent

  constructor(give) {
    this.#give = give;
  }

  connect(WebSocket, url, protocols, base) {
    try {
      this.#socket = dial(WebSocket, url, protocols, base);
    } catch (error) {
      // C hears of nothing while it calls.
      queueMicrotask(() => this.#end("failure", failureOf(error, codes.invalidArgument)));
      return;
    }
    const socket = this.#socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      this.#opened = true;
      this.#tell("open", socket.protocol ?? "");
    });
    socket.addEventListener("message", ({ data }) =>
      this.#tell("message", typeof data === "string" ? data : new Uint8Array(data)),
    );
    socket.addEventListener("error", (event) => {
      // Pages are not told more.
      this.#error = event.error ?? new Error(event.message || "no connection, or the server will have none");
      // Some platforms say no more after this, if there was no connection.
      if (!this.#opened) setTimeout(() => this.#failed());
    });
    socket.addEventListener("close", ({ code, reason }) => {
      if (!this.#opened) this.#failed();
      else if (this.#error && failureOf(this.#error, 0).system) this.#failed();
      else this.#end("closed", { code, reason });
    });
  }

  #tell(what, value) {
    this.#give?.({ what, value });
  }

  #end(what, value) {
    this.#tell(what, value);
    this.#give = null;
  }

  #failed() {
    this.#end("failure", failureOf(this.#error ?? new Error("it was closed before it was open"), codes.webSocket, codes.system));
  }

  send(data) {
    quietly(() => this.#socket.send(data));
  }

  /** Tells when no more is left to send than C wants to know of: nobody else does. */
  watch(pause = 0) {
    if (this.#watching || !this.#give) return;
    this.#watching = true;
    setTimeout(() => {
      this.#watching = false;
      if (!this.#give || this.#socket.readyState !== OPEN) return;
      if (this.#socket.bufferedAmount <= unsentMost) this.#tell("sent", this.#socket.bufferedAmount);
      else this.watch(Math.min(2 * pause + 1, 50));
    }, pause);
  }

  close(code, reason) {
    quietly(() => this.#socket?.close(code, reason));
  }

  leave() {
    this.#give = null;
    this.close(1000);
  }
}

/**
 * @param {() => import("./memory.mjs").Memory} memory
 * @param {{ WebSocket: typeof WebSocket | undefined, base: string | undefined }} outside
 * @param {(handle: number, event: object) => void} give
 */
export function webSockets(memory, { WebSocket, base }, give) {
  const open = new Map(); // by C's handle

  function leave(handle) {
    open.get(handle)?.leave();
    open.delete(handle);
  }

  return {
    imports: {
      weft_js_websocket_dial(handle, url, protocols) {
        const connection = new Connection((event) => give(handle, event));
        open.set(handle, connection);
        const wanted = (memory().text(protocols) ?? "").split(",").map((name) => name.trim()).filter((name) => name !== "");
        connection.connect(WebSocket, memory().text(url), wanted, base);
      },
      weft_js_websocket_send(handle, isText, data, size) {
        const bytes = memory().bytes(data >>> 0, size >>> 0).slice();
        open.get(handle).send(isText ? new TextDecoder().decode(bytes) : bytes);
      },
      weft_js_websocket_watch: (handle) => open.get(handle).watch(),
      weft_js_websocket_close: (handle, code, reason) => open.get(handle).close(code, memory().text(reason)),
      weft_js_websocket_leave: leave,
    },
    abandon: () => [...open.keys()].forEach(leave),
  };
}
