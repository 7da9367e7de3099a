"""Instructions of queues."""

import asyncio

from world import boolean, describe_error

ERRORS = (asyncio.QueueEmpty, asyncio.QueueFull, asyncio.QueueShutDown)


class Queues:
    def do_queue(self, who, name, most):
        self.things[name] = asyncio.Queue(int(most))

    def do_lifo(self, who, name, most):
        self.things[name] = asyncio.LifoQueue(int(most))

    def do_priority(self, who, name, most):
        self.things[name] = asyncio.PriorityQueue(int(most))

    def do_put_nowait(self, who, name, item):
        try:
            self.things[name].put_nowait(int(item))
            return f"put {name}: done"
        except ERRORS as error:
            return f"put {name}: {describe_error(error)}"

    def do_get_nowait(self, who, name):
        try:
            return f"got {self.things[name].get_nowait()}"
        except ERRORS as error:
            return f"got {describe_error(error)}"

    def do_task_done(self, who, name):
        try:
            self.things[name].task_done()
        except ValueError:
            return f"{name} refuses a task_done"

    def do_shutdown(self, who, name):
        self.things[name].shutdown()

    def do_shutdown_now(self, who, name):
        self.things[name].shutdown(immediate=True)

    def do_size(self, who, name):
        queue = self.things[name]
        empty, full = boolean(queue.empty()), boolean(queue.full())
        return f"{name}: {queue.qsize()} of {queue.maxsize}, empty: {empty}, full: {full}"

    async def await_put(self, name, item):
        await self.things[name].put(int(item))
        return f"put {item} into {name}"

    async def await_get(self, name):
        return f"got {await self.things[name].get()} from {name}"

    async def await_join(self, name):
        await self.things[name].join()
        return f"joined {name}"
