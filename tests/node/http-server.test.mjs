// The HTTP server, and WebSockets on both sides, against other programs: curl, wrk, Node's http, raw sockets and
// the package ws. The server is the sanitized one, and must end without a word from the sanitizers.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import test from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { at, howItEnded, run } from "./lib/project.mjs";

// Starts the server, gives `use` its port, ends it, and gives what it has said.
async function withServer(use, { tree = "debug", seconds = [] } = {}) {
  const child = spawn(at(`build/${tree}/tests/programs/http_server`), seconds, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  const result = { stdout: "", stderr: "" };
  child.stderr.setEncoding("utf8").on("data", (text) => (result.stderr += text));
  const port = new Promise((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text) => {
      result.stdout += text;
      if (/^\d+\n/.test(result.stdout)) resolve(Number.parseInt(result.stdout, 10));
    });
    ended.then(() => reject(new Error(result.stderr)));
  });
  try {
    await use(await port);
    child.kill("SIGTERM");
    [result.status, result.signal] = await ended;
  } finally {
    child.kill("SIGKILL");
  }
  assert.equal(result.status, 0, howItEnded(result));
  assert.match(result.stdout, /\nstopped with 0 connections\n$/);
  assert.doesNotMatch(result.stderr, /Sanitizer|runtime error|never closed|never awaited/);
  return result.stderr;
}

// Sends a text, in pieces if there are several, and gives all that comes back.
async function raw(port, ...pieces) {
  const socket = net.connect(port, "127.0.0.1");
  let got = "";
  socket.setEncoding("latin1").on("data", (text) => (got += text));
  socket.on("error", () => {});
  const closed = once(socket, "close");
  await once(socket, "connect");
  for (const piece of pieces) {
    if (typeof piece === "number") await new Promise((resolve) => setTimeout(resolve, piece));
    else if (!socket.destroyed) socket.write(piece, "latin1");
  }
  await closed;
  return got;
}

const curl = (port, path, ...args) => run("curl", ["-sS", "--max-time", "20", ...args, `http://127.0.0.1:${port}${path}`]);

test("curl gets what it asks for", () =>
  withServer(async (port) => {
    assert.equal((await curl(port, "/")).stdout, "hello\n");
    assert.equal((await curl(port, "/", "--http1.0")).stdout, "hello\n");
    assert.equal((await curl(port, "/", "--http2")).stdout, "hello\n", "an upgrade that is not taken up");
    assert.equal((await curl(port, "/parts?1000")).stdout.length, 37000);
    assert.equal((await curl(port, "/large?3000000")).stdout.length, 3000000);
    assert.match((await curl(port, "/large?50", "-I")).stdout, /^HTTP\/1.1 200 OK\r\n[^]*Content-Length: 50\r\n\r\n$/);
    assert.match((await curl(port, "/status?304", "-i")).stdout, /^HTTP\/1.1 304 Not Modified\r\nDate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\n\r\n$/);
    assert.equal((await curl(port, "/echo", "-d", "täxt")).stdout, "täxt");
    assert.equal((await curl(port, "/echo", "-d", "x", "-H", "Transfer-Encoding: chunked")).stdout, "x");
    assert.equal((await curl(port, "/count", "-d", "y".repeat(100000), "-H", "Expect: 100-continue")).stdout, "100000\n");
    assert.match((await curl(port, "/echo", "-d", "y".repeat(100), "-H", "Content-Length: 2000000", "-i")).stdout, /^HTTP\/1.1 413 /);
    assert.match((await curl(port, "/say/x%0d%0aEvil:%20yes", "-i")).stdout, /^HTTP\/1.1 400 (?![^]*Evil)/);
  }));

