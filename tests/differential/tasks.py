"""Instructions: tasks, groups, futures, what stands on them, and callbacks."""

import asyncio

import virtual_loop
from world import boolean, describe, describe_error, new_error, seconds


class Tasks:
    # Tasks and groups

    def child(self, name, definition=None):
        return self.body(definition or name, name)

    def do_spawn(self, who, *words):
        self.things[words[0]] = asyncio.create_task(self.child(*words))

    def do_spawn_eager(self, who, *words):
        self.things[words[0]] = asyncio.create_task(self.child(*words), eager_start=True)

    def do_eager(self, who, word):
        self.loop.eager = word == "true"

    def do_start(self, who, group, *words):
        coroutine = self.child(*words)
        try:
            self.things[words[0]] = self.things[group].create_task(coroutine)
        except RuntimeError:
            coroutine.close()
            return f"{group} refuses {words[0]}"

    def do_group_new(self, who, name):
        self.things[name] = virtual_loop.TaskGroup()

    def do_group_cancel(self, who, name):
        self.things[name].cancel()

    def do_uncancel(self, who, name):
        return f"uncancel {name}: {self.things[name].uncancel()}"

    def do_cancelling(self, who, name):
        return f"cancelling {name}: {self.things[name].cancelling()}"

    def do_rename(self, who, name, other):
        self.things[name].set_name(other)

    def do_name(self, who, name):
        called = self.things[name].get_name()
        return f"{name} is called {'by its number' if called.startswith('Task-') else called}"

    # Futures

    def do_future(self, who, name):
        self.things[name] = self.loop.create_future()

    def finish(self, setter, name, result):
        try:
            setter(self.things[name], result)
            return "true"
        except asyncio.InvalidStateError:
            return "false"

    def do_set(self, who, name, value):
        return f"set {name}: " + self.finish(asyncio.Future.set_result, name, int(value))

    def do_fail(self, who, name, error, *message):
        return f"fail {name}: " + self.finish(asyncio.Future.set_exception, name, new_error(error, *message))

    def do_cancel(self, who, name, *message):
        return f"cancel {name}: {boolean(self.things[name].cancel(' '.join(message) or None))}"

    def do_state(self, who, name):
        thing = self.things[name]
        if not thing.done():
            return f"{name} is pending"
        if thing.cancelled():
            return f"{name} is cancelled"
        error = thing.exception()
        return f"{name} has {describe(thing.result() if error is None else error)}"

    # Many, and shielded ones

    def do_gather(self, who, name, *names):
        self.things[name] = asyncio.gather(*map(self.awaitable, names))

    def do_gather_errors(self, who, name, *names):
        self.things[name] = asyncio.gather(*map(self.awaitable, names), return_exceptions=True)

    def do_shield(self, who, name, inner):
        self.things[name] = asyncio.shield(self.awaitable(inner))

    # Callbacks and timers

    def callback(self, name, label):
        def call(*_):
            self.say("loop", label)

        return self.callbacks.setdefault((name, label), call)

    def do_soon(self, who, label):
        self.loop.call_soon(self.callback("", label))

    def do_later(self, who, name, delay):
        self.things[name] = self.loop.call_later(float(delay), self.callback("", name))

    def do_at(self, who, name, when):
        self.things[name] = self.loop.call_at(float(when), self.callback("", name))

    def do_drop(self, who, name):
        self.things[name].cancel()

    def do_callback(self, who, name, label):
        self.things[name].add_done_callback(self.callback(name, label))

    def do_uncallback(self, who, name, label):
        return f"removed {self.things[name].remove_done_callback(self.callback(name, label))}"

    # Any instruction that does not wait, as a callback.

    def later_act(self, *words):
        def call(*_):
            if text := self.act("loop", *words):
                self.say("loop", text)

        return call

    def do_soon_do(self, who, *words):
        self.loop.call_soon(self.later_act(*words))

    def do_later_do(self, who, delay, *words):
        self.loop.call_later(float(delay), self.later_act(*words))

    def do_when_done(self, who, name, *words):
        self.things[name].add_done_callback(self.later_act(*words))

    # Deadlines

    def do_reschedule(self, who, name, when):
        try:
            self.things[name].reschedule(seconds(when))
            return f"{name} moves"
        except RuntimeError as error:
            return f"{name} refuses to move: {describe_error(error)}"

    def do_deadline(self, who, name):
        thing = self.things[name]
        when = "none" if thing.when() is None else f"{thing.when():g}"
        return f"{name} at {when}, expired: {boolean(thing.expired())}"

    # And the rest

    def do_log(self, who, *words):
        return " ".join(words)

    def do_raise(self, who, error, *message):
        raise new_error(error, *message)

    # What waits

    async def await_sleep(self, duration):
        await asyncio.sleep(float(duration))
        return f"slept {duration}"

    async def await_await(self, name):
        return f"{name} gave {describe(await self.awaitable(name))}"

    async def await_wait_for(self, name, limit):
        return f"{name} gave {describe(await asyncio.wait_for(self.awaitable(name), seconds(limit)))}"
