"""What the program that runs has made, by name; and how it says what happens."""

import asyncio

QUIET_TICKS = 8


class Error(Exception):
    def __init__(self, name, message=""):
        super().__init__(message)
        self.name = name


def new_error(name, *message):
    return asyncio.CancelledError() if name == "Cancelled" else Error(name, " ".join(message))


NAMES = {
    asyncio.CancelledError: "Cancelled",
    TimeoutError: "TimedOut",
    RuntimeError: "RuntimeError",
    asyncio.InvalidStateError: "InvalidState",
    ValueError: "InvalidArgument",
    asyncio.BrokenBarrierError: "BrokenBarrier",
    asyncio.QueueEmpty: "QueueEmpty",
    asyncio.QueueFull: "QueueFull",
    asyncio.QueueShutDown: "QueueShutDown",
}


def describe_error(error):
    if isinstance(error, BaseExceptionGroup):
        return "ErrorGroup[" + ", ".join(describe_error(child) for child in error.exceptions) + "]"
    if isinstance(error, Error):
        name, message = error.name, str(error)
    else:
        name = NAMES[type(error)]
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


def seconds(word):
    return None if word == "none" else float(word)


class Things(dict):
    """By name. A scenario that names nothing is wrong, and no error for its programs to catch."""

    def __missing__(self, name):
        raise SystemExit(f"nothing has this name: {name}")


class World:
    def __init__(self, loop, bodies, write):
        self.loop = loop
        self.bodies = bodies
        self.write = write
        self.things = Things()
        self.callbacks = {}
        self.tick = self.quiet = 0
        self.counting = False

    # What happens is printed with the time and the tick. Ticks are counted for a while after each line.

    def say(self, who, text):
        self.write(f"{self.loop.time():g} {self.tick} {who}: {text}")
        self.quiet = 0
        if not self.counting:
            self.counting = True
            self.loop.call_soon(self.count)

    def count(self):
        self.tick += 1
        self.quiet += 1
        self.counting = self.quiet < QUIET_TICKS
        if self.counting:
            self.loop.call_soon(self.count)

    def say_step(self, number, what):
        self.write(f"{self.loop.time():g} {self.tick} task {number} {what}")

    def name_of(self, thing):
        return next(name for name, value in reversed(self.things.items()) if value is thing)
