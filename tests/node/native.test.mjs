// The libuv host's tests: natively and under sanitizers.
import { testFolder, variants } from "./lib/c_tests.mjs";

testFolder(
  "tests/native",
  variants.filter(({ name }) => name !== "wasm"),
);
