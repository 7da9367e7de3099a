// The variables that WEFT_PARAM declared: what they are, and how JavaScript gives them values.
import { describe } from "./memory.mjs";

const typeNames = ["bool", "int", "double"];
const exported = "weft_param_";

const converted = (type, number) => (type === "bool" ? number !== 0 : number);

/** What WEFT_PARAM declared, with the address of each one's description. */
function found({ c }) {
  const exports = Object.keys(c).filter((key) => key.startsWith(exported));
  return exports.map((key) => ({ name: key.slice(exported.length), address: c[key]() }));
}

function parameterAt({ c }, { name, address }) {
  const type = typeNames[c.weft_wasm_param_type(address)];
  const [value, least, most] = ["value", "least", "most"].map((what) =>
    converted(type, c[`weft_wasm_param_${what}`](address)),
  );
  return Object.freeze({ name, type, value, least, most });
}

export function parametersOf(memory) {
  return Object.freeze(found(memory).map((one) => parameterAt(memory, one)));
}

// What a value ought to be and is not, in words; null if it is.
function wanted(value, { type, least, most }) {
  if (type === "bool") return [true, false, 0, 1].includes(value) ? null : "true or false";
  const fits = typeof value === "number" && value >= least && value <= most && (type === "double" || Number.isInteger(value));
  return fits ? null : `${type === "int" ? "an integer" : "a number"} from ${least} to ${most}`;
}

/** Before main. Throws a TypeError that names the parameter, unless all of `given` fits. */
export function setParameters(memory, given) {
  if (given === null || typeof given !== "object")
    throw new TypeError(`parameters must be given as an object, not ${describe(given)}`);
  const known = new Map(found(memory).map((one) => [one.name, one.address]));
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const address = known.get(name);
    if (address === undefined) {
      const names = [...known.keys()].join(", ");
      throw new TypeError(`there is no parameter "${name}"; ${names ? `WEFT_PARAM declared ${names}` : "WEFT_PARAM declared none"}`);
    }
    const words = wanted(value, parameterAt(memory, { name, address }));
    if (words) throw new TypeError(`the parameter ${name} must be ${words}, not ${describe(value)}`);
    memory.c.weft_wasm_param_set(address, Number(value));
  }
}