test("what handlers do wrong", async () => {
  const said = await withServer(async (port) => {
    const raised = await curl(port, "/raise", "-i");
    assert.match(raised.stdout, /^HTTP\/1.1 500 Internal Server Error\r\n/);
    assert.doesNotMatch(raised.stdout, /secret/);
    assert.match((await curl(port, "/silent", "-i")).stdout, /^HTTP\/1.1 500 /);
    for (const path of ["/late", "/short", "/cancel"]) assert.notEqual((await curl(port, path)).status, 0, `${path} must not look whole`);
    assert.equal((await curl(port, "/")).stdout, "hello\n");
  });
  assert.match(said, /the handler of GET \/raise failed: RuntimeError: a secret\n/);
  assert.match(said, /the handler of GET \/silent has ended without an answer\n/);
});

test("Node's client keeps a connection", () =>
  withServer(async (port) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set();
    const ask = (path, method = "GET", body) =>
      new Promise((resolve, reject) => {
        const request = http.request({ port, path, method, agent, host: "127.0.0.1" }, async (response) => {
          let text = "";
          for await (const part of response.setEncoding("utf8")) text += part;
          resolve(`${response.statusCode} ${text}`);
        });
        request.on("socket", (socket) => sockets.add(socket)).on("error", reject);
        for (const part of body ?? []) request.write(part);
        request.end();
      });
    assert.equal(await ask("/"), "200 hello\n");
    assert.equal(await ask("/echo", "POST", ["a", "b", "c"]), "200 abc");
    assert.equal(await ask("/", "POST", ["nobody reads this"]), "200 hello\n");
    assert.equal(await ask("/parts?2"), `200 ${"0123456789abcdefghijklmnopqrstuvwxyz\n".repeat(2)}`);
    assert.equal(await ask("/nowhere"), "404 there is no such thing here\n");
    assert.equal(sockets.size, 1);
    agent.destroy();
  }));

test("raw sockets", () =>
  withServer(
    async (port) => {
      const host = "Host: x\r\n";
      const last = `GET / HTTP/1.1\r\n${host}Connection: close\r\n\r\n`;
      const many = await raw(port, `GET /sleep?50 HTTP/1.1\r\n${host}\r\nGET /what?2 HTTP/1.1\r\n${host}\r\n${last}`);
      assert.match(many, /slept[^]*GET \/what\?2[^]*hello\n$/);
      assert.match(await raw(port, "GET / HT"), /^HTTP\/1.1 408 /);
      assert.match(await raw(port, `POST /echo HTTP/1.1\r\n${host}Content-Length: 9\r\n\r\nhalf`), /^HTTP\/1.1 408 /);
      assert.match(await raw(port, ..."GET / HTTP/1.1\r\nHost: x\r\nA: b\r\nC: d".split("").flatMap((c) => [c, 50])), /^HTTP\/1.1 408 /, "a byte now and then");
      assert.equal(await raw(port), "", "idle");
      assert.match(await raw(port, `GET /${"x".repeat(100000)} HTTP/1.1\r\n${host}\r\n`), /^HTTP\/1.1 414 /);
      assert.match(await raw(port, `GET / HTTP/1.1\r\n${host}${"A: b\r\n".repeat(10000)}\r\n`), /^HTTP\/1.1 431 /);
      assert.match(await raw(port, `POST / HTTP/1.1\r\n${host}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n${host}\r\n`), /^HTTP\/1.1 400 [^]*(?<!hello\n)$/);
      const reset = net.connect(port, "127.0.0.1", () => {
        reset.write(`GET /parts?100000 HTTP/1.1\r\n${host}\r\n`);
        reset.once("data", () => reset.resetAndDestroy());
      });
      await once(reset, "close");
      assert.match(await raw(port, last), /hello\n$/);
    },
    { seconds: ["0.5"] },
  ));

test("a peer that takes nothing of its answer is given up", () =>
  withServer(
    async (port) => {
      const socket = net.connect(port, "127.0.0.1", () => socket.write("GET /parts?1000000 HTTP/1.1\r\nHost: x\r\n\r\n"));
      socket.on("error", () => {});
      socket.pause();
      while ((await curl(port, "/")).stdout !== "hello\n");
      await new Promise((resolve) => setTimeout(resolve, 1500));
      let size = 0;
      socket.on("data", (data) => (size += data.length)).resume();
      await once(socket, "close");
      assert.ok(size < 37000000, `${size} bytes`);
    },
    { seconds: ["0.5"] },
  ));

