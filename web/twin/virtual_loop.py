"""asyncio's own event loop on a clock that jumps, and the few places where CPython leaves an order open.

The page's Python twins run on it, and the differential tests.
"""

import asyncio
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
            raise Deadlock("nothing is ready and no timer is set: nobody can go on")
        if timeout > 0:
            self.loop.now = self.loop._scheduled[0]._when
        return []


class VirtualLoop(base_events.BaseEventLoop):
    timer_class = StableTimerHandle

    def __init__(self):
        super().__init__()
        self.now = 0.0
        self._selector = Jump(self)

    def time(self):
        return self.now

    def call_at(self, when, callback, *arguments, context=None):
        timer = self.timer_class(when, callback, arguments, self, context)
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


class TaskGroup(asyncio.TaskGroup):
    def __init__(self):
        super().__init__()
        self._tasks = InOrder()


class as_completed(tasks._AsCompletedIterator):
    """asyncio.as_completed, with what is given in its order."""

    def __init__(self, given, *, timeout=None):
        loop = events.get_running_loop()
        super().__init__([], None)
        self._todo = InOrder.fromkeys(tasks.ensure_future(one) for one in dict.fromkeys(given))
        self._todo_left = len(self._todo)
        for future in self._todo:
            future.add_done_callback(self._handle_completion)
        if self._todo and timeout is not None:
            self._timeout_handle = loop.call_later(timeout, self._handle_timeout)
