"""A queue between those who have work and those who do it: each
worker takes the next job as soon as it is free."""
import asyncio


async def worker(queue, number, delay):
    while True:
        job = await queue.get()
        print(f"worker {number} begins job {job}")
        await asyncio.sleep(job * delay)
        print(f"worker {number} ends job {job}")
        queue.task_done()


async def workers(count, jobs, delay):
    queue = asyncio.Queue()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(worker(queue, number, delay))
                 for number in range(1, count + 1)]
        for job in range(1, jobs + 1):
            await queue.put(job)

        await queue.join()
        print("all jobs are done")
        # The workers wait for more, which will not come. Since
        # Python 3.15: group.cancel()
        for task in tasks:
            task.cancel()


asyncio.run(workers(count=2, jobs=5, delay=0.15))
