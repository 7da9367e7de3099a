"""Writes weft's event log (docs/events.md)."""

import enum
import struct

RECORD = struct.Struct("<dIIIIBBHI")
CHUNK = 65536
MOST_BYTES = 10_000  # of a string


class Kind(enum.IntEnum):
    STRING_DEF = 1
    SITE_DEF = 2
    CREATED = 3
    FRAME_PUSH = 4
    FRAME_POP = 5
    RESUME = 6
    SUSPEND = 7
    WAIT = 8
    WAKE = 9
    CANCEL_REQUEST = 10
    CANCEL_DELIVERED = 11
    DONE = 12
    ERROR = 13
    OBJECT_NEW = 14
    TIMER_ARM = 17
    TIMER_DROP = 18
    CLOCK_JUMP = 19
    EXTERNAL_BEGIN = 20
    EXTERNAL_END = 21
    OUTPUT = 23
    STEP_TOO_LONG = 25
    NEVER_AWAITED = 26
    NEVER_RETRIEVED = 27
    AWAITED_BY = 28


class Outcome(enum.IntEnum):
    VALUE = 0
    ERROR = 1
    CANCELLED = 2
    YIELDED = 3  # of a generator's frame


class Wait(enum.IntEnum):
    SLEEP = 1
    TASK = 2
    FUTURE = 3
    GATHER = 4
    SHIELD = 5
    GROUP = 6
    SEMAPHORE = 7
    LOCK = 8
    EVENT = 9
    CONDITION = 10
    BARRIER = 11
    QUEUE = 12
    THREAD = 13
    ONE_TICK = 15


class Object(enum.IntEnum):
    FUTURE = 1
    GATHER = 2
    SHIELD = 3
    GROUP = 4
    TIMEOUT = 5
    SEMAPHORE = 6
    LOCK = 7
    EVENT = 8
    CONDITION = 9
    BARRIER = 10
    QUEUE = 11
    TIMER = 12


class Timer(enum.IntEnum):
    SLEEP = 0
    LIMIT = 1
    CALL = 2


def float_bits(number):
    """What a payload holds that is a 32-bit float."""
    return struct.unpack("<I", struct.pack("<f", number))[0]


def words(number):
    """A 64-bit float as its low and its high word."""
    return struct.unpack("<II", struct.pack("<d", number))


class EventLog:
    """Gives records to `sink(bytes, base)` in chunks; `base` is the number of the chunk's first record."""

    def __init__(self, sink, clock):
        self.sink = sink
        self.clock = clock
        self.base = 0
        self.bytes = bytearray()
        self.ids = 0
        self.strings = {}
        self.sites = {}

    def new_id(self):
        self.ids += 1
        return self.ids

    def add(self, kind, task=0, other=0, site=0, object=0, subkind=0, count=0, payload=0):
        if len(self.bytes) + RECORD.size > CHUNK:
            self.flush()
        self.bytes += RECORD.pack(self.clock(), task, other, site, object, kind, subkind, count, payload)

    def string(self, text):
        """The id of a string, which is defined before its first use. Nothing has none."""
        if not text:
            return 0
        known = self.strings.get(text)
        if known is None:
            known = self.strings[text] = len(self.strings) + 1
            self.define(known, text.encode("utf-8", "replace")[:MOST_BYTES])
        return known

    def define(self, number, encoded):
        room = -(-len(encoded) // RECORD.size) * RECORD.size
        if len(self.bytes) + RECORD.size + room > CHUNK:
            self.flush()  # a string and its text are never apart
        self.add(Kind.STRING_DEF, object=number, payload=len(encoded))
        self.bytes += encoded.ljust(room, b"\0")

    def site(self, function, file, line):
        place = function, file, line
        known = self.sites.get(place)
        if known is None:
            function, file = self.string(function), self.string(file)
            known = self.sites[place] = len(self.sites) + 1
            self.add(Kind.SITE_DEF, task=file, other=function, object=known, payload=line)
        return known

    def flush(self):
        if self.bytes:
            self.sink(bytes(self.bytes), self.base)
            self.base += len(self.bytes) // RECORD.size
            self.bytes.clear()
