// C's WebSockets by JavaScript's, against a server of this process.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import test from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { loadWeft, simulate } from "../../wasm/weft.mjs";
import { failure, load, moduleNamed, tasksDone } from "./lib/wasm.mjs";

const closed = (socket) => new Promise((resolve) => socket.on("close", (code, reason) => resolve({ code, reason: String(reason) })));

// A server whose connections do what the path says, and what became of them.
async function serve(context, paths) {
  const ends = [];
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: (offered) => [...offered].at(-1) });
  server.on("connection", (socket, request) => {
    ends.push(closed(socket));
    socket.on("error", () => {});
    paths[request.url](socket);
  });
  await new Promise((resolve) => server.on("listening", resolve));
  context.after(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return { url: `ws://127.0.0.1:${server.address().port}`, ends, server };
}

const echo = (socket) => socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));

test("messages there and back", async (context) => {
  const { url, ends } = await serve(context, { "/": echo });
  const { weft, printed } = await load("network", { WebSocket });
  await weft.run("ws_echo", { url, protocols: "first, second", text: "grüß dich 𝄞" });
  assert.match(printed.all, /^speaks second\ngrüß dich 𝄞 at .*\nclosed 1000\n$/);
  assert.equal((await ends[0]).code, 1000);
});

test("a relative address is the page's", async (context) => {
  const { url } = await serve(context, { "/chat": echo });
  const { weft, printed } = await load("network", { WebSocket, base: `${url.replace("ws:", "http:")}/page/` });
  await weft.run("ws_echo", { url: "../chat", text: "here" });
  assert.match(printed.all, /^here at/);
});

test("what a server sends", async (context) => {
  const { url, ends } = await serve(context, {
    "/kinds"(socket) {
      socket.send("");
      socket.send("täxt");
      socket.send(new Uint8Array([0, 1, 2, 3]));
      socket.send(new Uint8Array(300000).fill(9));
      socket.close(4001, "that was all");
    },
    "/orderly"(socket) {
      socket.send("one");
      socket.close();
    },
    "/reset"(socket) {
      socket.send("one");
      setTimeout(() => socket._socket.resetAndDestroy(), 20);
    },
    "/large": (socket) => socket.send("x".repeat(2000)),
    "/many"(socket) {
      for (let i = 0; i < 2000; i++) socket.send("x".repeat(100));
    },
    "/broken"(socket) {
      socket.send("one");
      socket._socket.write(Buffer.from([0xff, 0xff, 0xff]));
    },
  });
  const expected = {
    "/kinds": 'text \ntext täxt\n4 bytes, the last 3\n300000 bytes, the last 9\nWebSocketError: the peer closed the WebSocket: 4001 (private): that was all\ncode 4001 that was all\n',
    "/orderly": "text one\nend\ncode 1005 \n",
    "/broken": "text one\nWebSocketError: the connection ended without a goodbye (1006)\ncode 1006 \n",
  };
  for (const [path, words] of Object.entries(expected))
    await context.test(path, async () => {
      const { weft, printed } = await load("network", { WebSocket });
      await weft.run("ws_listen", { url: url + path });
      assert.equal(printed.all, words);
    });
  await context.test("a reset", async () => {
    const { weft, printed } = await load("network", { WebSocket });
    await weft.run("ws_listen", { url: `${url}/reset` });
    assert.match(printed.all, /^text one\n(SystemError: .*ECONNRESET.*|WebSocketError: .*1006.*)\ncode 1006 \n$/);
  });
  await context.test("more than the limit", async () => {
    const { weft, printed } = await load("network", { WebSocket });
    await weft.run("ws_listen", { url: `${url}/large`, limit: 1000 });
    assert.equal(printed.all, "LimitExceeded: a message of 2000 bytes exceeds the limit of 1000\ncode 0 \n");
    assert.deepEqual(await ends.at(-1), { code: 4009, reason: "the message is too big" });
  });
  await context.test("more messages than anybody takes", async () => {
    const { weft, printed } = await load("network", { WebSocket });
    await weft.run("ws_listen", { url: `${url}/many`, limit: 200, queue: 2, pause: 0.2 });
    assert.match(printed.all, /LimitExceeded: \d+ messages of \d+ bytes wait to be received\ncode 4008 too many messages\n$/);
  });
});

test("who sends waits for a server that does not read", async (context) => {
  let peak = 0;
  class Counting extends WebSocket {
    send(...all) {
      super.send(...all);
      peak = Math.max(peak, this.bufferedAmount);
    }
  }
  const { url, ends } = await serve(context, {
    "/"(socket) {
      let sum = 0;
      socket.pause();
      setTimeout(() => socket.resume(), 50);
      socket.on("message", (data, isBinary) => (isBinary ? (sum += data.length) : socket.send(`${sum} bytes`)));
    },
  });
  const { weft, printed } = await load("network", { WebSocket: Counting });
  await weft.run("ws_flood", { url, size: 50000, count: 400 });
  assert.equal(printed.all, "20000000 bytes\ncode 3001 had enough\n");
  assert.ok(peak < 200000, `${peak} bytes were under way`);
  assert.deepEqual(await ends[0], { code: 3001, reason: "had enough" });
});

