// A program that uses all of weft.d.ts; only its types are checked.
import { loadWeft, WeftError, type Coroutine, type LoadOptions, type Parameter, type Value, type Weft } from "weft";

const options: LoadOptions = {
    wasm: fetch("module.wasm"),
    print: (text, stream) => console.log(stream === "stdout" ? text : `! ${text}`),
    onEvent: (chunk, base) => console.log(chunk.byteLength, base),
    imports: { fetch_text: async (url: string, signal: AbortSignal) => (await fetch(url, { signal })).text() },
    clock: "virtual",
    seed: 7,
    decisions: [0, 1],
    parameters: { permits: 5, fair: true },
    base: new URL("https://example.org/"),
    fetch: (address, init) => fetch(address, init),
    WebSocket,
    onExternal: (external) => {
        if (external.what === "head") console.log(external.id, external.value.status, external.value.headers[0]?.[1]);
        if (external.what === "bytes") console.log(external.value.byteLength);
    },
    debug: true,
    env: { LANG: "C" },
};

export async function use(): Promise<Value> {
    const weft: Weft = await loadWeft(options);
    const all: Coroutine[] = [...weft.coroutines.values()];
    const parameters: readonly Parameter[] = weft.parameters;
    console.log(parameters.map(({ name, type, value, least, most }) => `${name} ${type === "bool"} ${value} ${least} ${most}`));
    const field = all[0]?.fields[0];
    console.log(field?.name, field?.type === "bool", field?.offset, weft.now(), weft.instance.exports);

    const controller = new AbortController();
    const value = await weft.run("fetch_all", { permits: 3, big: 2n ** 60n }, { signal: controller.signal });
    const waiting: string[] = weft.tasks().map((task) => `${task.name} ${task.state} ${task.waitsFor?.what} ${task.stack[0]?.line}`);
    console.log(waiting, weft.tasks()[0]?.awaitedBy.includes(1), weft.taskTree());
    const status: number = await weft.main(["--verbose"]);
    console.log(status);
    try {
        await weft.run("fails");
    } catch (error) {
        if (error instanceof WeftError) {
            const lines: string[] = error.traceback.map((entry) => `${entry.function} ${entry.file}:${entry.line}`);
            const children: readonly WeftError[] = error.errors;
            console.log(error.name, error.code, error.message, lines, children.length, error.cause);
        }
    }
    return value;
}

// @ts-expect-error a module is needed
void loadWeft({});
// @ts-expect-error there are two clocks
void loadWeft({ wasm: "a.wasm", clock: "atomic" });
// @ts-expect-error base is one
void loadWeft({ wasm: "a.wasm", base: 7 });
// @ts-expect-error parameters are numbers and booleans
void loadWeft({ wasm: "a.wasm", parameters: { name: "Oslo" } });
// @ts-expect-error objects cannot go to C
void loadWeft({ wasm: "a.wasm" }).then((weft) => weft.run("f", { x: {} }));
// @ts-expect-error only the library makes these
void new WeftError("mine");
