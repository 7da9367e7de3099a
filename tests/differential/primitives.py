"""Instructions and blocks of the primitives: locks, conditions, semaphores, barriers, events."""

import asyncio

from world import boolean


class Primitives:
    # Locks, conditions and semaphores

    def do_lock(self, who, name):
        self.things[name] = asyncio.Lock()

    def do_condition(self, who, name, lock=None):
        self.things[name] = asyncio.Condition(lock and self.things[lock])

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

    # Conditions, and counters for what they guard

    async def await_condition_wait(self, name):
        return f"{name} gave {boolean(await self.things[name].wait())}"

    async def await_wait_until(self, name, counter, least):
        reached = await self.things[name].wait_for(lambda: self.things[counter] >= int(least))
        return f"{name} gave {boolean(reached)}"

    def do_notify(self, who, name, count):
        try:
            self.things[name].notify(int(count))
        except RuntimeError:
            return f"{name} refuses to notify"

    def do_notify_all(self, who, name):
        try:
            self.things[name].notify_all()
        except RuntimeError:
            return f"{name} refuses to notify"

    def do_counter(self, who, name):
        self.things[name] = 0

    def do_add(self, who, name, more):
        self.things[name] += int(more)

    # Barriers

    def do_barrier(self, who, name, parties):
        self.things[name] = asyncio.Barrier(int(parties))

    async def await_barrier_wait(self, name):
        return f"passed {name}: {await self.things[name].wait()}"

    async def await_barrier_reset(self, name):
        await self.things[name].reset()
        return f"passed {name}: none"

    async def await_barrier_abort(self, name):
        await self.things[name].abort()
        return f"passed {name}: none"

    def do_barrier_state(self, who, name):
        barrier = self.things[name]
        return f"{name}: {barrier.n_waiting} of {barrier.parties}, broken: {boolean(barrier.broken)}"

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
        async with self.things[name] as index:
            self.say(who, f"enters {name}" if index is None else f"enters {name}: {index}")
            await self.lines(line.inside, who, result)
        self.say(who, f"leaves {name}")
