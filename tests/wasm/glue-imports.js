// What a page would set before it loads the glue.
globalThis.WebSocket ??= require("ws"); // which older versions of Node do not have
var Module = {
  weftImports: {
    greet: (name, ...rest) =>
      new Promise((resolve) => setTimeout(() => resolve(`hello ${name} ${rest.slice(0, -1).join(" ")}`), 1)),
    half: (x) => x / 2,
    large: () => -(2 ** 53) + 1,
    never: (signal) =>
      new Promise((_, reject) =>
        signal.addEventListener("abort", () => {
          console.log("aborted");
          reject(new Error("too late to be heard"));
        }),
      ),
  },
};
