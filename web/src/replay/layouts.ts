/** Where the structures of what is run are known from: of an example as it was built from the build, of edited code from the
 *  compiler, if it is loaded, as it is where code was edited. */

import type { Compiler } from "../compiler/compiler.ts";
import type { Layouts } from "../compiler/types.ts";
import { examples } from "../examples.ts";
import { fetchText } from "../fetched.ts";
import type { Subject } from "../subject.ts";

export function layoutsOf(compiler: Compiler, { example, edited, file, source }: Subject): Promise<Layouts> | undefined {
    const built = edited || example === undefined ? undefined : examples.get(example)?.layouts;
    if (built !== undefined) {
        return fetchText(built).then((text) => JSON.parse(text) as Layouts);
    }
    return compiler.ready ? compiler.layouts(file, source) : undefined;
}
