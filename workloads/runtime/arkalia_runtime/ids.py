"""Ids that sort by the time at which they were made."""

import os
import time
from uuid import UUID


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562): milliseconds since 1970, then chance."""
    milliseconds, chance = time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10))
    value = (milliseconds & 0xFFFFFFFFFFFF) << 80 | chance
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
