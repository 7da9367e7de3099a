// As much of WASI (wasi_snapshot_preview1) as a C library asks for that has no files: streams, arguments, environment,
// clocks, random numbers, exit. What else a module imports from it answers that it is not there.

const SUCCESS = 0;
const BAD_DESCRIPTOR = 8;
const INVALID = 28;
const IO = 29;
const NOT_THERE = 52;
const NO_SEEK = 70;

const CHARACTER_DEVICE = 2;
const REALTIME = 0;

/** Ends the program from within: exit was called. */
export class Exit extends Error {
  constructor(status) {
    super(`the program exited with status ${status}`);
    this.status = status;
  }
}

// On a virtual clock nothing may depend on the moment of the run: time starts at the epoch of the simulation, and
// looking at the clock takes a microsecond, so that a loop which waits for time to pass comes to its end.
function virtualClock(now) {
  const start = Date.UTC(2000, 0, 1) * 1e6;
  return {
    spent: 0,
    nanoseconds(id) {
      this.spent += 1e3;
      return (id === REALTIME ? start : 0) + Math.round(now() * 1e9) + this.spent;
    },
    block(nanoseconds) {
      this.spent += nanoseconds;
    },
  };
}

const realClock = {
  nanoseconds: (id) => Math.round((id === REALTIME ? Date.now() : performance.now()) * 1e6),
  // A sleep of C's blocks, whoever waits.
  block(nanoseconds) {
    const end = performance.now() + nanoseconds / 1e6;
    while (performance.now() < end);
  },
};

// xorshift32: the same bytes for the same seed.
function virtualRandom(seed) {
  return {
    state: (seed ^ 0x9e3779b9) | 0 || 1,
    fill(bytes) {
      for (let i = 0; i < bytes.length; i++) {
        this.state ^= this.state << 13;
        this.state ^= this.state >>> 17;
        this.state ^= this.state << 5;
        bytes[i] = this.state & 0xff;
      }
    },
  };
}

const realRandom = {
  fill(bytes) {
    const most = 65536;
    for (let start = 0; start < bytes.length; start += most)
      crypto.getRandomValues(bytes.subarray(start, start + most));
  },
};

/**
 * @param {object} host
 * @param {() => WebAssembly.Memory} host.memory
 * @param {() => readonly string[]} host.args
 * @param {Record<string, string>} host.env
 * @param {(bytes: Uint8Array, stream: "stdout" | "stderr") => void} host.write
 * @param {(bytes: Uint8Array) => number} [host.read]
 * @param {(() => number) | null} host.virtualTime seconds, or null on the real clock
 * @param {number} host.seed
 */
