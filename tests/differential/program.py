"""Scenarios as text: small programs, each a few coroutines, that weft and CPython both run (README.md)."""

OPENING = {"try", "group", "timeout", "timeout_at", "with", "repeat", "managed", "each", "each_done", "generator"}
CLAUSES = {"catch", "catch_all", "finally"}


class Line:
    """A line, and the lines inside of it if it opens a block; those after its clause are a list of their own."""

    __slots__ = ("word", "words", "opens", "inside", "clause", "after")

    def __init__(self, words):
        self.word, *self.words = words
        self.opens = self.word in OPENING
        self.inside, self.clause, self.after = [], None, []


def parse(text):
    """Each scenario of a text: its name, and its bodies by name, a body being a list of lines."""
    scenarios = []
    blocks = []
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        word = words[0]
        if word == "scenario":
            bodies = {}
            scenarios.append((" ".join(words[1:]), bodies))
        elif word == "def":
            lines = bodies[words[1]] = []
            blocks = []
        elif word in CLAUSES:
            blocks[-1][0].clause = word
            lines = blocks[-1][0].after
        elif word == "end":
            lines = blocks.pop()[1]
        else:
            made = Line(words)
            lines.append(made)
            if made.opens:
                blocks.append((made, lines))
                lines = made.inside
    return scenarios


def forget(lines):
    """Leaves nothing to run of lines, where some still run them."""
    for line in lines:
        forget(line.inside)
        forget(line.after)
    lines.clear()
