/** The page's colours in both schemes, whichever it has now. */

import { readColours } from "../palette.ts";
import type { Colours } from "./svg.ts";

export const coloursOf = (): Record<"light" | "dark", Colours> => ({ light: coloursIn("light"), dark: coloursIn("dark") });

/* Only the document as a whole has a scheme that its colours follow; nothing is painted in between. */
function coloursIn(scheme: "light" | "dark"): Colours {
    const { dataset } = document.documentElement;
    const chosen = dataset["theme"];
    dataset["theme"] = scheme;
    const colours = readColours(document.body);
    if (chosen === undefined) {
        delete dataset["theme"];
    } else {
        dataset["theme"] = chosen;
    }
    return colours;
}