export function wasi({ memory, args, env, write, read, virtualTime, seed }) {
  const view = () => new DataView(memory().buffer);
  const bytes = (pointer, length) => new Uint8Array(memory().buffer, pointer, length);
  const clock = virtualTime ? virtualClock(virtualTime) : realClock;
  const random = virtualTime ? virtualRandom(seed) : realRandom;
  const encoder = new TextEncoder();
  const encoded = (texts) => texts.map((text) => encoder.encode(`${text}\0`));
  const argumentTexts = () => encoded(args());
  const environmentTexts = () => encoded(Object.entries(env).map(([name, text]) => `${name}=${text}`));

  // Lists of texts, as args_get and environ_get give them.
  function sizes(list, count, size) {
    view().setUint32(count, list.length, true);
    view().setUint32(size, list.reduce((sum, text) => sum + text.length, 0), true);
    return SUCCESS;
  }
  function copy(list, pointers, buffer) {
    let at = buffer;
    list.forEach((text, i) => {
      view().setUint32(pointers + 4 * i, at, true);
      bytes(at, text.length).set(text);
      at += text.length;
    });
    return SUCCESS;
  }

  // The pieces of memory that a list of buffers names.
  const pieces = (list, count) =>
    Array.from({ length: count }, (_, i) =>
      bytes(view().getUint32(list + 8 * i, true), view().getUint32(list + 8 * i + 4, true)),
    );
  const isStream = (descriptor) => descriptor >= 0 && descriptor <= 2;

  const calls = {
    args_sizes_get: (count, size) => sizes(argumentTexts(), count, size),
    args_get: (pointers, buffer) => copy(argumentTexts(), pointers, buffer),
    environ_sizes_get: (count, size) => sizes(environmentTexts(), count, size),
    environ_get: (pointers, buffer) => copy(environmentTexts(), pointers, buffer),

    clock_res_get(id, result) {
      view().setBigUint64(result, 1000n, true);
      return SUCCESS;
    },
    clock_time_get(id, precision, result) {
      view().setBigUint64(result, BigInt(clock.nanoseconds(id)), true);
      return SUCCESS;
    },
    // Only waits for a clock: what sleep and nanosleep of C do.
    poll_oneoff(subscriptions, events, count, result) {
      const absolute = 1;
      if (count !== 1 || view().getUint8(subscriptions + 8) !== 0) return NOT_THERE;
      const id = view().getUint32(subscriptions + 16, true);
      let nanoseconds = Number(view().getBigUint64(subscriptions + 24, true));
      if (view().getUint16(subscriptions + 40, true) & absolute) nanoseconds -= clock.nanoseconds(id);
      if (nanoseconds > 0) clock.block(nanoseconds);
      bytes(events, 32).fill(0);
      bytes(events, 8).set(bytes(subscriptions, 8));
      view().setUint32(result, 1, true);
      return SUCCESS;
    },
    sched_yield: () => SUCCESS,
    random_get(pointer, length) {
      random.fill(bytes(pointer, length));
      return SUCCESS;
    },

    fd_write(descriptor, list, count, result) {
      if (descriptor !== 1 && descriptor !== 2) return BAD_DESCRIPTOR;
      const all = pieces(list, count);
      const length = all.reduce((sum, piece) => sum + piece.length, 0);
      const joined = new Uint8Array(length);
      let at = 0;
      for (const piece of all) {
        joined.set(piece, at);
        at += piece.length;
      }
      if (length > 0) write(joined, descriptor === 1 ? "stdout" : "stderr");
      view().setUint32(result, length, true);
      return SUCCESS;
    },
    fd_read(descriptor, list, count, result) {
      if (descriptor !== 0) return BAD_DESCRIPTOR;
      const piece = pieces(list, count).find(({ length }) => length > 0);
      view().setUint32(result, piece && read ? read(piece) : 0, true);
      return SUCCESS;
    },
    fd_close: (descriptor) => (isStream(descriptor) ? SUCCESS : BAD_DESCRIPTOR),
    fd_seek: (descriptor) => (isStream(descriptor) ? NO_SEEK : BAD_DESCRIPTOR),
    fd_fdstat_get(descriptor, result) {
      if (!isStream(descriptor)) return BAD_DESCRIPTOR;
      bytes(result, 24).fill(0);
      view().setUint8(result, CHARACTER_DEVICE);
      view().setBigUint64(result + 8, descriptor === 0 ? 2n : 64n, true); // the right to read, to write
      return SUCCESS;
    },
    fd_prestat_get: () => BAD_DESCRIPTOR,
    fd_prestat_dir_name: () => INVALID,
  };

  // A failure in here is the page's, or the program's bad pointer; either way C is told, and the page, too.
  const guarded = (call) => (...parameters) => {
    try {
      return call(...parameters);
    } catch (error) {
      reportError(error);
      return IO;
    }
  };
  const imports = Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, guarded(call)]));
  imports.proc_exit = (status) => {
    throw new Exit(status);
  };
  return {
    imports,
    missing: () => NOT_THERE,
    /** On a virtual clock: what the next answers depend on. */
    save: () => ({ spent: clock.spent, random: random.state }),
    restore(saved) {
      clock.spent = saved.spent;
      random.state = saved.random;
    },
  };
}

// An exception that nobody is there to catch, as the platform reports one.
export function reportError(error) {
  if (typeof globalThis.reportError === "function") globalThis.reportError(error);
  else
    queueMicrotask(() => {
      throw error;
    });
}
