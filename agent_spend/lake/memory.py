"""What the native libraries are told about memory, before they begin: rows pass through, and nothing is kept for later.

Each of them has an allocator of its own that keeps freed memory for the next request, a share for every thread. A feed's
rows pass from Python through Arrow to delta-rs and are allocated and freed once; so shares and reserves only add up.
"""

import ctypes
import os
import sys
from contextlib import suppress
from importlib.abc import MetaPathFinder

#: Number of the GNU C library's option for how many heaps its threads may have.
_M_ARENA_MAX = -8


class _NoPandasYet(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "pandas":
            raise ModuleNotFoundError(name)


def be_frugal() -> None:
    """Tell them; has no effect on what was loaded before."""
    # Otherwise rows are taken from the source faster than they are written, and wait in memory; read by delta-rs.
    os.environ.setdefault("DELTARS_MAX_CONCURRENT_WRITERS", "1")
    os.environ.setdefault("DELTARS_WRITER_BATCH_CHANNEL_SIZE", "1")
    # What is freed is asked for again at once, or not at all.
    os.environ.setdefault("_RJEM_MALLOC_CONF", "narenas:1,dirty_decay_ms:50,muzzy_decay_ms:0")
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    if "MALLOC_ARENA_MAX" not in os.environ:
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def leave_pandas() -> None:
    """Keep pyarrow, which the caller has loaded, from loading pandas before somebody asks for a DataFrame."""
    # At its first conversion of a Python value pyarrow loads pandas, 50 MB, in case a value is one of its series. None
    # here is. Told that there is no pandas it goes on without, and looks again when it is asked for a DataFrame.
    import pyarrow as pa

    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, finder := _NoPandasYet())
        try:
            pa.scalar(None)
        finally:
            sys.meta_path.remove(finder)
