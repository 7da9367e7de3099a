"""Runs an asyncio program in CPython on a clock that jumps, and records what its tasks do in weft's event log.

Steps are seen where the loop is asked for them, coroutines by sys.monitoring, and what a task waits for by
the coroutines of asyncio that it stands in. The program itself is run as it is.
"""

import asyncio
import builtins
import contextlib
import functools
import gc
import io
import linecache
import re
import sys
import time
import traceback
import types
import warnings
from asyncio import base_events, events, futures, tasks, threads, timeouts

import virtual_loop
from event_log import EventLog, Kind, Object, Outcome, Timer, Wait, float_bits, words

# What a task waits for, by whose method it stands in: the wait, the object, and its initial number.
PRIMITIVES = {
    asyncio.Semaphore: (Wait.SEMAPHORE, Object.SEMAPHORE, lambda semaphore: semaphore._value),
    asyncio.Lock: (Wait.LOCK, Object.LOCK, lambda lock: 0),
    asyncio.Event: (Wait.EVENT, Object.EVENT, lambda event: 0),
    asyncio.Condition: (Wait.CONDITION, Object.CONDITION, lambda condition: 0),
    asyncio.Barrier: (Wait.BARRIER, Object.BARRIER, lambda barrier: barrier.parties),
    asyncio.Queue: (Wait.QUEUE, Object.QUEUE, lambda queue: queue.maxsize),
    virtual_loop.TaskGroup: (Wait.GROUP, Object.GROUP, lambda group: 0),
}
# These are made of others, which say nothing to the reader.
WHOLE = (asyncio.Barrier, asyncio.Queue)
QUEUE_WAYS = {"get": 1, "put": 2, "join": 3, "wait": 3}  # the event that join waits for

COROUTINE, ASYNC_GENERATOR = 0x80, 0x200  # co_flags
LIBRARY_TASKS = (base_events.BaseEventLoop.shutdown_asyncgens, base_events.BaseEventLoop.shutdown_default_executor)
NO_ERRORS = (StopIteration, StopAsyncIteration, GeneratorExit, asyncio.CancelledError)
TOOL = 3  # of sys.monitoring's numbers, one that no profiler or debugger uses
MOST_CHARACTERS = 200  # of a value
TOLD = "told in weft's log"  # no attribute that a program could have


def awaited_by(waiting):
    """A suspended coroutine and all that it awaits, outermost first."""
    while waiting is not None:
        yield waiting
        if isinstance(waiting, types.CoroutineType):
            waiting = waiting.cr_await
        elif isinstance(waiting, types.AsyncGeneratorType):
            waiting = waiting.ag_await
        else:  # the awaitable of a generator's next value, or a coroutine's iterator: they hold the one they run
            inner = (types.CoroutineType, types.AsyncGeneratorType)
            waiting = next((held for held in gc.get_referents(waiting) if isinstance(held, inner)), None)


def frame_of(waiting):
    return getattr(waiting, "cr_frame", None) or getattr(waiting, "ag_frame", None)


def in_words(thing, convert):
    """What the program's own conversion says, which may fail."""
    try:
        return convert(thing)
    except Exception:
        return f"<{type(thing).__name__}>"


def text_of(value):
    text = "" if value is None else value if isinstance(value, str) else in_words(value, repr)
    return text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + "…"


def error_text(error):
    message = in_words(error, str)
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


class Told:
    """What the log knows of a task."""

    def __init__(self, number, coroutine):
        self.number = number
        self.coroutine = coroutine
        self.frames = []  # of the program's coroutines that it awaits: (frame, id)
        self.frame = 0
        self.site = 0
        self.waits_for = None  # the object, while it waits
        self.sleep = None  # seconds, once it has asked for a timer
        self.cancelled = False  # asked to, and not told yet
        self.message = None


