"""What makes a child process end with its parent, however the parent ends.

Called before anything heavy is imported, which takes seconds in which a parent may die.
"""

import contextlib
import ctypes
import os
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1  # of <linux/prctl.h>


def end_with_parent() -> None:
    """End this process at once when its parent ends or closes this process's standard input.

    On Linux the kernel kills it, also while it hangs. Everywhere a thread watches the input, whose
    other end closes with the parent, also where that was gone before the kernel was asked.

    Nothing is saved or finished: who holds the other end has no use for it any more.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_exit_at_end_of_input, name="lifeline", daemon=True).start()


def _exit_at_end_of_input() -> None:
    # Unbuffered: a thread inside sys.stdin would hold its lock when the interpreter ends.
    descriptor = sys.stdin.fileno()
    with contextlib.suppress(OSError):
        while os.read(descriptor, 1024):
            pass
    os._exit(0)
