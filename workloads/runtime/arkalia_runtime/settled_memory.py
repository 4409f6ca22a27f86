"""What a process does with its memory once it has started."""

import ctypes
import gc


def settle() -> None:
    """Return what the imports have used and freed to the kernel, and look no more at what they made.

    That is about 5 MiB of an idle service: glibc gives it back only when somebody asks, or when the
    end of its heap happens to be free. What was made so far stays as long as the process, and the
    collector need not walk it again and again: that took 59 ms each time, in which nobody was answered.
    """
    gc.collect()
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # another C library than glibc has none
        trim(0)
