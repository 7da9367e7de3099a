"""Instructions and blocks of what waits for many: wait, as_completed."""

import asyncio

import virtual_loop
from world import describe, seconds

MODES = {"all": asyncio.ALL_COMPLETED, "first": asyncio.FIRST_COMPLETED, "error": asyncio.FIRST_EXCEPTION}


class Many:
    async def await_wait(self, mode, limit, *names):
        things = [self.things[name] for name in names]
        done, _ = await asyncio.wait(things, timeout=seconds(limit), return_when=MODES[mode])

        def names_of(which):
            return "".join(f" {self.things.name_of(thing)}" for thing in things if (thing in done) == which)

        return f"done:{names_of(True)}; pending:{names_of(False)}"

    async def open_each_done(self, line, who, result):
        name, limit, *names = line.words
        async for thing in virtual_loop.as_completed(map(self.awaitable, names), timeout=seconds(limit)):
            self.say(who, f"{name} is {self.things.name_of(thing)}")
            self.things[name] = thing
            await self.lines(line.inside, who, result)
            if not result.goes_on():
                break
        self.say(who, f"leaves {name}")

    def do_completion(self, who, name, limit, *names):
        self.things[name] = iter(virtual_loop.as_completed(map(self.awaitable, names), timeout=seconds(limit)))

    async def await_next_result(self, name):
        try:
            coroutine = next(self.things[name])
        except StopIteration:
            raise StopAsyncIteration from None
        return f"{name} gave {describe(await coroutine)}"