test("what cannot be", async (context) => {
  const { url } = await serve(context, { "/": echo });
  const silent = createServer((socket) => socket.on("error", () => {}));
  await new Promise((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const closedPort = await new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
  context.after(() => silent.close());
  const { weft } = await load("network", { WebSocket });
  const cases = [
    [{ url: `ws://127.0.0.1:${closedPort}` }, /^SystemError ECONNREFUSED: connection refused \(ECONNREFUSED\)$/],
    [{ url: "chat" }, /^InvalidArgument -: chat is relative, and there is no page/],
    [{ url: "ws://" }, /^InvalidArgument -: ws:\/\/ is no URL/],
    [{ url: "ftp://127.0.0.1" }, /^InvalidArgument -: .*protocol/],
    [{ url, headers: true }, /^InvalidArgument -: JavaScript's WebSocket cannot send headers/],
    [{ url, code: 1001 }, /^InvalidArgument -: JavaScript's WebSocket says 1000, or 3000 to 4999, but not 1001/],
    [{ url: `ws://127.0.0.1:${silent.address().port}`, patience: 0.05 }, /^TimedOut/],
  ];
  for (const [fields, words] of cases)
    await context.test(String(words), async () => assert.match(await weft.run("ws_fails", { code: 1000, ...fields }), words));
  await context.test("a server that will not", async () => {
    const refusing = new WebSocketServer({ host: "127.0.0.1", port: 0, verifyClient: () => false });
    await new Promise((resolve) => refusing.on("listening", resolve));
    assert.match(await weft.run("ws_fails", { url: `ws://127.0.0.1:${refusing.address().port}`, code: 1000 }), /^WebSocketError -: .*401/);
    refusing.close();
  });
  await context.test("a platform without WebSockets", async () => {
    const bare = await load("network", { WebSocket: undefined });
    const words = await bare.weft.run("ws_fails", { url, code: 1000 });
    if (globalThis.WebSocket === undefined) assert.match(words, /^InvalidArgument -: there is no WebSocket here: Node has it from version 22 on/);
  });
});

test("a cancellation at any moment closes the connection, and leaves nothing", async (context) => {
  const { url, ends, server } = await serve(context, { "/": echo });
  const { weft } = await load("network", { WebSocket });
  const { weft_wasm_blocks: blocks } = weft.instance.exports;
  const cancelledAfter = async (moments) => {
    const controller = new AbortController();
    const run = weft.run("ws_echo", { url, text: "again", times: 5 }, { signal: controller.signal });
    const outcome = run.then(() => "ended", (error) => error.name);
    for (let i = 0; i < moments; i++) await tasksDone(1);
    controller.abort();
    return outcome;
  };
  await cancelledAfter(1000);
  const before = blocks();
  let outcome = "";
  for (let moments = 0; outcome !== "ended"; moments += moments < 30 ? 1 : 10) outcome = await cancelledAfter(moments);
  await Promise.all(ends);
  assert.equal(blocks(), before);
  assert.equal(server.clients.size, 0);
});

test("one that nobody closes is closed with the loop", async (context) => {
  const { url, ends } = await serve(context, { "/": () => {} });
  const { weft } = await load("network", { WebSocket });
  const controller = new AbortController();
  const run = failure(weft.run("ws_listen", { url }, { signal: controller.signal }));
  while (ends.length === 0) await tasksDone();
  controller.abort();
  assert.equal((await run).name, "Cancelled");
  assert.equal((await ends[0]).code, 1000);
});

test("in virtual time", async (context) => {
  const { url } = await serve(context, {
    "/": echo,
    "/slow"(socket) {
      let left = 5;
      const timer = setInterval(() => {
        socket.send(left % 2 ? `tick ${left}` : new Uint8Array([left]));
        if (--left === 0) {
          clearInterval(timer);
          socket.close(1000, "bye");
        }
      }, 3);
    },
  });
  const kept = () => {
    const said = { text: "", log: [], external: [] };
    const options = {
      print: (text) => (said.text += text),
      onEvent: (chunk) => said.log.push(Buffer.from(chunk)),
      onExternal: (external) => said.external.push(external),
    };
    return { said, options };
  };
  for (const args of [["ws_echo", url], ["ws_listen", `${url}/slow`]])
    await context.test(`${args[0]} is replayed as it went`, async () => {
      const { said, options } = kept();
      const weft = await loadWeft({ wasm: moduleNamed("network"), clock: "virtual", WebSocket, ...options });
      assert.equal(await weft.main(args), 0);
      assert.ok(said.external.length >= 3);
      assert.doesNotMatch(said.text, /at [1-9]/); // the clock stood still

      const never = class {
        constructor() {
          assert.fail("a replay connects");
        }
      };
      const wasm = moduleNamed("network");
      const external = structuredClone(said.external);
      const again = kept();
      const simulation = await simulate({ wasm, args, WebSocket: never, external, ...again.options });
      const checkpoints = [];
      for (let step = 1, why; (why = simulation.advance({ toStep: step })) !== "done"; step++) {
        assert.equal(why, "stopped");
        checkpoints.push(simulation.checkpoint());
      }
      assert.equal(again.said.text, said.text);
      assert.ok(Buffer.concat(again.said.log).equals(Buffer.concat(said.log)), "the logs differ");

      for (const from of checkpoints) {
        const later = kept();
        const rest = await simulate({ wasm, args, external, from, ...later.options });
        assert.equal(rest.advance(), "done");
        assert.equal(rest.end.status, 0);
        assert.ok(said.text.endsWith(later.said.text));
      }
    });
});
