"""Processes that end with the one that started them, however it ends."""

import ctypes
import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1
_CHECK_SECONDS = 0.5


def end_with(parent: int) -> None:
    """Tie the calling process to its parent: when the parent ends, even by kill -9, this process is killed.

    Parameters
    ----------
    parent
        Process id of the parent, read before the fork: a parent that died in between has already been replaced in
        ``getppid()``, and the kernel would never send its signal.

    Notes
    -----
    On Linux the kernel sends SIGKILL, within milliseconds and whatever the process is doing; the store is built to
    survive it. It counts the *thread* that forked as the parent, so children must be started from a thread that lives
    as long as the process. Elsewhere a thread looks twice a second.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    else:
        threading.Thread(target=_watch, args=(parent,), name="parent-watch", daemon=True).start()
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_CHECK_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def birth(pid: int) -> str | None:
    """Return what tells a process from a later one of the same id, or None if there is no such process.

    On Linux that is the boot and the clock tick at which the process started; elsewhere it is empty, and the id alone
    has to do.
    """
    if sys.platform == "linux":
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:  # noqa: PTH123 - no path object
                # The name in parentheses may hold anything; the fields after it don't.
                state, *fields = stat.read().rpartition(")")[2].split()
            with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as boot:  # noqa: PTH123
                boot_id = boot.read().strip()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if state in {"Z", "X"} else f"{boot_id}/{fields[18]}"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return ""
