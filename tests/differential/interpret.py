"""Runs the programs of a scenario file in CPython's asyncio and prints what they did (see README.md)."""

import asyncio
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).parents[2] / "web" / "twin"))

import program
import stepping
import virtual_loop
from blocks import Blocks
from contexts import Contexts
from generators import Generators
from many import Many
from primitives import Primitives
from queues import Queues
from tasks import Tasks
from world import ALL, Result, World, describe, describe_error


class Program(World, Blocks, Tasks, Primitives, Queues, Many, Generators, Contexts):
    """`do_…` acts and may return what is to be said, `await_…` waits and returns it, `open_…` runs a block."""

    def awaitable(self, name):
        """What a name stands for, where something is awaited: one of no thing is a coroutine to be made."""
        return self.things[name] if name in self.things or name not in self.bodies else self.body(name, name)

    async def body(self, definition, who):
        result = Result()
        self.say(who, "begins")
        try:
            await self.lines(self.bodies[definition], who, result)
        except ALL as error:
            self.say(who, f"ends with {describe_error(error)}")
            raise
        self.say(who, f"returns {describe(result.value)}")
        return result.value

    async def lines(self, lines, who, result):
        for line in lines:
            if result.stopped:
                return
            word = line.word
            if line.opens:
                await getattr(self, "open_" + word)(line, who, result)
            elif word == "return":
                result.stopped = True
                result.value = int(line.words[0])
            elif word == "leave":
                result.stopped = result.left = True
            elif word == "reraise":
                raise result.caught or SystemExit("nothing was caught")
            elif wait := getattr(self, "await_" + word, None):
                self.say(who, await wait(*line.words))
            elif text := self.act(who, word, *line.words):
                self.say(who, text)

    def act(self, who, word, *words):
        try:
            return getattr(self, "do_" + word)(who, *words)
        except (AttributeError, TypeError) as error:
            raise SystemExit(f"no such instruction: {word} {words}") from error


def run(bodies, write, steps):
    loop = stepping.SteppingLoop()
    running = Program(loop, bodies, lambda line: None if loop.is_closed() else write(line))

    async def main():
        running.things["main"] = asyncio.current_task()
        await running.body("main", "main")

    try:
        stepping.run(loop, main(), running.say_step if steps else None)
    except virtual_loop.Deadlock:
        write("stuck")
    except SystemExit as wrong:
        write(f"wrong: {wrong}")
    for lines in bodies.values():
        program.forget(lines)
    stepping.destroy(loop)


def interpret(text, steps=False):
    """What the programs of a text do here; with `steps` a line for each step of each task, too.

    Of one that makes no sense, or does not end, the last line begins with "wrong".
    """
    lines = []
    for name, bodies in program.parse(text):
        lines.append(f"scenario {name}")
        run(bodies, lines.append, steps)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        sys.stdout.write(interpret(file.read(), "--steps" in sys.argv))
