// The fields that weft_export declared: what they are called, and how JavaScript's values get into them.
import { describe } from "./memory.mjs";

const typeNames = ["bool", "int", "int", "double", "double", "string", "pointer", "value"];
const unsigned = 2;
const exported = "weft_export_";

/** What weft_fields or weft_export declared of a coroutine, by the address of its description. */
export function fieldsOf(memory, type) {
  const { c } = memory;
  const fields = Array.from({ length: c.weft_wasm_field_count(type) }, (_, i) => {
    const number = c.weft_wasm_field_type(type, i);
    return Object.freeze({
      name: memory.text(c.weft_wasm_field_name(type, i)),
      type: typeNames[number],
      offset: c.weft_wasm_field_offset(type, i),
      size: c.weft_wasm_field_size(type, i),
      signed: typeNames[number] === "int" && number !== unsigned,
    });
  });
  return Object.freeze(fields);
}

/** What weft_export named, with the address of each one's description. */
export function coroutinesOf(memory) {
  const found = new Map();
  for (const [key, describeIt] of Object.entries(memory.c))
    if (key.startsWith(exported)) {
      const name = key.slice(exported.length);
      const type = describeIt();
      found.set(name, { type, coroutine: Object.freeze({ name, fields: fieldsOf(memory, type) }) });
    }
  return found;
}

function integer(value, { size, signed }) {
  if (typeof value !== "bigint" && !Number.isInteger(value)) return "an integer";
  const bits = BigInt(size) * 8n;
  const least = signed ? -(1n << (bits - 1n)) : 0n;
  const most = (1n << (signed ? bits - 1n : bits)) - 1n;
  const big = BigInt(value);
  return big < least || big > most ? `an integer from ${least} to ${most}` : null;
}

function number(value, { size }) {
  if (typeof value !== "number") return "a number";
  return size === 4 && Number.isFinite(value) && !Number.isFinite(Math.fround(value)) ? "a number that fits a float" : null;
}

function string(value) {
  if (value !== null && typeof value !== "string") return "a string or null";
  return value?.includes("\0") ? "a string without zero characters" : null;
}

// What a value ought to be and is not, in words; null if it is.
const wants = {
  bool: (value) => (typeof value === "boolean" ? null : "true or false"),
  int: integer,
  double: number,
  string,
  pointer: (value) => (value === null ? null : "null: JavaScript has no pointers"),
  value: (value) =>
    value === null || ["boolean", "number", "bigint"].includes(typeof value) ? null : string(value),
};

/** Throws a TypeError that names the coroutine and the field, unless all of `given` fits. */
export function checkFields({ name, fields }, given) {
  const names = fields.map((field) => field.name);
  if (given === null || typeof given !== "object")
    throw new TypeError(`${name}: its fields must be given as an object, not ${describe(given)}`);
  for (const [key, value] of Object.entries(given)) {
    const field = fields.find((each) => each.name === key);
    if (!field) {
      const known = names.length > 0 ? `it has ${names.join(", ")}` : "it has none";
      throw new TypeError(`${name} has no field "${key}"; ${known}`);
    }
    const wanted = value === undefined ? null : wants[field.type](value, field);
    if (wanted) throw new TypeError(`${name}.${key} must be ${wanted}, not ${describe(value)}`);
  }
}

function setInteger(view, at, value, { size }) {
  const big = BigInt(value);
  if (size === 8) view.setBigInt64(at, BigInt.asIntN(64, big), true);
  else if (size === 4) view.setInt32(at, Number(BigInt.asIntN(32, big)), true);
  else if (size === 2) view.setInt16(at, Number(BigInt.asIntN(16, big)), true);
  else view.setInt8(at, Number(BigInt.asIntN(8, big)));
}

/** Writes checked fields into a coroutine's structure. */
export function setFields(memory, frame, { fields }, given, newText) {
  for (const field of fields) {
    const value = given[field.name];
    if (value === undefined) continue;
    const at = frame + field.offset;
    if (field.type === "value") {
      memory.setValue(at, value, newText);
      continue;
    }
    const pointer = field.type === "string" && value !== null ? newText(value) : 0; // may move the memory
    const view = memory.view();
    if (field.type === "bool") view.setUint8(at, value ? 1 : 0);
    else if (field.type === "int") setInteger(view, at, value, field);
    else if (field.type === "double" && field.size === 4) view.setFloat32(at, value, true);
    else if (field.type === "double") view.setFloat64(at, value, true);
    else view.setUint32(at, pointer, true);
  }
}
