"""CPython's asyncio, with its standard event loop. Counts are small: it is a thousand times slower."""

import asyncio
import json
import os
import platform
import sys
import time

SWITCHES = 100_000
CALLS = 1_000_000
SPAWNS = 30_000
HANDOVERS = 50_000
CONTENDERS = 10
QUEUED = 50_000
QUEUE_PLACES = 64
TURNS = 20_000
GATHERED = 10_000
SLEEPERS = 100_000
CANCELLED_SLEEPERS = 10_000
FIRST_LEAD = 3.0


def random_numbers(count):
    """The numbers of measure.h: all different, between 0 and 1."""
    state = 2463534242
    for _ in range(count):
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        yield state / 2**32


def cpu():
    return time.process_time_ns()


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


async def yielder(times):
    for _ in range(times):
        await asyncio.sleep(0)


async def switch_among(tasks):
    before = cpu()
    await asyncio.gather(*[yielder(SWITCHES // tasks) for _ in range(tasks)])
    return (cpu() - before) / SWITCHES


async def answer(value):
    return value


async def call():
    before = cpu()
    for i in range(CALLS):
        await answer(i)
    return (cpu() - before) / CALLS


async def spawn_join():
    before = cpu()
    for i in range(SPAWNS):
        await asyncio.create_task(answer(i))
    return (cpu() - before) / SPAWNS


async def gather():
    before = cpu()
    await asyncio.gather(*[answer(i) for i in range(GATHERED)])
    return (cpu() - before) / GATHERED


async def contender(lock, times):
    for _ in range(times):
        await lock.acquire()
        lock.release()


async def hand_over(lock):
    """Of a lock or semaphore that is taken when this begins."""
    times = HANDOVERS // CONTENDERS
    tasks = [asyncio.create_task(contender(lock, times)) for _ in range(CONTENDERS)]
    await asyncio.sleep(0)
    before = cpu()
    lock.release()
    await asyncio.gather(*tasks)
    return (cpu() - before) / HANDOVERS


async def semaphore_row():
    return await hand_over(asyncio.Semaphore(0))


async def lock_row():
    lock = asyncio.Lock()
    await lock.acquire()
    return await hand_over(lock)


async def producer(queue):
    for i in range(QUEUED):
        await queue.put(i)


async def consumer(queue):
    for _ in range(QUEUED):
        await queue.get()


async def queue_row():
    queue = asyncio.Queue(QUEUE_PLACES)
    before = cpu()
    await asyncio.gather(producer(queue), consumer(queue))
    return (cpu() - before) / QUEUED


async def condition_row():
    condition = asyncio.Condition()
    turn = 0

    async def player(own):
        nonlocal turn
        for _ in range(TURNS // 2):
            async with condition:
                while turn != own:
                    await condition.wait()
                turn = 1 - own
                condition.notify()

    before = cpu()
    await asyncio.gather(player(0), player(1))
    return (cpu() - before) / TURNS


async def group_row():
    before = cpu()
    async with asyncio.TaskGroup() as group:
        for i in range(GATHERED):
            group.create_task(answer(i))
    return (cpu() - before) / GATHERED


async def as_completed_row():
    before = cpu()
    for result in asyncio.as_completed([answer(i) for i in range(GATHERED)]):
        await result
    return (cpu() - before) / GATHERED


class Sleepers:
    """Sleeping tasks and a future that is set when the last has ended."""

    def __init__(self, delays):
        self.left = len(delays)
        self.ended = asyncio.get_running_loop().create_future()
        self.tasks = [asyncio.create_task(self.sleeper(delay)) for delay in delays]

    async def sleeper(self, delay):
        try:
            await asyncio.sleep(delay)
        except asyncio.CancelledError:
            pass
        self.left -= 1
        if self.left == 0:
            self.ended.set_result(None)


async def sleep_rows(wanted, lead=FIRST_LEAD, fresh=True):
    delays = [lead + number for number in random_numbers(SLEEPERS)]
    memory, clock, start = resident(), time.monotonic(), cpu()
    sleepers = Sleepers(delays)
    await asyncio.sleep(0)
    armed = cpu()
    early = time.monotonic() - clock < lead
    grown = resident() - memory
    firing = cpu()
    await sleepers.ended
    fired = cpu()
    if not early:
        await sleep_rows(wanted, lead * 2, False)
        return
    report(wanted, "sleep-create", "ns", (armed - start) / SLEEPERS)
    report(wanted, "sleep-fire", "ns", (fired - firing) / SLEEPERS)
    if fresh:
        report(wanted, "sleep-bytes", "bytes", grown / SLEEPERS)


async def cancel_sleepers():
    sleepers = Sleepers([100 + number for number in random_numbers(CANCELLED_SLEEPERS)])
    await asyncio.sleep(0)
    before = cpu()
    for task in sleepers.tasks:
        task.cancel()
    await sleepers.ended
    return (cpu() - before) / CANCELLED_SLEEPERS


async def sleep_together(times, tasks, seconds):
    for _ in range(times):
        async with asyncio.TaskGroup() as group:
            for _ in range(tasks):
                group.create_task(asyncio.sleep(seconds))


ROWS = {
    "switch-2": lambda: switch_among(2),
    "switch-1000": lambda: switch_among(1000),
    "call": call,
    "spawn-join": spawn_join,
    "sleep-cancel": cancel_sleepers,
    "semaphore": semaphore_row,
    "lock": lock_row,
    "queue": queue_row,
    "condition": condition_row,
    "group-10000": group_row,
    "as-completed-10000": as_completed_row,
    "gather-10000": gather,
}
SLEEP_ROWS = {"sleep-create", "sleep-fire", "sleep-bytes"}


def report(wanted, bench, unit, value):
    if bench in wanted:
        line = {"bench": bench, "subject": "asyncio", "unit": unit, "value": round(value, 3)}
        print(json.dumps(line), flush=True)


def main(arguments):
    wanted, repeat = SLEEP_ROWS | ROWS.keys(), 3
    while arguments:
        option = arguments.pop(0)
        if option == "--version":
            print(f"{platform.python_implementation()} {platform.python_version()}")
            return
        if option == "--rows" and arguments:
            wanted = set(arguments.pop(0).split(","))
        elif option == "--repeat" and arguments:
            repeat = int(arguments.pop(0))
        else:
            sys.exit("usage: [--rows a,b] [--repeat N] [--version]")
    for i in range(repeat):
        if SLEEP_ROWS & wanted:
            asyncio.run(sleep_rows(wanted, fresh=i == 0))
        for bench, row in ROWS.items():
            if bench in wanted:
                report(wanted, bench, "ns", asyncio.run(row()))


if __name__ == "__main__":
    main(sys.argv[1:])