test("wrk finds no fault", () =>
  withServer(
    async (port) => {
      const { stdout, status } = await run("wrk", ["-t1", "-c50", "-d1", `http://127.0.0.1:${port}/`]);
      assert.equal(status, 0);
      assert.match(stdout, /Requests\/sec/);
      assert.doesNotMatch(stdout, /Non-2xx|Socket errors/);
    },
    { tree: "native" },
  ));

test("ws talks to it", async () => {
  await withServer(async (port) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ["nonsense", "echo"]);
    const messages = [];
    socket.on("message", (data, isBinary) => messages.push(isBinary ? data.length : String(data)));
    await once(socket, "open");
    assert.equal(socket.protocol, "echo");
    socket.send("grüß dich 𝄞");
    socket.send("in ", { fin: false });
    socket.ping("between");
    socket.send("parts");
    socket.send(Buffer.alloc(99999));
    assert.equal(String((await once(socket, "pong"))[0]), "between");
    while (messages.length < 3) await once(socket, "message");
    assert.deepEqual(messages, ["grüß dich 𝄞", "in parts", 99999]);
    socket.close(1000, "done");
    assert.deepEqual((await once(socket, "close")).map(String), ["1000", "done"]);

    const large = new WebSocket(`ws://127.0.0.1:${port}/ws`);
    await once(large, "open");
    large.send("x".repeat(100001));
    assert.equal((await once(large, "close"))[0], 1009);

    const bad = new WebSocket(`ws://127.0.0.1:${port}/`);
    assert.match((await once(bad, "error"))[0].message, /Unexpected server response: 200/);
    assert.match((await curl(port, "/ws", "-i")).stdout, /^HTTP\/1.1 426 [^]*Upgrade: websocket\r\n/);

    const gone = new WebSocket(`ws://127.0.0.1:${port}/ws`);
    await once(gone, "open");
    gone.terminate();
  });
});

test("it talks to ws", async (context) => {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: (offered) => [...offered].at(-1) });
  context.after(() => server.close());
  await once(server, "listening");
  const peer = (path, ...args) => run(at("build/debug/tests/programs/websocket_peer"), [`ws://127.0.0.1:${server.address().port}${path}`, ...args]);
  const serve = {
    "/echo": async (socket, got) => {
      socket.send("ä".repeat(40000));
      socket.send(Buffer.alloc(0), { binary: true, fin: false });
      socket.ping();
      socket.send(Buffer.from([0, 1]), { binary: true, fin: true });
      await once(socket, "pong");
      while (got.length < 3) await once(socket, "message");
      assert.deepEqual(got.map((text) => text.length), [5, 80000, 2]);
      socket.close(1001, "enough");
    },
    "/code": (socket) => socket.close(4000, "so there"),
    "/reset": (socket) => socket._socket.resetAndDestroy(),
    "/end": (socket) => socket._socket.end(),
  };
  server.on("connection", (socket, request) => {
    const got = [];
    socket.on("message", (data) => got.push(data)).on("error", () => {});
    socket.once("message", () => serve[request.url](socket, got)); // so that nobody is sending any more
  });
  assert.deepEqual(await peer("/echo", "a, b"), { status: 0, signal: null, stdout: "speaks b\nclosed 1001 enough\n", stderr: "" });
  assert.match((await peer("/code")).stdout, /\nWebSocketError: the peer closed the WebSocket: 4000 \(private\): so there\nclosed 4000 so there\n$/);
  assert.match((await peer("/reset")).stdout, /\n(SystemError|WebSocketError): .*\nclosed 1006 \n$/);
  assert.match((await peer("/end")).stdout, /\nWebSocketError: the connection ended without a goodbye \(1006\)\nclosed 1006 \n$/);
});
