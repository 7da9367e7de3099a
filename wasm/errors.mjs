// Errors of the C program as JavaScript's.

export class WeftError extends Error {
  constructor(message, { name, code, traceback = [], omitted = 0, errors = [] }) {
    super(message);
    this.name = name;
    this.code = code;
    this.traceback = traceback;
    this.errors = errors;
    this.stack = [message === "" ? name : `${name}: ${message}`, ...stackLines(traceback, omitted)].join("\n");
  }
}

// Innermost first, as JavaScript's own stacks. Of a long traceback C keeps the two ends.
function stackLines(traceback, omitted) {
  const lines = traceback.map(({ function: name, file, line }) => `    at ${name} (${file}:${line})`);
  if (omitted > 0) lines.splice(lines.length >> 1, 0, `    … ${omitted} more`);
  return lines.reverse();
}

function read(memory, pointer, trace) {
  const { c } = memory;
  const raisedIn = memory.text(c.weft_wasm_error_function(pointer));
  const place = { function: raisedIn, file: memory.text(c.weft_wasm_error_file(pointer)), line: c.weft_wasm_error_line(pointer) };
  return new WeftError(memory.text(c.weft_wasm_error_message(pointer)) ?? "", {
    name: memory.text(c.weft_wasm_error_name(pointer)),
    code: c.weft_wasm_error_code(pointer),
    traceback: raisedIn === null ? [] : [place],
    ...trace,
  });
}

/** The coroutines that a task's error went through, outermost first. */
export function traceOf(memory, task) {
  const { c } = memory;
  const total = c.weft_wasm_task_trace(task);
  const kept = Math.min(total, 64);
  if (kept === 0) return {};
  const traceback = Array.from({ length: kept }, (_, i) => ({
    function: memory.text(c.weft_wasm_trace_function(i)),
    file: memory.text(c.weft_wasm_trace_file(i)),
    line: c.weft_wasm_trace_line(i),
  }));
  return { traceback, omitted: total - kept };
}

/** An error with its causes and children, however deep; one that is met twice is read once. */
export function errorFrom(memory, pointer, trace) {
  const { c } = memory;
  const made = new Map([[pointer, read(memory, pointer, trace)]]);
  const unread = [pointer];
  const errorAt = (child) => {
    if (!made.has(child)) {
      made.set(child, read(memory, child));
      unread.push(child);
    }
    return made.get(child);
  };
  while (unread.length > 0) {
    const at = unread.pop();
    const error = made.get(at);
    const cause = c.weft_wasm_error_cause(at);
    if (cause !== 0) error.cause = errorAt(cause);
    error.errors = Array.from({ length: c.weft_wasm_error_count(at) }, (_, i) => errorAt(c.weft_wasm_error_child(at, i)));
  }
  return made.get(pointer);
}