class RecordedTask(tasks.Task):
    def __init__(self, coroutine, *, loop, name=None, eager_start=False, **named):
        recorder = loop.recorder
        self.told = recorder.create(coroutine, name, eager_start)
        start = functools.partial(super().__init__, coroutine, loop=loop, name=name, **named)
        if eager_start:
            recorder.step(self, functools.partial(start, eager_start=True))
        else:
            start()

    def cancel(self, msg=None):
        if not self.done():
            self.get_loop().recorder.cancel(self, msg)
        return super().cancel(msg)


class Step:
    """A step of a task, as the loop calls it."""

    def __init__(self, recorder, task, callback):
        self.recorder = recorder
        self.__self__ = task  # for asyncio's own reports
        self.callback = callback

    def __call__(self, *arguments):
        self.recorder.step(self.__self__, self.callback, *arguments)


class RecordedGroup(virtual_loop.TaskGroup):
    def create_task(self, coroutine, **named):
        task = super().create_task(coroutine, **named)
        if isinstance(self._parent_task, RecordedTask):
            recorder = asyncio.get_running_loop().recorder
            recorder.tell_children([task], self._parent_task.told, recorder.object(self))
        return task


class RecordedTimer(virtual_loop.StableTimerHandle):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.armed = None  # the task and the object of its record

    def _run(self):
        self.drop(fired=True)
        super()._run()

    def cancel(self):
        self.drop(fired=False)
        super().cancel()

    def drop(self, fired):
        armed, self.armed = self.armed, None
        if armed is not None:
            self._loop.recorder.drop_timer(*armed, fired)


class RecordedLoop(virtual_loop.VirtualLoop):
    timer_class = RecordedTimer

    def __init__(self, recorder):
        self.recorder = recorder
        super().__init__()
        self.set_task_factory(self.make_task)

    @property
    def now(self):
        return self.recorder.now

    @now.setter
    def now(self, now):
        if now > self.recorder.now:
            self.recorder.jump(now)

    @staticmethod
    def make_task(loop, coroutine, **named):
        if getattr(coroutine, "cr_code", None) in [method.__code__ for method in LIBRARY_TASKS]:
            return tasks.Task(coroutine, loop=loop, **named)
        return RecordedTask(coroutine, loop=loop, **named)

    def call_soon(self, callback, *arguments, context=None):
        task = getattr(callback, "__self__", None)
        if isinstance(task, RecordedTask) and not isinstance(callback, types.MethodType):
            self.recorder.wake(task, *arguments)
            callback = Step(self.recorder, task, callback)
        return super().call_soon(callback, *arguments, context=context)

    def call_at(self, when, callback, *arguments, context=None):
        timer = super().call_at(when, callback, *arguments, context=context)
        timer.armed = self.recorder.arm_timer(when - self.time(), callback)
        return timer

    def run_in_executor(self, executor, function, *arguments):
        """There are no threads: the function runs now, and its result comes when a thread would have it."""
        future = self.create_future()
        seconds, give = self.recorder.call_in_thread(functools.partial(function, *arguments))
        virtual_loop.VirtualLoop.call_at(self, self.time() + seconds, lambda: future.done() or give(future))
        return future

    def default_exception_handler(self, context):
        future = context.get("task") or context.get("future")
        if isinstance(future, RecordedTask) and "never retrieved" in context["message"]:
            self.recorder.add(Kind.NEVER_RETRIEVED, future.told, payload=self.recorder.text(error_text(context["exception"])))
        super().default_exception_handler(context)


class Stream(io.TextIOBase):
    """What the program prints, line by line."""

    def __init__(self, write):
        self.tell_line = write
        self.line = ""

    def writable(self):
        return True

    def write(self, text):
        *lines, self.line = (self.line + text).split("\n")
        for line in lines:
            self.tell_line(line + "\n")
        return len(text)

    def finish(self):
        if self.line:
            self.tell_line(self.line)
            self.line = ""


