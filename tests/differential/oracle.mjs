// CPython of the `pyodide` package, with the interpreter of scenarios loaded: text in, what was done out.
import { readFileSync } from "node:fs";
import { loadPyodide } from "pyodide";

export async function loadOracle() {
  const python = await loadPyodide();
  for (const name of ["virtual_loop.py", "interpret.py"])
    python.FS.writeFile(`/home/pyodide/${name}`, readFileSync(new URL(name, import.meta.url)));
  python.runPython("import interpret, sys");
  const interpret = python.globals.get("interpret").interpret;
  return { version: python.runPython("sys.version.split()[0]"), interpret: (text) => interpret(text) };
}
