"""asyncio's own event loop on a clock that jumps, and the few places where CPython leaves an order open."""

import asyncio
import collections.abc
import functools
import heapq
import itertools
from asyncio import base_events, events, tasks


class Deadlock(Exception):
    """Nothing is ready, no timer is set: nobody can go on."""


class StableTimerHandle(events.TimerHandle):
    """CPython's heap fires timers of one deadline in any order; here, as in weft, the first set is first."""

    numbers = itertools.count()

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.number = next(self.numbers)

    def __lt__(self, other):
        return (self._when, self.number) < (other._when, other.number)


class Jump:
    """In a selector's place: waiting moves the clock."""

    def __init__(self, loop):
        self.loop = loop

    def select(self, timeout):
        if timeout is None:
            raise Deadlock
        if timeout > 0:
            self.loop.now = self.loop._scheduled[0]._when
        return []


class VirtualLoop(base_events.BaseEventLoop):
    MOST_ITERATIONS = 20000

    def __init__(self):
        super().__init__()
        self.iterations = 0
        self.now = 0.0
        self._selector = Jump(self)
        self.created = {}
        self.eager = False

    def pending(self):
        """The tasks that have not ended, in the order of their creation."""
        self.created = {number: task for number, task in self.created.items() if not task.done()}
        return [task for _, task in sorted(self.created.items())]

    def time(self):
        return self.now

    def _run_once(self):
        self.iterations += 1
        if self.iterations > self.MOST_ITERATIONS:
            raise SystemExit("it does not end")
        super()._run_once()

    def call_at(self, when, callback, *arguments, context=None):
        timer = StableTimerHandle(when, callback, arguments, self, context)
        heapq.heappush(self._scheduled, timer)
        timer._scheduled = True
        return timer

    def _process_events(self, found):
        pass

    def _write_to_self(self):
        pass


class InOrder(dict):
    """A set that is walked in the order of adding: a task group cancels its children as it finds them."""

    def add(self, item):
        self[item] = None

    def discard(self, item):
        self.pop(item, None)

    def remove(self, item):
        del self[item]


def task_group():
    group = asyncio.TaskGroup()
    group._tasks = InOrder()
    return group


class as_completed(tasks._AsCompletedIterator):
    """asyncio.as_completed, with what is given in its order."""

    def __init__(self, given, timeout):
        loop = events.get_running_loop()
        super().__init__([], None)
        self._todo = InOrder.fromkeys(tasks.ensure_future(one) for one in dict.fromkeys(given))
        self._todo_left = len(self._todo)
        for future in self._todo:
            future.add_done_callback(self._handle_completion)
        if self._todo and timeout is not None:
            self._timeout_handle = loop.call_later(timeout, self._handle_timeout)


def finish(loop, left):
    """The steps of asyncio.Runner.close, with the tasks cancelled in the order of their creation."""
    for task in left:
        task.cancel()
    try:
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    except Deadlock:
        return
    loop._asyncgens.clear()  # each belongs to a block that closes it
    for step in (loop.shutdown_asyncgens(), loop.shutdown_default_executor()):
        loop.run_until_complete(tasks.Task(step, loop=loop))  # none of the program's tasks


def destroy(loop):
    """Ends what can never go on, now, rather than by the garbage collector in the middle of the next program."""
    for task in loop.pending():
        task._log_destroy_pending = False
        try:
            task.get_coro().close()
        except BaseException:
            pass


class Stepped(collections.abc.Coroutine):
    """A task's coroutine that tells of each of its steps."""

    def __init__(self, coroutine, tell):
        self.coroutine = coroutine
        self.tell = tell

    def step(self, resume, *arguments):
        self.tell("steps")
        try:
            return resume(*arguments)
        except BaseException:
            self.tell("ends")
            raise

    def send(self, value):
        return self.step(self.coroutine.send, value)

    def throw(self, *error):
        return self.step(self.coroutine.throw, *error)

    def close(self):
        self.coroutine.close()

    def __await__(self):
        return self.coroutine.__await__()


def run(loop, main, tell=None):
    """asyncio.run on the virtual clock.

    `tell`, if any, is called with the number of a task and "steps" or "ends"; they count from 0.
    """
    numbers = itertools.count()

    def factory(loop, coroutine, **named):
        number = next(numbers)
        if tell is not None:
            coroutine = Stepped(coroutine, functools.partial(tell, number))
        named.setdefault("eager_start", loop.eager)  # as asyncio.eager_task_factory
        loop.created[number] = tasks.Task(coroutine, loop=loop, **named)
        return loop.created[number]

    loop.set_task_factory(factory)
    loop.set_exception_handler(lambda loop, context: None)
    outer = events._get_running_loop()  # Pyodide has one
    events._set_running_loop(None)
    try:
        main = loop.create_task(main)
        try:
            loop.run_until_complete(main)
        except (Exception, asyncio.CancelledError):
            if not main.done():
                raise
        finish(loop, loop.pending())
    finally:
        loop.close()
        events._set_running_loop(outer)
