// What the tasks of a program are waiting for, who awaits them, and where they stand.
import { fieldsOf } from "./fields.mjs";

const most = 64; // coroutines of a stack

// Calls `fill(list, size)`, which returns how many pointers there are, and again if they are more than there was room for.
function pointers(memory, fill) {
  for (let size = 64; ; ) {
    const list = memory.allocate(4 * size);
    try {
      const count = fill(list, size) >>> 0;
      if (count <= size) return Array.from(new Uint32Array(memory.buffer.slice(list, list + 4 * count)));
      size = count;
    } finally {
      memory.free(list);
    }
  }
}

function stackOf(memory, task) {
  const { c } = memory;
  return Array.from({ length: Math.min(c.weft_wasm_task_stack(task), most) }, (_, i) => ({
    function: memory.text(c.weft_wasm_trace_function(i)),
    file: memory.text(c.weft_wasm_trace_file(i)),
    line: c.weft_wasm_trace_line(i),
  }));
}

function waitOf({ c }, what) {
  if (what === "timer") return { what, seconds: c.weft_wasm_wait_seconds() };
  return what === null ? null : { what, id: c.weft_wasm_wait_id() >>> 0 };
}

const numberOf = ({ c }, task) => c.weft_wasm_task_id(task) >>> 0;

function read(memory, task) {
  const { c } = memory;
  const waitsFor = waitOf(memory, memory.text(c.weft_wasm_task_wait(task)));
  const state = waitsFor ? "waiting" : c.weft_wasm_task_runs(task) ? "running" : "ready";
  const awaiting = pointers(memory, (list, size) => c.weft_wasm_awaited_by(task, list, size));
  return {
    id: numberOf(memory, task),
    name: memory.text(c.weft_wasm_task_name(task)),
    state,
    waitsFor,
    stack: stackOf(memory, task),
    awaitedBy: awaiting.map((each) => numberOf(memory, each)),
  };
}

/** Every task that is not done. */
export function tasksOf(memory) {
  return pointers(memory, memory.c.weft_wasm_tasks).map((task) => read(memory, task));
}

/** The same as text, each below those that await it. */
export function taskTreeOf(memory) {
  const { weft_wasm_task_tree: format } = memory.c;
  const size = format(0, 0) + 1;
  const text = memory.allocate(size);
  try {
    format(text, size);
    return memory.text(text);
  } finally {
    memory.free(text);
  }
}

const knownTypes = new WeakMap(); // of each memory: what is known of coroutines, by the address of their description

function typeAt(memory, pointer) {
  const { c } = memory;
  if (!knownTypes.has(memory)) knownTypes.set(memory, new Map());
  const known = knownTypes.get(memory);
  if (!known.has(pointer))
    known.set(pointer, {
      function: memory.text(c.weft_wasm_type_name(pointer)),
      file: memory.text(c.weft_wasm_type_file(pointer)),
      size: c.weft_wasm_type_size(pointer) >>> 0,
      fields: fieldsOf(memory, pointer),
    });
  return known.get(pointer);
}

/** The coroutines that a task stands in, by its number. */
export function framesOf(memory, id) {
  const { c } = memory;
  const frames = [];
  const task = c.weft_wasm_task(id);
  let frame = task === 0 ? 0 : c.weft_wasm_leaf(task);
  for (; frame !== 0 && frames.length < most; frame = c.weft_wasm_caller(frame))
    frames.push({
      ...typeAt(memory, c.weft_wasm_frame_type(frame)),
      line: c.weft_wasm_frame_line(frame),
      address: frame >>> 0,
    });
  return frames;
}

const sizes = { value: 24, error: 36 }; // bytes that are read, at least

const readers = {
  task: (memory, address) => (memory.c.weft_wasm_is_task(address) ? memory.text(memory.c.weft_wasm_task_name(address)) : null),
  value(memory, address) {
    const value = memory.value(address);
    return typeof value === "string" ? JSON.stringify(value) : value === null ? "none" : String(value);
  },
  error(memory, address) {
    const { c } = memory;
    const name = memory.text(c.weft_wasm_error_name(c.weft_wasm_error_code(address)));
    const message = memory.text(c.weft_wasm_error_message(address)) ?? "";
    return message === "" ? name : `${name}: ${message}`;
  },
};

/** What stands at an address of C's that should be a task, a value or an error, in words; null if it is none. */
export function describeAt(memory, address, what) {
  if (address === 0 || address + (sizes[what] ?? 0) > memory.buffer.byteLength) return null;
  return readers[what](memory, address);
}
