// CPython of the `pyodide` package, with the interpreter of scenarios loaded: text in, what was done out.
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { loadPyodide } from "pyodide";

const here = new URL(".", import.meta.url);

export async function loadOracle() {
  const python = await loadPyodide();
  const own = readdirSync(here).filter((name) => name.endsWith(".py")).map((name) => new URL(name, here));
  for (const file of [...own, new URL("../../web/twin/virtual_loop.py", here)])
    python.FS.writeFile(`/home/pyodide/${basename(file.pathname)}`, readFileSync(file));
  // What a program leaves behind, never awaited or ignoring its end, is no news.
  python.runPython("import interpret, sys, warnings; warnings.simplefilter('ignore'); sys.unraisablehook = lambda _: None");
  const interpret = python.globals.get("interpret").interpret;
  return { version: python.runPython("sys.version.split()[0]"), interpret: (text, steps = true) => interpret(text, steps) };
}
