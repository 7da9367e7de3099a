"""Runs a program on the virtual loop and tells of each step of each of its tasks."""

import asyncio
import collections.abc
import functools
import itertools
from asyncio import events, tasks

from virtual_loop import Deadlock, VirtualLoop


class SteppingLoop(VirtualLoop):
    MOST_ITERATIONS = 20000

    def __init__(self):
        super().__init__()
        self.iterations = 0
        self.created = {}
        self.eager = False

    def pending(self):
        """The tasks that have not ended, in the order of their creation."""
        self.created = {number: task for number, task in self.created.items() if not task.done()}
        return [task for _, task in sorted(self.created.items())]

    def _run_once(self):
        self.iterations += 1
        if self.iterations > self.MOST_ITERATIONS:
            raise SystemExit("it does not end")
        super()._run_once()


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
