"""What the program that runs has made, by name; and how it says what happens."""

import asyncio

QUIET_TICKS = 8


class Error(Exception):
    def __init__(self, name, message=""):
        super().__init__(message)
        self.name = name


def new_error(name, *message):
    if name == "Group":
        return ExceptionGroup("several", [new_error(child) for child in message])
    return asyncio.CancelledError() if name == "Cancelled" else Error(name, " ".join(message))


NAMES = {
    asyncio.CancelledError: "Cancelled",
    TimeoutError: "TimedOut",
    RuntimeError: "RuntimeError",
    asyncio.InvalidStateError: "InvalidState",
    ValueError: "InvalidArgument",
    LookupError: "LookupError",
    GeneratorExit: "GeneratorExit",
    StopAsyncIteration: "StopIteration",
    asyncio.BrokenBarrierError: "BrokenBarrier",
    asyncio.QueueEmpty: "QueueEmpty",
    asyncio.QueueFull: "QueueFull",
    asyncio.QueueShutDown: "QueueShutDown",
}


ALL = (Exception, asyncio.CancelledError, GeneratorExit)  # what catch_all catches


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
    return "none" if value is None else str(value if isinstance(value, str) else int(value))


def boolean(value):
    return "true" if value else "false"


def seconds(word):
    return None if word == "none" else float(word)


class Things(dict):
    """By name. A scenario that names nothing is wrong, and no error for its programs to catch."""

    def name_of(self, thing):
        """The newest of its names."""
        return next((name for name, value in reversed(self.items()) if value is thing), "?")

    def __setitem__(self, name, thing):
        self.pop(name, None)
        super().__setitem__(name, thing)

    def __missing__(self, name):
        raise SystemExit(f"nothing has this name: {name}")


class Result:
    """What a body gives, as its blocks find it."""

    def __init__(self):
        self.stopped = False  # its lines go no further:
        self.left = False  # the innermost loop is left; or else the body has returned
        self.value = None
        self.caught = None

    def goes_on(self):
        """Whether the loop that ran lines is to go on."""
        if self.left:
            self.stopped = self.left = False
            return False
        return not self.stopped


class World:
    def __init__(self, loop, bodies, write):
        self.loop = loop
        self.bodies = bodies
        self.write = write
        self.things = Things()
        self.callbacks = {}
        self.generators = []
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
