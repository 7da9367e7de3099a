// Coroutines run from JavaScript: what goes in, what comes out, and what refuses.
import assert from "node:assert/strict";
import test from "node:test";
import { WeftError } from "../../wasm/weft.mjs";
import { failure, load } from "./lib/wasm.mjs";

test("fields", async (context) => {
  const { weft } = await load("values");
  const integers = (fields) => weft.run("integers", fields);

  await context.test("take the least integers", async () => {
    const least = { i8: -128, u8: 0, i16: -32768, u16: 0, i32: -(2 ** 31), u32: 0, i64: -(2n ** 63n), u64: 0 };
    assert.equal(await integers(least), "-128 0 -32768 0 -2147483648 0 -9223372036854775808 0");
  });
  await context.test("take the greatest integers", async () => {
    const most = { i8: 127, u8: 255, i16: 32767, u16: 65535, i32: 2 ** 31 - 1, u32: 2 ** 32 - 1, i64: 2n ** 63n - 1n, u64: 2n ** 64n - 1n };
    assert.equal(await integers(most), "127 255 32767 65535 2147483647 4294967295 9223372036854775807 18446744073709551615");
  });
  await context.test("that are not given are zero", async () => {
    assert.equal(await integers({ u8: undefined }), "0 0 0 0 0 0 0 0");
    assert.equal(await weft.run("others"), "false 0 0 NULL NULL");
  });
  await context.test("take booleans, numbers and strings", async () => {
    const fields = { flag: true, narrow: 0.5, wide: -1e300, text: "häl ✓ 𝄞", pointer: null };
    assert.equal(await weft.run("others", fields), "true 0.5 -1e+300 häl ✓ 𝄞 NULL");
    assert.equal(await weft.run("others", { narrow: Infinity, text: null }), "false inf 0 NULL NULL");
  });

  const refused = [
    ["an unknown field", "integers", { j8: 1 }, 'integers has no field "j8"; it has i8, u8, i16, u16, i32, u32, i64, u64'],
    ["a field of one without any", "nothing", { x: 1 }, 'nothing has no field "x"; it has none'],
    ["an inherited name", "integers", JSON.parse('{"__proto__": 1}'), 'integers has no field "__proto__"; it has i8, u8, i16, u16, i32, u32, i64, u64'],
    ["too great an integer", "integers", { i8: 128 }, "integers.i8 must be an integer from -128 to 127, not 128"],
    ["a negative unsigned", "integers", { u32: -1 }, "integers.u32 must be an integer from 0 to 4294967295, not -1"],
    ["too great a bigint", "integers", { i64: 2n ** 63n }, "integers.i64 must be an integer from -9223372036854775808 to 9223372036854775807, not 9223372036854775808n"],
    ["a fraction", "integers", { i32: 1.5 }, "integers.i32 must be an integer, not 1.5"],
    ["NaN as an integer", "integers", { i32: NaN }, "integers.i32 must be an integer, not NaN"],
    ["a digit string", "integers", { i32: "1" }, 'integers.i32 must be an integer, not "1"'],
    ["a number as a boolean", "others", { flag: 1 }, "others.flag must be true or false, not 1"],
    ["a string as a number", "others", { wide: "1" }, 'others.wide must be a number, not "1"'],
    ["a double that no float holds", "others", { narrow: 1e300 }, "others.narrow must be a number that fits a float, not 1e+300"],
    ["a number as a string", "others", { text: 1 }, "others.text must be a string or null, not 1"],
    ["a zero character", "others", { text: "a\0b" }, 'others.text must be a string without zero characters, not "a\\u0000b"'],
    ["a pointer", "others", { pointer: 4 }, "others.pointer must be null: JavaScript has no pointers, not 4"],
    ["an object as a value", "echo", { value: {} }, "echo.value must be a string or null, not an object (Object)"],
    ["no object at all", "echo", 7, "echo: its fields must be given as an object, not 7"],
  ];
  for (const [what, name, fields, message] of refused)
    await context.test(`refuse ${what}`, async () => {
      const error = await failure(weft.run(name, fields));
      assert(error instanceof TypeError, error.stack);
      assert.equal(error.message, message);
    });
  await context.test("of an unknown coroutine are refused", async () => {
    const error = await failure(weft.run("nobody"));
    assert(error instanceof TypeError);
    assert.match(error.message, /there is no coroutine "nobody"; weft_export named .*integers/);
  });
});

test("values come back", async (context) => {
  const { weft } = await load("values");
  const values = [null, true, false, 0, -1, 2 ** 40, -(2 ** 40) - 1, 2 ** 53 - 1, -(2 ** 53) + 1, 0.1, -1e-300, "", "ä𝄞"];
  for (const value of values)
    await context.test(JSON.stringify(value), async () => assert.equal(await weft.run("echo", { value }), value));
  for (const value of [Infinity, NaN, 1e300])
    await context.test(String(value), async () => assert.equal(await weft.run("echo", { value }), value));
  for (const value of [2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)])
    await context.test(`${value}n`, async () => {
      assert.equal(await weft.run("echo", { value }), value);
      assert.equal(await weft.run("integer", { value }), value);
    });
  await context.test("a bigint that a number holds is a number", async () =>
    assert.equal(await weft.run("echo", { value: 5n }), 5),
  );
  await context.test("none is null", async () => assert.equal(await weft.run("nothing"), null));
  await context.test("a pointer is its address", async () => assert(Number.isInteger(await weft.run("pointer"))));
});

