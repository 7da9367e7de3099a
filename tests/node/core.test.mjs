// The scheduler's tests: one source, run natively, under sanitizers and as WebAssembly.
import { testFolder } from "./lib/c_tests.mjs";

testFolder("tests/core");
