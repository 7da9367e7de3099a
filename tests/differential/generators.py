"""Bodies that yield, and what iterates over them."""

import asyncio

from world import ALL, Error, Result, describe, describe_error, new_error, seconds


class Generators:
    async def generate(self, definition):
        """A body that yields at its top, or inside of one block there."""
        who, result = definition, Result()
        self.say(who, "begins")
        try:
            for line in self.bodies[definition]:
                if result.stopped:
                    break
                if line.word == "yield":
                    self.say(who, f"is sent {describe((yield int(line.words[0])))}")
                elif not any(inner.word == "yield" for inner in line.inside):
                    await self.lines([line], who, result)
                elif line.word == "timeout":
                    async with asyncio.timeout(seconds(line.words[1])) as self.things[line.words[0]]:
                        for inner in line.inside:
                            if result.stopped:
                                break
                            if inner.word == "yield":
                                self.say(who, f"is sent {describe((yield int(inner.words[0])))}")
                            else:
                                await self.lines([inner], who, result)
                elif line.clause == "finally":
                    try:
                        for inner in line.inside:
                            if result.stopped:
                                break
                            if inner.word == "yield":
                                self.say(who, f"is sent {describe((yield int(inner.words[0])))}")
                            else:
                                await self.lines([inner], who, result)
                    finally:
                        await self.lines(line.after, who, Result())
                else:
                    try:
                        for inner in line.inside:
                            if result.stopped:
                                break
                            if inner.word == "yield":
                                self.say(who, f"is sent {describe((yield int(inner.words[0])))}")
                            else:
                                await self.lines([inner], who, result)
                    except ALL as error:
                        self.say(who, f"catches {describe_error(error)}")
                        result.caught = error
                        await self.lines(line.after, who, result)
        except ALL as error:
            self.say(who, f"ends with {describe_error(error)}")
            raise
        self.say(who, "ends")

    def make_generator(self, definition):
        self.generators.append(self.generate(definition))  # no business of the garbage collector
        return self.generators[-1]

    async def close(self, generator):
        try:
            await generator.aclose()
        except StopAsyncIteration:  # CPython, the second time, if it ignored the first; weft: it has ended
            pass
        finally:
            self.loop._asyncgens.discard(generator)  # asyncio.run need not close it

    async def open_each(self, line, who, result):
        name, definition = line.words
        generator = self.make_generator(definition)
        try:
            async for item in generator:
                self.say(who, f"{name} is {item}")
                await self.lines(line.inside, who, result)
                if not result.goes_on():
                    break
        finally:
            await self.close(generator)
        self.say(who, f"leaves {name}")

    async def open_generator(self, line, who, result):
        """A generator that is used by name, inside of the block; its first item comes at the beginning."""
        name, definition = line.words
        generator = self.things[name] = self.make_generator(definition)
        try:
            self.say(who, f"{name} gave {describe(await anext(generator))}")
            await self.lines(line.inside, who, result)
        finally:
            try:
                await self.close(generator)
            finally:
                if self.things[name] is generator:
                    self.things[name] = None
        self.say(who, f"leaves {name}")

    def generator_of(self, name):
        if self.things[name] is None:
            raise Error("TypeMismatch")
        return self.things[name]

    async def await_next(self, name):
        return f"{name} gave {describe(await anext(self.generator_of(name)))}"

    async def await_send(self, name, value):
        return f"{name} gave {describe(await self.generator_of(name).asend(int(value)))}"

    async def await_throw(self, name, error, *message):
        thrown = self.generator_of(name).athrow(new_error(error, *message))
        return f"{name} gave {describe(await thrown)}"

    async def await_close(self, name):
        await self.close(self.generator_of(name))
        return f"{name} gave none"
