// Programs with threads in pages: where the page is isolated, they run; elsewhere they say why they do not, and the build without threads does.
import assert from "node:assert/strict";
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { printed } from "../node/lib/wasm-threads.mjs";

const fromHere = (path) => fileURLToPath(new URL(path, import.meta.url));
const folders = { threads: fromHere("../../build/wasm-threads/tests/wasm-threads"), plain: fromHere("../../build/wasm/tests/wasm") };

const page = (folder) => `<!doctype html><title>threads</title><script>
  var printed = [], failed = "";
  var Module = { print: (line) => printed.push(line), printErr: (line) => printed.push("error: " + line) };
  addEventListener("error", ({ message }) => { failed = message; });
  document.write('<script src="' + ${folder} + '"><' + '/script>');
</script>`;
const pages = {
  "/chosen": page('(crossOriginIsolated ? "threads/threads.js" : "plain/threads.cjs")'),
  "/threads": page('"threads/threads.js"'),
};

let server, browser, address;

const isolating = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

function answer({ url }, response) {
  const [, mode, path] = /^\/(isolated|plainly)(\/.*)$/.exec(url) ?? [];
  const [, folder, name] = /^\/(threads|plain)\/([\w.]+)$/.exec(path ?? "") ?? [];
  const headers = mode === "isolated" ? isolating : {};
  if (path in pages) return response.writeHead(200, { "Content-Type": "text/html", ...headers }).end(pages[path]);
  const file = folder && join(folders[folder], name);
  if (!file || !existsSync(file)) return response.writeHead(404).end();
  response.writeHead(200, { "Content-Type": "text/javascript", ...headers });
  createReadStream(file).pipe(response);
}

before(async () => {
  server = createServer(answer).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.on("listening", resolve));
  address = `http://127.0.0.1:${server.address().port}`;
  const args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
});

after(async () => {
  await browser?.close();
  server?.close();
});

async function open(path) {
  const tab = await browser.newPage();
  await tab.goto(address + path);
  await tab.waitForFunction("failed !== '' || printed.includes('done')");
  const state = await tab.evaluate("({ printed, failed, isolated: crossOriginIsolated })");
  await tab.close();
  return state;
}

test("on an isolated page threads are threads", async () => {
  assert.deepEqual(await open("/isolated/chosen"), { printed, failed: "", isolated: true });
});

test("elsewhere the build without threads does the same", async () => {
  assert.deepEqual(await open("/plainly/chosen"), { printed, failed: "", isolated: false });
});

test("elsewhere the build with threads says what it needs", async () => {
  const { failed, printed: lines } = await open("/plainly/threads");
  assert.match(failed, /weft: threads need a cross-origin isolated page.*Cross-Origin-Opener-Policy: same-origin/);
  assert.deepEqual(lines, []);
});
