// What the program prints: bytes in, text out. A character may come in two pieces, and a line in many.

// Gives whole lines to the console.
function consoleLines() {
  const rest = { stdout: "", stderr: "" };
  const say = { stdout: (line) => console.log(line), stderr: (line) => console.error(line) };
  return {
    print(text, stream) {
      const lines = (rest[stream] + text).split("\n");
      rest[stream] = lines.pop();
      for (const line of lines) say[stream](line);
    },
    end() {
      for (const stream of ["stdout", "stderr"]) {
        if (rest[stream] !== "") say[stream](rest[stream]);
        rest[stream] = "";
      }
    },
  };
}

/** @param {import("./weft.d.ts").LoadOptions} options */
export function outputOf({ print, write }) {
  if (write) return { write, end() {} };
  const lines = print ? { print, end() {} } : consoleLines();
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  const give = (text, stream) => {
    if (text !== "") lines.print(text, stream);
  };
  return {
    write: (bytes, stream) => give(decoders[stream].decode(bytes, { stream: true }), stream),
    end() {
      for (const stream of ["stdout", "stderr"]) give(decoders[stream].decode(), stream);
      lines.end();
    },
  };
}
