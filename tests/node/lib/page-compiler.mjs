// The page's compiler, without its worker: clang as scripts/compiler.mjs has prepared it for the page.
import { runnerImport } from "vite";
import { serve } from "../../../web/serve.mjs";
import { at } from "./project.mjs";

const load = async (name) => (await runnerImport(at(`web/src/compiler/${name}`), { configFile: false })).module;

/** A Toolchain; `loaded` tells what was downloaded for it. */
export async function loadToolchain() {
  const [{ Download }, { loadLlvm }, { Toolchain }] = await Promise.all(["download.ts", "llvm.ts", "toolchain.ts"].map(load));
  const folder = at("web/public/compiler");
  const { server, address } = await serve(folder, 0);
  let loaded = 0;
  const store = { get: fetch, keepOnly: async () => {} };
  const download = await Download.start(address, store, (bytes) => (loaded = bytes));
  const llvm = await loadLlvm(download, (script) => import(`${folder}/${new URL(script).pathname}`));
  server.closeAllConnections();
  server.close();
  return { toolchain: new Toolchain(llvm), loaded, total: download.total };
}