test("many run at once", async () => {
  const { weft } = await load("values", { clock: "virtual" });
  const order = [];
  const runs = Array.from({ length: 500 }, (_, i) =>
    weft.run("echo", { value: `run ${i}`, delay: (i * 7) % 500 }).then((value) => {
      order.push((i * 7) % 500);
      return value;
    }),
  );
  assert.deepEqual(await Promise.all(runs), Array.from({ length: 500 }, (_, i) => `run ${i}`));
  assert.deepEqual(order, Array.from({ length: 500 }, (_, i) => i));
});

test("10,000 runs leave no memory behind", async () => {
  const { weft, printed } = await load("values");
  const { memory_in_use: memoryInUse, memory } = weft.instance.exports;
  const runs = async (count) => {
    for (let i = 0; i < count; i++) await weft.run("echo", { value: `a string of some length, ${i}` });
    await failure(weft.run("echo", { value: "lost?", delay: "x" }));
    await failure(weft.run("echo", { value: "lost?", delay: NaN }));
  };
  await runs(100);
  const before = { used: memoryInUse(), size: memory.buffer.byteLength };
  await runs(10_000);
  assert.deepEqual({ used: memoryInUse(), size: memory.buffer.byteLength }, before);
  assert.equal(printed.all, "");
});

test("errors", async (context) => {
  const { weft } = await load("failures", { clock: "virtual" });
  const functions = (error) => error.traceback.map((entry) => entry.function);

  await context.test("have name, code, message and traceback", async () => {
    const error = await failure(weft.run("outer"));
    assert(error instanceof WeftError && error instanceof Error);
    assert.equal(error.name, "NoRoute");
    assert.equal(error.code, 1001);
    assert.equal(error.message, "no route to héaven");
    assert.deepEqual(functions(error), ["outer", "inner"]);
    assert.match(error.traceback[0].file, /failures\.c$/);
    assert.deepEqual(error.errors, []);
    assert.equal(error.cause, undefined);
    const [first, second, third] = error.stack.split("\n");
    assert.equal(first, "NoRoute: no route to héaven");
    assert.match(second, /^ {4}at inner \(.*failures\.c:\d+\)$/);
    assert.match(third, /^ {4}at outer \(.*failures\.c:\d+\)$/);
  });
  await context.test("of 1,000 calls keep both ends of the traceback", async () => {
    const error = await failure(weft.run("deep", { depth: 1000 }));
    assert.equal(error.traceback.length, 64);
    assert.match(error.stack, /\n {4}… 936 more\n/);
  });
  await context.test("have their cause", async () => {
    const error = await failure(weft.run("caused"));
    assert.equal(error.message, "could not deliver");
    assert(error.cause instanceof WeftError);
    assert.equal(error.cause.message, "no route to héaven");
  });
  await context.test("with 100,000 causes are read without recursion", async () => {
    let error = await failure(weft.run("chain", { length: 100_000 }));
    let length = 0;
    for (; error; error = error.cause) length++;
    assert.equal(length, 100_000);
  });
  await context.test("of a group have children", async () => {
    const error = await failure(weft.run("grouped"));
    assert.equal(error.name, "ErrorGroup");
    assert.deepEqual(error.errors.map(({ message }) => message), ["no route to héaven", "could not deliver"]);
    assert.equal(error.errors[1].cause.message, "no route to héaven");
  });
});

test("AbortSignal", async (context) => {
  const { weft, printed } = await load("failures", { clock: "real" });
  const aborting = (fields, reason) => {
    const controller = new AbortController();
    const promise = weft.run("sleeper", { seconds: 1000, ...fields }, { signal: controller.signal });
    setImmediate(() => controller.abort(reason));
    return promise;
  };
  await context.test("cancels, with the reason's message", async () => {
    const reason = new Error("enough ✓");
    const error = await failure(aborting({}, reason));
    assert(error instanceof WeftError);
    assert.equal(error.name, "Cancelled");
    assert.equal(error.code, 1);
    assert.equal(error.cause, reason);
    assert.equal(printed.stdout, 'cleaned up after "enough ✓"\n');
  });
  await context.test("cancels without a reason", async () => {
    const error = await failure(aborting({}));
    assert.equal(error.name, "Cancelled");
    assert.equal(error.cause.name, "AbortError");
  });
  await context.test("cancels with a reason that is no error", async () => {
    printed.stdout = "";
    await failure(aborting({}, "just so"));
    assert.equal(printed.stdout, 'cleaned up after "just so"\n');
  });
  await context.test("leaves the coroutine the last word", async () =>
    assert.equal(await aborting({ stubborn: true }), "stayed"),
  );
  await context.test("that was aborted before: nothing of the body runs", async () => {
    printed.stdout = "";
    const error = await failure(weft.run("sleeper", { seconds: 0 }, { signal: AbortSignal.abort(new Error("never")) }));
    assert.equal(error.name, "Cancelled");
    assert.equal(printed.stdout, "");
  });
  await context.test("that is none is refused before anything runs", async () => {
    const error = await failure(weft.run("sleeper", { seconds: 0.01 }, { signal: 5 }));
    assert.equal(`${error.name}: ${error.message}`, "TypeError: signal must be an AbortSignal, not 5");
    const stops = weft.now(); // a loop without runs has ended, and its clock with it
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(weft.now(), stops);
    assert.equal(await weft.run("sleeper", { seconds: 0 }, { signal: null }), "slept");
  });
  await context.test("that is aborted afterwards changes nothing", async () => {
    const controller = new AbortController();
    assert.equal(await weft.run("sleeper", { seconds: 0 }, { signal: controller.signal }), "slept");
    controller.abort();
    assert.equal(await weft.run("sleeper", { seconds: 0 }), "slept");
  });
  await context.test("cancels its own run alone", async () => {
    const other = weft.run("sleeper", { seconds: 0.02 });
    await failure(aborting({}));
    assert.equal(await other, "slept");
  });
});

