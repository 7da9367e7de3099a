"""A pipeline of programs, as a shell's: sort, then uniq, and their
lines read one by one. What flows between the two is copied by
nobody here."""
import asyncio
import os
from asyncio.subprocess import PIPE

WORDS = b"weft\nwarp\nloom\nweft\nthread\nwarp\nweft\n"


async def pipeline():
    of_count, of_sort = os.pipe()
    sort = await asyncio.create_subprocess_exec("sort", stdin=PIPE, stdout=of_sort)
    os.close(of_sort)
    count = await asyncio.create_subprocess_exec("uniq", "-c", stdin=of_count, stdout=PIPE)
    os.close(of_count)
    sort.stdin.write(WORDS)
    sort.stdin.close()
    async for line in count.stdout:
        print(line.decode().rstrip("\n"))
    print(f"uniq ended with {await count.wait()}")
    print(f"sort ended with {await sort.wait()}")


asyncio.run(pipeline())
