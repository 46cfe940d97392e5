"""Memory that was freed goes back to the operating system.

Loading a network of 200 MB leaves 250 MB free inside glibc's heap, which keeps it for itself
unless it is asked; other systems' allocators give it back on their own.
"""

import ctypes
import sys


def give_back_freed_memory() -> None:
    """Have glibc return what is free; nothing happens where there is no glibc."""
    if not sys.platform.startswith("linux"):
        return
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):  # another C library, as musl
        return
    trim(0)
