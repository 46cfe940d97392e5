"""One process at a time on one file, by the operating system's own lock.

Such a lock ends with its process, however that ends: a kill leaves nothing behind.
"""

import errno
import sys
from typing import BinaryIO

# What says "somebody else has it"; any other error means that this drive knows no locks.
_TAKEN = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK})
_FAR = 1 << 30  # bytes; Windows' locks keep others from reading what they cover


def lock_alone(file: BinaryIO, *, without_locks: bool = True) -> bool:
    """Lock the open `file` until it is closed; False when another handle has it locked.

    On a drive that knows no locks (some network drives) nothing can be told, and the answer
    is `without_locks`.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(_FAR)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return without_locks and error.errno not in _TAKEN
    return True
