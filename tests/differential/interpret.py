"""Runs the programs of a scenario file in CPython's asyncio and prints what they did (see README.md)."""

import asyncio
import sys

import virtual_loop

QUIET_TICKS = 8


class Error(Exception):
    def __init__(self, name, message):
        super().__init__(message)
        self.name = name


def parse(text):
    """The scenarios of a text, each a name and its bodies by name, a body being a list of lines of words."""
    scenarios = []
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "scenario":
            scenarios.append({"name": " ".join(words[1:]), "bodies": {}})
        elif words[0] == "def":
            body = scenarios[-1]["bodies"][words[1]] = []
        else:
            body.append(words)
    return scenarios


OPENING = {"try", "group", "timeout", "timeout_at", "with", "repeat"}


def end_of(lines, start):
    """The line that ends the block which line `start` opens, and the line of its clause, if it has one."""
    depth, clause = 0, None
    for at in range(start + 1, len(lines)):
        word = lines[at][0]
        if word in OPENING:
            depth += 1
        elif word == "end" and depth > 0:
            depth -= 1
        elif word == "end":
            return at, clause
        elif word in ("catch", "catch_all", "finally") and depth == 0:
            clause = at
    raise SyntaxError("a block without end")


def describe_error(error):
    if isinstance(error, BaseExceptionGroup):
        return "ErrorGroup[" + ", ".join(describe_error(child) for child in error.exceptions) + "]"
    names = {
        asyncio.CancelledError: "Cancelled",
        TimeoutError: "TimedOut",
        RuntimeError: "RuntimeError",
        asyncio.InvalidStateError: "InvalidState",
        ValueError: "InvalidArgument",
    }
    if isinstance(error, Error):
        name, message = error.name, str(error)
    else:
        name = names[type(error)]
        message = str(error) if isinstance(error, asyncio.CancelledError) else ""
    return f"{name}: {message}" if message else name


def describe(value):
    if isinstance(value, list):
        return "[" + ", ".join(describe(item) for item in value) + "]"
    if isinstance(value, BaseException):
        return describe_error(value)
    return "none" if value is None else str(int(value))


def boolean(value):
    return "true" if value else "false"


class Things(dict):
    """By name. A scenario that names nothing is wrong, and no error for its programs to catch."""

    def __missing__(self, name):
        raise SystemExit(f"nothing has this name: {name}")


