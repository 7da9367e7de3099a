"""Blocks: each runs the lines inside of it."""

import asyncio

import virtual_loop
from world import ALL, Result, describe, describe_error, seconds


class Managed:
    """Bodies that run at both ends of a block; the second may suppress its error."""

    def __init__(self, running, who, enter, leave):
        self.running, self.who, self.enter, self.leave = running, who, enter, leave

    async def __aenter__(self):
        return await self.running.body(self.enter, self.enter)

    async def __aexit__(self, kind, error, traceback):
        self.running.say(self.who, f"told {'nothing' if error is None else describe_error(error)}")
        return await self.running.body(self.leave, self.leave) == 1


class Blocks:
    async def open_try(self, line, who, result):
        if line.clause == "finally":
            try:
                await self.lines(line.inside, who, result)
            finally:
                await self.lines(line.after, who, Result())
            return
        caught = ALL if line.clause == "catch_all" else Exception
        try:
            await self.lines(line.inside, who, result)
        except caught as error:
            self.say(who, f"catches {describe_error(error)}")
            outer, result.caught = result.caught, error
            try:
                await self.lines(line.after, who, result)
            finally:
                result.caught = outer

    async def open_group(self, line, who, result):
        name = line.words[0]
        group = self.things.get(name) or virtual_loop.TaskGroup()
        self.things[name] = group
        async with group:
            await self.lines(line.inside, who, result)
        self.say(who, f"leaves {name}")

    async def in_timeout(self, timeout, line, who, result):
        name = line.words[0]
        async with timeout as self.things[name]:
            await self.lines(line.inside, who, result)
        self.say(who, f"leaves {name}")

    async def open_timeout(self, line, who, result):
        await self.in_timeout(asyncio.timeout(seconds(line.words[1])), line, who, result)

    async def open_timeout_at(self, line, who, result):
        await self.in_timeout(asyncio.timeout_at(seconds(line.words[1])), line, who, result)

    async def open_repeat(self, line, who, result):
        for _ in range(int(line.words[0])):
            await self.lines(line.inside, who, result)
            if not result.goes_on():
                return

    async def open_managed(self, line, who, result):
        enter, leave = line.words
        async with Managed(self, who, enter, leave) as entered:
            self.say(who, f"enters with {describe(entered)}")
            await self.lines(line.inside, who, result)
        self.say(who, f"leaves {enter}")
