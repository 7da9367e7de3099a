// Goes into programs that are linked with threads: says in words what browsers say in riddles.
if (typeof SharedArrayBuffer === "undefined" || (typeof crossOriginIsolated !== "undefined" && !crossOriginIsolated))
  throw new Error("weft: threads need a cross-origin isolated page, which is served with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp; elsewhere load the program built without them");