class Recorder:
    """One run of one program. `sink(chunk, base)` gets the log, `say(text, stream, seconds)` what is printed."""

    def __init__(self, file, source, sink, say):
        self.file = file
        self.source = source
        self.say = say
        self.now = 0.0
        self.thread = None  # the seconds that a thread has slept, while it runs
        self.current = None
        self.objects = {}  # by identity: the number, and the object, so that no other takes its place
        self.children = {}  # of a group or gather: what is told of each, until it is done
        self.log = EventLog(sink, lambda: self.now)

    # Short forms

    def add(self, kind, told=None, **fields):
        self.log.add(kind, task=told.number if told else 0, **fields)

    def text(self, text):
        return self.log.string(text)

    def by(self):
        return self.current.number if self.current else 0

    def is_program(self, code):
        return code.co_filename == self.file

    def site_of(self, frame, line=None):
        code = frame.f_code
        file = self.file if self.is_program(code) else "asyncio/" + code.co_filename.rpartition("/")[2]
        return self.log.site(code.co_name, file, line or frame.f_lineno)

    def first_site(self, coroutine):
        frame = frame_of(coroutine)
        return self.site_of(frame, frame.f_code.co_firstlineno) if frame else 0

    # The clock

    def jump(self, now):
        self.now = now
        self.add(Kind.CLOCK_JUMP)

    def sleep(self, seconds):
        """time.sleep: it blocks the loop, or the thread that it is called in."""
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        if self.thread is None:
            self.now += seconds
        else:
            self.thread += seconds

    def time(self):
        return self.now + (self.thread or 0)

    # Tasks

    def create(self, coroutine, name, eager):
        told = Told(self.log.new_id(), coroutine)
        told.frame = self.log.new_id()
        told.site = self.first_site(coroutine)
        self.add(Kind.CREATED, told, other=self.by(), object=told.frame, site=told.site, subkind=int(eager), payload=self.text(name))
        return told

    def cancel(self, task, message):
        told = task.told
        told.cancelled = True
        told.message = None if message is None else str(message)
        payload = self.text(told.message)
        self.add(Kind.CANCEL_REQUEST, told, other=self.by(), count=task.cancelling() + 1, payload=payload)

    def wake(self, task, *ended):
        told = task.told
        if told.waits_for is not None:
            cancelled = told.cancelled and bool(ended) and self.outcome_of(*ended) == Outcome.CANCELLED
            self.add(Kind.WAKE, told, other=self.by(), object=0 if cancelled else told.waits_for, subkind=int(cancelled))
            told.waits_for = None

    def step(self, task, callback, *arguments):
        told = task.told
        outer, self.current = self.current, told
        told.waits_for = None
        outcome = self.outcome_of(arguments[0]) if arguments else Outcome.VALUE
        if told.cancelled and (outcome == Outcome.CANCELLED or task._must_cancel):
            told.cancelled = False
            self.add(Kind.CANCEL_DELIVERED, told, payload=self.text(told.message))
        self.add(Kind.RESUME, told, object=told.frame, site=told.site, subkind=outcome)
        began = self.now
        try:
            callback(*arguments)
        finally:
            self.current = outer
            loop = task.get_loop()
            if loop.get_debug() and self.now - began >= loop.slow_callback_duration:
                self.add(Kind.STEP_TOO_LONG, told, payload=float_bits(self.now - began))
            if task.done():
                self.end(task)
            else:
                self.begin_wait(task)
            self.add(Kind.SUSPEND, told, object=told.frame, site=told.site)

    @staticmethod
    def outcome_of(future):
        """Looked at from the side: to ask a future for its error retrieves it."""
        error = future._exception
        if future.cancelled() or isinstance(error, asyncio.CancelledError):
            return Outcome.CANCELLED
        return Outcome.VALUE if error is None else Outcome.ERROR

    def end(self, task):
        told = task.told
        outcome = self.outcome_of(task)
        if outcome == Outcome.VALUE:
            text = text_of(task._result)
        elif outcome == Outcome.ERROR:
            text = error_text(task._exception)
        else:
            text = error_text(asyncio.CancelledError(told.message or ""))
        told.coroutine = None
        told.frames.clear()
        self.add(Kind.DONE, told, subkind=outcome, payload=self.text(text))
        for parent, number in self.children.pop(told.number, {}).items():
            self.add(Kind.AWAITED_BY, told, other=parent, object=number, subkind=1)

    # What a task waits for

    def begin_wait(self, task):
        told, future = task.told, task._fut_waiter
        chain = [frame for frame in map(frame_of, awaited_by(told.coroutine)) if frame]
        own = [index for index, frame in enumerate(chain) if self.is_program(frame.f_code)]
        told.site = self.site_of(chain[own[-1]]) if own else told.site
        library = chain[own[-1] + 1 if own else 0 :]
        kind, number, other = self.wait_in(library, future, told)
        way = QUEUE_WAYS.get(library[-1].f_code.co_name, 0) if kind == Wait.QUEUE else 0
        self.add(Kind.WAIT, told, other=other, object=number, subkind=kind, count=way, site=told.site)
        if kind == Wait.SLEEP and told.sleep is not None:
            self.tell_timer(told, 0, Timer.SLEEP, told.sleep)
        told.waits_for = number or other

    def wait_in(self, library, future, told):
        """The kind of a wait, the object, and the awaited task or future."""
        found = None
        for frame in library:
            if frame.f_code is tasks.sleep.__code__:
                return (Wait.ONE_TICK if future is None else Wait.SLEEP), 0, 0
            if frame.f_code is threads.to_thread.__code__:
                return Wait.THREAD, 0, 0
            owner = frame.f_locals.get("self")
            if isinstance(owner, tuple(PRIMITIVES)):
                found = owner
                if isinstance(owner, WHOLE):
                    break
        if found is not None:
            kind = next(kind for base, (kind, *_) in PRIMITIVES.items() if isinstance(found, base))
            return kind, self.object(found), 0
        if future is None:
            return Wait.ONE_TICK, 0, 0
        if isinstance(future, RecordedTask):
            return Wait.TASK, 0, future.told.number
        number = self.object(future)
        if isinstance(future, tasks._GatheringFuture):
            self.tell_children(future._children, told, number)
            return Wait.GATHER, 0, number
        return Wait.FUTURE, 0, number

    def tell_children(self, children, told, number):
        for child in children:
            if isinstance(child, RecordedTask) and not child.done():
                parents = self.children.setdefault(child.told.number, {})
                if told.number not in parents:
                    parents[told.number] = number
                    self.add(Kind.AWAITED_BY, child.told, other=told.number, object=number)

    def object(self, thing):
        """The number of an object, which is told of when it is first needed."""
        known = self.objects.get(id(thing))
        if known is not None:
            return known[0]
        initial = 0
        if isinstance(thing, tasks._GatheringFuture):
            type, initial = Object.GATHER, len(thing._children)
        elif isinstance(thing, timeouts.Timeout):
            type = Object.TIMEOUT
        elif isinstance(thing, tuple(PRIMITIVES)):
            type, initial_of = next((type, initial) for base, (_, type, initial) in PRIMITIVES.items() if isinstance(thing, base))
            initial = initial_of(thing)
        elif futures.isfuture(thing):
            type = Object.FUTURE
        else:
            type = Object.TIMER
        number = self.log.new_id()
        self.objects[id(thing)] = number, thing
        self.add(Kind.OBJECT_NEW, self.current, object=number, subkind=type, payload=initial)
        return number

    def made(self, thing):
        """The program has made a primitive. Those that asyncio makes for itself are told of when they matter."""
        if not sys._getframe(2).f_globals.get("__name__", "").startswith("asyncio."):
            self.object(thing)

    # Timers

    def arm_timer(self, seconds, callback):
        """Returns the task and the object that its drop is told with."""
        if callback is futures._set_result_unless_cancelled and self.current:
            self.current.sleep = seconds
            return self.current, 0
        owner = getattr(callback, "__self__", None)
        told = self.current if isinstance(owner, timeouts.Timeout) else None
        number = self.object(owner if told else callback)
        self.tell_timer(told, number, Timer.LIMIT if told else Timer.CALL, seconds)
        return told, number

    def tell_timer(self, told, number, kind, seconds):
        low, high = words(self.now + seconds)
        self.add(Kind.TIMER_ARM, told, other=low, site=high, object=number, subkind=kind, payload=float_bits(seconds))

    def drop_timer(self, told, number, fired):
        self.add(Kind.TIMER_DROP, None if fired and number else told, object=number, subkind=int(not fired))

    # Threads

    def call_in_thread(self, call):
        """Runs it now: how many seconds it slept, and what gives its result to a future."""
        number = self.log.new_id()
        self.add(Kind.EXTERNAL_BEGIN, self.current, object=number, subkind=1)
        told, outer, self.thread = self.current, self.thread, 0.0
        try:
            result = call()
            give = lambda future: future.set_result(result)
        except Exception as caught:
            error = caught
            give = lambda future: future.set_exception(error)
        seconds, self.thread = self.thread, outer

        def end(future):
            self.add(Kind.EXTERNAL_END, told, object=number, subkind=1)
            give(future)

        return seconds, end

    # Coroutines and errors of the program, by sys.monitoring

    def starts(self, code, offset):
        self.enters(code)

    def resumes(self, code, offset, *error):
        self.enters(code)

    def enters(self, code):
        """A coroutine begins; a generator is resumed, too, which is no news while what it awaits goes on."""
        told = self.current
        frame = sys._getframe(2)
        if told is None or frame is getattr(told.coroutine, "cr_frame", None) or any(frame is known for known, _ in told.frames):
            return
        caller = frame.f_back
        while caller and not self.is_program(caller.f_code):
            caller = caller.f_back
        number = self.log.new_id()
        told.frames.append((frame, number))
        site = self.site_of(frame, code.co_firstlineno)
        payload = self.site_of(caller) if caller else 0
        self.add(Kind.FRAME_PUSH, told, object=number, site=site, count=len(told.frames), payload=payload)

    def leaves(self, code, outcome):
        told = self.current
        if told and told.frames and told.frames[-1][0] is sys._getframe(2):
            frame, number = told.frames.pop()
            site = self.site_of(frame, code.co_firstlineno)
            self.add(Kind.FRAME_POP, told, object=number, site=site, subkind=outcome, count=len(told.frames) + 1)

    def returns(self, code, offset, value):
        self.leaves(code, Outcome.VALUE)

    def yields(self, code, offset, value):
        """A generator's own values are wrapped; others only pass through it to the loop."""
        if type(value).__name__ == "async_generator_wrapped_value":
            self.leaves(code, Outcome.YIELDED)

    def unwinds(self, code, offset, error):
        self.leaves(code, Outcome.CANCELLED if isinstance(error, asyncio.CancelledError) else Outcome.ERROR)

    def raises(self, code, offset, error):
        """An error is told of once, where it is first seen in the program."""
        if isinstance(error, NO_ERRORS) or TOLD in error.__dict__:
            return
        error.__dict__[TOLD] = True
        told = self.current
        frame = told.frames[-1][1] if told and told.frames else 0
        self.add(Kind.ERROR, told, site=self.site_of(sys._getframe(1)), object=frame, payload=self.text(error_text(error)))

    def watch(self, code):
        monitoring = sys.monitoring
        events = monitoring.events
        every = {events.RAISE: self.raises}
        coroutine = {events.PY_START: self.starts, events.PY_RETURN: self.returns, events.PY_UNWIND: self.unwinds}
        generator = {events.PY_RESUME: self.resumes, events.PY_THROW: self.resumes, events.PY_YIELD: self.yields}
        monitoring.use_tool_id(TOOL, "weft")
        for event, callback in {**every, **coroutine, **generator}.items():
            monitoring.register_callback(TOOL, event, callback)
        nested = [code]
        while nested:
            code = nested.pop()
            watched = set(every)
            if code.co_flags & (COROUTINE | ASYNC_GENERATOR):
                watched |= set(coroutine)
            if code.co_flags & ASYNC_GENERATOR:
                watched |= set(generator)
            monitoring.set_local_events(TOOL, code, functools.reduce(int.__or__, watched))
            nested += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]

    # Output

    def print(self, stream, text):
        self.add(Kind.OUTPUT, self.current, subkind=1 if stream == "stdout" else 2, payload=self.text(text))
        self.say(text, stream, self.now)

    def warn(self, message, category, filename, line, file=None, source_line=None):
        never_awaited = re.fullmatch(r"coroutine '(.*)' was never awaited", str(message))
        if never_awaited:
            self.add(Kind.NEVER_AWAITED, payload=self.text(never_awaited[1]))
        sys.stderr.write(warnings.formatwarning(message, category, filename, line, source_line))

    # The run

    def run(self):
        """Runs the program. Its traceback, if it failed, is printed and returned."""
        streams = {name: Stream(functools.partial(self.print, name)) for name in ("stdout", "stderr")}
        lines = self.source.splitlines(keepends=True)
        linecache.cache[self.file] = len(self.source), None, lines, self.file
        outer = events._get_running_loop()  # Pyodide has one
        events._set_running_loop(None)
        try:
            with changed(self.changes(streams)), warnings.catch_warnings():
                warnings.simplefilter("default")
                warnings.showwarning = self.warn
                failure = self.execute()
                gc.collect()  # what was never awaited is told of when it goes
                streams["stdout"].finish()
                streams["stderr"].write(failure or "")
        finally:
            events._set_running_loop(outer)
            sys.monitoring.clear_tool_id(TOOL)
            sys.monitoring.free_tool_id(TOOL)
        for stream in streams.values():
            stream.finish()
        self.log.flush()
        return failure

    def execute(self):
        try:
            code = compile(self.source, self.file, "exec")
            self.watch(code)
            exec(code, {"__name__": "__main__", "__file__": self.file, "__builtins__": builtins})
        except SystemExit as error:
            return None if error.code in (None, 0) else f"SystemExit: {error.code}\n"
        except BaseException as error:
            report = traceback.TracebackException.from_exception(error)
            leave_out(report, {__file__, virtual_loop.__file__})
            return "".join(report.format())
        return None

    def changes(self, streams):
        """What the program finds changed in Python: output, loop and clock, and orders that CPython leaves open."""
        plain_runner = asyncio.Runner

        def runner(*, debug=None, loop_factory=None):
            return plain_runner(debug=debug, loop_factory=lambda: RecordedLoop(self))

        def run(main, *, debug=None, loop_factory=None):
            with runner(debug=debug) as running:
                return running.run(main)

        yield from ((sys, name, stream) for name, stream in streams.items())
        yield asyncio, "Runner", runner
        yield asyncio, "run", run
        yield asyncio, "new_event_loop", lambda: RecordedLoop(self)
        yield asyncio, "TaskGroup", RecordedGroup
        yield asyncio, "as_completed", virtual_loop.as_completed
        yield time, "sleep", self.sleep
        yield from ((time, clock, self.time) for clock in ("monotonic", "perf_counter", "time"))
        yield from ((base, "__init__", self.telling(base.__init__)) for base in PRIMITIVES)

    def telling(self, init):
        @functools.wraps(init)
        def made(thing, *arguments, **named):
            init(thing, *arguments, **named)
            self.made(thing)

        return made


@contextlib.contextmanager
def changed(changes):
    """Other values for attributes, as long as the block lasts."""
    with contextlib.ExitStack() as before:
        for owner, name, value in list(changes):
            before.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, value)
        yield


def leave_out(report, files):
    """Takes the frames of these files out of a traceback and those that it tells of besides."""
    report.stack[:] = [frame for frame in report.stack if frame.filename not in files]
    for inner in (report.__cause__, report.__context__, *(report.exceptions or ())):
        if inner is not None:
            leave_out(inner, files)
