// What tests/wasm-threads/threads.c prints, with threads and without.
export const printed = [
  "square 0 where it should",
  "square 9 where it should",
  "square 36 where it should",
  "square 81 where it should",
  "failed: no number",
  "stopped",
  "150 values, 11175 in all",
  "timed out, and ended",
  "raised from the innermost",
  "170",
  "done",
];