class World:
    def __init__(self, bodies, write):
        self.bodies = bodies
        self.write = write
        self.things = Things()
        self.callbacks = {}
        self.tick = self.quiet = 0
        self.counting = False

    # What happens is printed with the time and the tick. Ticks are counted for a while after each line.

    def log(self, who, text):
        loop = asyncio.get_running_loop()
        self.write(f"{loop.time():g} {self.tick} {who}: {text}")
        self.quiet = 0
        if not self.counting:
            self.counting = True
            loop.call_soon(self.count)

    def count(self):
        self.tick += 1
        self.quiet += 1
        self.counting = self.quiet < QUIET_TICKS
        if self.counting:
            asyncio.get_running_loop().call_soon(self.count)

    # Things have names; a name of none is a coroutine to be made.

    def awaitable(self, name):
        return self.things[name] if name in self.things else self.body(name, name)

    def set(self, name, setter, *arguments):
        try:
            setter(self.things[name], *arguments)
            return "true"
        except asyncio.InvalidStateError:
            return "false"

    def callback(self, name, label):
        def call(*_):
            self.log("loop", label)

        self.callbacks[name, label] = call
        return call

    async def body(self, definition, who):
        lines, result = self.bodies[definition], {}
        self.log(who, "begins")
        try:
            await self.block(lines, 0, len(lines), who, result)
        except (Exception, asyncio.CancelledError) as error:
            self.log(who, f"ends with {describe_error(error)}")
            raise
        self.log(who, f"returns {describe(result.get('value'))}")
        return result.get("value")

    async def block(self, lines, at, end, who, result):
        while at < end and "value" not in result:
            words = lines[at]
            if words[0] in OPENING:
                close, clause = end_of(lines, at)
                await getattr(self, "do_" + words[0])(lines, at, clause, close, who, result)
                at = close
            elif hasattr(self, "await_" + words[0]):
                text = await getattr(self, "await_" + words[0])(*words[1:])
                self.log(who, text)
            elif words[0] == "return":
                result["value"] = int(words[1])
            elif words[0] == "reraise":
                raise result["caught"]
            else:
                text = self.act(who, *words)
                if text:
                    self.log(who, text)
            at += 1

    def act(self, who, word, *words):
        try:
            return getattr(self, "do_" + word)(who, *words)
        except (AttributeError, TypeError) as error:
            raise SystemExit(f"no such instruction: {word} {words}") from error

    # Blocks

    async def do_try(self, lines, at, clause, end, who, result):
        if lines[clause][0] == "finally":
            try:
                await self.block(lines, at + 1, clause, who, result)
            finally:
                await self.block(lines, clause + 1, end, who, {})
            return
        caught = (Exception, asyncio.CancelledError) if lines[clause][0] == "catch_all" else Exception
        try:
            await self.block(lines, at + 1, clause, who, result)
        except caught as error:
            self.log(who, f"catches {describe_error(error)}")
            outer, result["caught"] = result.get("caught"), error
            try:
                await self.block(lines, clause + 1, end, who, result)
            finally:
                result["caught"] = outer

    async def do_group(self, lines, at, clause, end, who, result):
        name = lines[at][1]
        group = self.things.get(name) or virtual_loop.task_group()
        self.things[name] = group
        async with group:
            await self.block(lines, at + 1, end, who, result)
        self.log(who, f"leaves {name}")

    async def timeout(self, make, lines, at, end, who, result):
        name, seconds = lines[at][1:3]
        when = None if seconds == "none" else float(seconds)
        async with make(when) as self.things[name]:
            await self.block(lines, at + 1, end, who, result)
        self.log(who, f"leaves {name}")

    async def do_timeout(self, lines, at, clause, end, who, result):
        await self.timeout(asyncio.timeout, lines, at, end, who, result)

    async def do_timeout_at(self, lines, at, clause, end, who, result):
        await self.timeout(asyncio.timeout_at, lines, at, end, who, result)

    async def do_with(self, lines, at, clause, end, who, result):
        name = lines[at][1]
        async with self.things[name]:
            self.log(who, f"enters {name}")
            await self.block(lines, at + 1, end, who, result)
        self.log(who, f"leaves {name}")

    async def do_repeat(self, lines, at, clause, end, who, result):
        for _ in range(int(lines[at][1])):
            await self.block(lines, at + 1, end, who, result)

    # Awaits

    async def await_sleep(self, seconds):
        await asyncio.sleep(float(seconds))
        return f"slept {seconds}"

    async def await_await(self, name):
        return f"{name} gave {describe(await self.awaitable(name))}"

    async def await_wait_for(self, name, seconds):
        limit = None if seconds == "none" else float(seconds)
        return f"{name} gave {describe(await asyncio.wait_for(self.awaitable(name), limit))}"

    async def await_acquire(self, name):
        await self.things[name].acquire()
        return f"acquired {name}"

    # Everything else

    def do_log(self, who, *words):
        return " ".join(words)

    def do_spawn(self, who, name, definition=None):
        self.things[name] = asyncio.create_task(self.body(definition or name, name))

    def do_start(self, who, group, name, definition=None):
        coroutine = self.body(definition or name, name)
        try:
            self.things[name] = self.things[group].create_task(coroutine)
        except RuntimeError:
            coroutine.close()
            return f"{group} refuses {name}"

    def do_group_new(self, who, name):
        self.things[name] = virtual_loop.task_group()

    def do_group_cancel(self, who, name):
        self.things[name].cancel()

    def do_future(self, who, name):
        self.things[name] = asyncio.get_running_loop().create_future()

    def do_set(self, who, name, value):
        return f"set {name}: " + self.set(name, asyncio.Future.set_result, int(value))

    def do_fail(self, who, name, error):
        return f"fail {name}: " + self.set(name, asyncio.Future.set_exception, Error(error, ""))

    def do_cancel(self, who, name, *message):
        done = self.things[name].cancel(" ".join(message) or None)
        return f"cancel {name}: {boolean(done)}"

    def do_uncancel(self, who, name):
        return f"uncancel {name}: {self.things[name].uncancel()}"

    def do_cancelling(self, who, name):
        return f"cancelling {name}: {self.things[name].cancelling()}"

    def do_state(self, who, name):
        thing = self.things[name]
        if not thing.done():
            return f"{name} is pending"
        if thing.cancelled():
            return f"{name} is cancelled"
        error = thing.exception()
        return f"{name} has {describe(thing.result() if error is None else error)}"

    def do_gather(self, who, name, *names):
        self.things[name] = asyncio.gather(*map(self.awaitable, names))

    def do_gather_errors(self, who, name, *names):
        self.things[name] = asyncio.gather(*map(self.awaitable, names), return_exceptions=True)

    def do_shield(self, who, name, inner):
        self.things[name] = asyncio.shield(self.awaitable(inner))

    def do_semaphore(self, who, name, permits):
        self.things[name] = asyncio.Semaphore(int(permits))

    def do_bounded(self, who, name, permits):
        self.things[name] = asyncio.BoundedSemaphore(int(permits))

    def do_release(self, who, name):
        try:
            self.things[name].release()
        except ValueError:
            return f"{name} refuses a release"

    def do_locked(self, who, name):
        return f"{name} locked: {boolean(self.things[name].locked())}, {self.things[name]._value} free"

    def do_soon(self, who, label):
        asyncio.get_running_loop().call_soon(self.callback("", label))

    def do_later(self, who, name, delay):
        self.things[name] = asyncio.get_running_loop().call_later(float(delay), self.callback("", name))

    def do_at(self, who, name, when):
        self.things[name] = asyncio.get_running_loop().call_at(float(when), self.callback("", name))

    def do_drop(self, who, name):
        self.things[name].cancel()

    def do_callback(self, who, name, label):
        self.things[name].add_done_callback(self.callbacks.get((name, label)) or self.callback(name, label))

    def do_uncallback(self, who, name, label):
        return f"removed {self.things[name].remove_done_callback(self.callbacks[name, label])}"

    def do_reschedule(self, who, name, when):
        try:
            self.things[name].reschedule(None if when == "none" else float(when))
            return f"{name} moves"
        except RuntimeError:
            return f"{name} refuses to move"

    def do_deadline(self, who, name):
        thing = self.things[name]
        when = "none" if thing.when() is None else f"{thing.when():g}"
        return f"{name} at {when}, expired: {boolean(thing.expired())}"

    def do_raise(self, who, error, *message):
        raise asyncio.CancelledError if error == "Cancelled" else Error(error, " ".join(message))


def interpret(text):
    """What the programs of a text do here."""
    lines = []
    for scenario in parse(text):
        lines.append(f"scenario {scenario['name']}")
        world = World(scenario["bodies"], lines.append)

        async def main():
            world.things["main"] = asyncio.current_task()
            await world.body("main", "main")

        try:
            virtual_loop.run(main())
        except virtual_loop.Deadlock:
            lines.append("stuck")
        world.write = lambda line: None  # what is left says no more
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        sys.stdout.write(interpret(file.read()))
