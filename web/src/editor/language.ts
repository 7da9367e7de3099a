/** How C looks: the colours are variables of the style sheet, which follow the scheme and have the contrast that the page promises. */

import { cpp } from "@codemirror/lang-cpp";
import { HighlightStyle, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting, syntaxTree } from "@codemirror/language";
import { closeBrackets } from "@codemirror/autocomplete";
import { EditorState } from "@codemirror/state";
import type { Extension } from "@codemirror/state";
import { Decoration, MatchDecorator, ViewPlugin } from "@codemirror/view";
import type { DecorationSet, EditorView, ViewUpdate } from "@codemirror/view";
import { tags } from "@lezer/highlight";

export const colours = HighlightStyle.define([
    { tag: [tags.keyword, tags.modifier, tags.controlKeyword, tags.definitionKeyword], color: "var(--code-keyword)" },
    { tag: [tags.typeName, tags.standard(tags.typeName)], color: "var(--code-type)" },
    { tag: [tags.string, tags.character, tags.special(tags.string)], color: "var(--code-string)" },
    { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
    { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: "var(--code-call)" },
    { tag: [tags.processingInstruction, tags.meta], color: "var(--code-directive)" },
    { tag: [tags.comment], color: "var(--code-comment)", fontStyle: "italic" },
]);

/* weft's words that are statements and definitions, as keywords are; its functions look as all functions do. */
const words =
    "async|begin|drop|end|await|await_to|yield|yield_to|return|return_none|return_owned|raise|raise_error|reraise|try|catch|catch_all|" +
    "catch_code|finally|with|with_as|for_await|while|break|continue|declare|fields|export";

const word = Decoration.mark({ class: "cm-weft-word" });

const matcher = new MatchDecorator({
    regexp: new RegExp(String.raw`\b(?:weft_(?:${words})|WEFT_PARAM)\b|\bself\b`, "g"),
    decorate: (add, from, to, _match, view) => {
        if (!/Comment|String/.test(syntaxTree(view.state).resolveInner(from, 1).name)) {
            add(from, to, word);
        }
    },
});

const weftWords = ViewPlugin.fromClass(
    class {
        decorations: DecorationSet;

        constructor(view: EditorView) {
            this.decorations = matcher.createDeco(view);
        }

        update(update: ViewUpdate): void {
            /* What a word stands in is known only when the parser has come by. */
            const parsed = syntaxTree(update.startState) !== syntaxTree(update.state);
            this.decorations = parsed ? matcher.createDeco(update.view) : matcher.updateDeco(update, this.decorations);
        }
    },
    { decorations: (plugin) => plugin.decorations },
);

export const c: Extension = [
    cpp(),
    syntaxHighlighting(colours),
    weftWords,
    bracketMatching(),
    closeBrackets(),
    indentOnInput(),
    indentUnit.of("    "),
    EditorState.tabSize.of(4),
];
