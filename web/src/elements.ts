/** Elements made in one expression. */

type Attributes = Record<string, string | boolean | undefined>;

export function element<Name extends keyof HTMLElementTagNameMap>(
    name: Name, attributes: Attributes = {}, ...children: (string | Node)[]
): HTMLElementTagNameMap[Name] {
    const made = document.createElement(name);
    setAttributes(made, attributes);
    made.append(...children);
    return made;
}

function setAttributes(made: Element, attributes: Attributes): void {
    for (const [key, value] of Object.entries(attributes)) {
        if (value !== undefined && value !== false) {
            made.setAttribute(key, value === true ? "" : value);
        }
    }
}

/** A sign of 16 by 16, drawn with the text's colour; it says nothing to those who listen. */
export function icon(path: string, size = 14): SVGSVGElement {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    setAttributes(svg, { viewBox: "0 0 16 16", width: String(size), height: String(size), "aria-hidden": "true" });
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    setAttributes(line, { d: path, fill: "none", stroke: "currentColor", "stroke-width": "1.7", "stroke-linecap": "round", "stroke-linejoin": "round" });
    svg.append(line);
    return svg;
}

/** A button named by its text; one with only a sign in it is named by the label. */
export function button(label: string, attributes: Attributes, onClick: () => void, ...children: (string | Node)[]): HTMLButtonElement {
    const signOnly = children.length > 0 && children.every((child) => child instanceof SVGElement);
    const named = signOnly ? { "aria-label": label, title: label } : {};
    const made = element("button", { type: "button", ...named, ...attributes }, ...(children.length > 0 ? children : [label]));
    made.addEventListener("click", onClick);
    return made;
}
