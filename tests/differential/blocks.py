"""Blocks: each runs the lines inside of it."""

import asyncio

import virtual_loop
from world import boolean, describe_error, seconds


class Blocks:
    async def open_try(self, line, who, result):
        if line.clause == "finally":
            try:
                await self.lines(line.inside, who, result)
            finally:
                await self.lines(line.after, who, {})
            return
        caught = (Exception, asyncio.CancelledError) if line.clause == "catch_all" else Exception
        try:
            await self.lines(line.inside, who, result)
        except caught as error:
            self.say(who, f"catches {describe_error(error)}")
            outer, result["caught"] = result.get("caught"), error
            try:
                await self.lines(line.after, who, result)
            finally:
                result["caught"] = outer

    async def open_group(self, line, who, result):
        name = line.words[0]
        group = self.things.get(name) or virtual_loop.task_group()
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
            if "value" not in result:
                await self.lines(line.inside, who, result)
