"""Instructions and blocks of the primitives: locks, events, semaphores."""

import asyncio

from world import boolean


class Primitives:
    # Locks and semaphores

    def do_lock(self, who, name):
        self.things[name] = asyncio.Lock()

    def do_semaphore(self, who, name, permits):
        self.things[name] = asyncio.Semaphore(int(permits))

    def do_bounded(self, who, name, permits):
        self.things[name] = asyncio.BoundedSemaphore(int(permits))

    async def await_acquire(self, name):
        await self.things[name].acquire()
        return f"acquired {name}"

    def do_release(self, who, name):
        try:
            self.things[name].release()
        except (RuntimeError, ValueError):
            return f"{name} refuses a release"

    def do_locked(self, who, name):
        thing = self.things[name]
        free = f", {thing._value} free" if isinstance(thing, asyncio.Semaphore) else ""
        return f"{name} locked: {boolean(thing.locked())}{free}"

    # Events

    def do_event(self, who, name):
        self.things[name] = asyncio.Event()

    async def await_event_wait(self, name):
        await self.things[name].wait()
        return f"saw {name}"

    def do_event_set(self, who, name):
        self.things[name].set()

    def do_event_clear(self, who, name):
        self.things[name].clear()

    def do_event_is_set(self, who, name):
        return f"{name} is set: {boolean(self.things[name].is_set())}"

    # Blocks

    async def open_with(self, line, who, result):
        name = line.words[0]
        async with self.things[name]:
            self.say(who, f"enters {name}")
            await self.lines(line.inside, who, result)
        self.say(who, f"leaves {name}")
