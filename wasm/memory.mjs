// C's texts and values, by way of the module's own functions: no layout of C's is known here.

const kinds = { none: 0, bool: 1, int: 2, double: 3, string: 4, pointer: 5, failure: 6 };
const two32 = 2 ** 32;
const int64 = { least: -(2n ** 63n), most: 2n ** 63n - 1n };

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export class OutOfMemory extends Error {
  name = "OutOfMemory";
  constructor() {
    super("the module has no memory left");
  }
}

export class Memory {
  /** @param {WebAssembly.Exports} c the module's exports */
  constructor(c) {
    this.c = c;
  }

  get buffer() {
    return this.c.memory.buffer;
  }

  bytes(pointer, length) {
    return new Uint8Array(this.buffer, pointer, length);
  }

  view() {
    return new DataView(this.buffer);
  }

  allocate(size) {
    const pointer = this.c.weft_wasm_allocate(size) >>> 0;
    if (pointer === 0) throw new OutOfMemory();
    return pointer;
  }

  free(pointer) {
    this.c.weft_wasm_free(pointer);
  }

  /** A C string; null for NULL. */
  text(pointer) {
    return pointer === 0 ? null : decoder.decode(this.zeroEnded(pointer));
  }

  /** The bytes before the next zero. */
  zeroEnded(pointer) {
    const start = pointer >>> 0;
    const all = new Uint8Array(this.buffer);
    return all.subarray(start, all.indexOf(0, start));
  }

  /** A copy of a text in C's memory; whoever asks for it frees it. */
  newText(text) {
    return this.newBytes(encoder.encode(text));
  }

  /** The same of bytes, with a zero behind them. */
  newBytes(bytes) {
    const pointer = this.allocate(bytes.length + 1);
    this.bytes(pointer, bytes.length).set(bytes);
    this.view().setUint8(pointer + bytes.length, 0);
    return pointer;
  }

  /** Gives `use` a text in C's memory for as long as it runs. */
  withText(text, use) {
    const pointer = this.newText(text);
    try {
      return use(pointer);
    } finally {
      this.free(pointer);
    }
  }

  /** A weft_value. A pointer is read as its address. */
  value(pointer) {
    const { c } = this;
    switch (c.weft_wasm_value_kind(pointer)) {
      case kinds.bool:
        return c.weft_wasm_value_bool(pointer) !== 0;
      case kinds.int: {
        const low = c.weft_wasm_value_low(pointer) >>> 0;
        const high = c.weft_wasm_value_high(pointer);
        const number = high * two32 + low;
        return Number.isSafeInteger(number) ? number : (BigInt(high) << 32n) | BigInt(low);
      }
      case kinds.double:
        return c.weft_wasm_value_double(pointer);
      case kinds.string:
        return this.text(c.weft_wasm_value_pointer(pointer));
      case kinds.pointer:
        return c.weft_wasm_value_pointer(pointer) >>> 0;
      default:
        return null;
    }
  }

  /**
   * Writes a weft_value. Texts go through `newText`, which says whose they are.
   * Throws a TypeError for what C cannot have.
   */
  setValue(pointer, value, newText) {
    const { c } = this;
    if (value === null || value === undefined) c.weft_wasm_set_none(pointer);
    else if (typeof value === "boolean") c.weft_wasm_set_bool(pointer, value ? 1 : 0);
    else if (typeof value === "bigint" || Number.isSafeInteger(value)) this.#setInteger(pointer, value);
    else if (typeof value === "number") c.weft_wasm_set_double(pointer, value);
    else if (typeof value === "string") c.weft_wasm_set_string(pointer, newText(value));
    else throw new TypeError(`C takes null, booleans, numbers and strings, not ${describe(value)}`);
  }

  #setInteger(pointer, value) {
    const big = BigInt(value);
    if (big < int64.least || big > int64.most) throw new TypeError(`${big} does not fit into 64 bits`);
    this.c.weft_wasm_set_int(pointer, Number(BigInt.asIntN(32, big)), Number(BigInt.asIntN(32, big >> 32n)));
  }
}

/** A value in words, for messages. */
export function describe(value) {
  if (value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number" || typeof value === "boolean") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "object") return `an object (${value.constructor?.name ?? "without a prototype"})`;
  return typeof value === "undefined" ? "undefined" : `a ${typeof value}`;
}