test("a program that crashes", async (context) => {
  const { weft } = await load("failures");
  const beside = failure(weft.run("sleeper", { seconds: 1000 }));
  const error = await failure(weft.run("crash"));
  await context.test("rejects with the reason", () => {
    assert.match(error.message, /^the program crashed: unreachable/);
    assert(error.cause instanceof WebAssembly.RuntimeError);
  });
  await context.test("rejects all that was running", async () => assert.match((await beside).message, /crashed/));
  await context.test("refuses further use", async () => {
    assert.match((await failure(weft.run("outer"))).message, /crashed/);
    assert.match((await failure(weft.main())).message, /crashed/);
  });
});

test("a program that exits", async (context) => {
  const { weft, printed } = await load("failures");
  const beside = failure(weft.run("sleeper", { seconds: 1000 }));
  const error = await failure(weft.run("leave", { status: 3 }));
  await context.test("rejects with its status", () => assert.equal(error.message, "the program exited with status 3"));
  await context.test("rejects all that was running", async () => assert.match((await beside).message, /exited with status 3/));
  await context.test("has printed everything", () => assert.equal(printed.stdout, "unterminated"));
  await context.test("starts afresh", async () =>
    assert.deepEqual(
      await Promise.all([weft.run("sleeper", { seconds: 0 }), weft.run("sleeper", { seconds: 0 })]),
      ["slept", "slept"],
    ),
  );
});

test("what is forgotten is reported at the end of the loop", async () => {
  const { weft, printed } = await load("failures");
  await weft.run("forgetful");
  assert.match(printed.stderr, /coroutine 'inner' called at .*failures\.c:\d+ was never awaited/);
});

test("memory that runs out is an error", async () => {
  const { weft } = await load("values");
  const { weft_wasm_allocate: allocate, weft_wasm_free: free } = weft.instance.exports;
  const taken = [];
  for (let size = 2 ** 28; size >= 8; size /= 2) for (let p; (p = allocate(size)) !== 0; ) taken.push(p);
  const error = await failure(weft.run("echo", { value: "x".repeat(100) }));
  assert.equal(error.name, "OutOfMemory");
  for (const pointer of taken) free(pointer);
  assert.equal(await weft.run("echo", { value: "there again" }), "there again");
});

test("callbacks", async (context) => {
  // Stands for the platform's report of exceptions that nobody catches.
  const reported = [];
  const { reportError } = globalThis;
  globalThis.reportError = (error) => reported.push(error.message);
  context.after(() => (globalThis.reportError = reportError));

  await context.test("of print that throw do not harm the program", async () => {
    reported.length = 0;
    const print = () => {
      throw new Error("print is broken");
    };
    const { weft } = await load("waits", { clock: "virtual", print });
    assert.equal(await weft.run("race"), null);
    assert(reported.length > 0 && reported.every((message) => message === "print is broken"));
  });
  await context.test("of the event log that throw do not harm the program", async () => {
    reported.length = 0;
    const onEvent = () => {
      throw new Error("onEvent is broken");
    };
    const { weft } = await load("waits", { clock: "virtual", onEvent });
    assert.equal(await weft.run("race"), null);
    assert(reported.length > 0 && reported.every((message) => message === "onEvent is broken"));
  });
  await context.test("can run more", async () => {
    const more = [];
    let weft;
    const print = () => {
      if (more.length < 20) more.push(weft.run("wait", { seconds: 1 }));
    };
    ({ weft } = await load("waits", { clock: "virtual", print }));
    await weft.run("race");
    assert((await Promise.all(more)).every((time) => time >= 1));
    assert.equal(more.length, 8);
  });
});

test("debug mode reports a slow step", async () => {
  const { weft, printed } = await load("waits", { debug: true });
  await weft.run("block", { seconds: 0.15 });
  assert.match(printed.stderr, /block/);
});
