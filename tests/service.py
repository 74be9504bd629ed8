"""A service in processes of its own, for tests and tools: started, waited for, ended."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

KG: Final = (sys.executable, "-m", "kg.cli")


def environment(**settings: str) -> dict[str, str]:
    """Return this process's environment with these settings of the service, and none that it has itself."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KG_")} | settings


def stop(process: "subprocess.Popen[bytes]", patience_s: float = 20) -> None:
    """End a server that was started here: ask it, then kill it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


@contextmanager
def running(
    folder: Path,
    environment: Mapping[str, str],
    *,
    kg: Sequence[str | Path] = KG,
    cwd: Path | None = None,
    patience_s: float = 60,
) -> Iterator[Mapping[str, Any]]:
    """Yield what a service announces once it is ready on a free port of the loopback, and end it.

    Parameters
    ----------
    folder
        The data folder that the environment leads the service to; `serve.json` appears there.
    kg
        The command to start.
    patience_s
        Seconds to wait for the announcement; where it doesn't come, RuntimeError tells what the service wrote.
    """
    log, announced = Path(f"{folder}.log"), folder / "serve.json"
    with log.open("wb") as out:
        process = subprocess.Popen([*kg, "serve", "--port", "0"], cwd=cwd, env=environment, stdout=out, stderr=out)
    try:
        until = time.monotonic() + patience_s
        while not announced.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the service didn't start:\n{log.read_text(encoding='utf-8', errors='replace')}")
            time.sleep(0.05)
        presence = json.loads(announced.read_text(encoding="utf-8"))
        if presence["pid"] != process.pid:
            raise RuntimeError(f"{announced} is another process's: {presence}")
        yield presence
    finally:
        stop(process)


def family(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    children: list[str] = []
    # Every thread has children of its own; any of them may end while we look.
    with suppress(FileNotFoundError, ProcessLookupError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):
                children += (thread / "children").read_text(encoding="ascii").split()
    return [pid, *(member for child in children for member in family(int(child)))]


def memory_mb(pid: int) -> tuple[float, float]:
    """Return the resident and the proportional memory of a process and its descendants."""
    rss = pss = 0
    for member in family(pid):
        try:
            told = Path(f"/proc/{member}/smaps_rollup").read_text(encoding="ascii")
        except (FileNotFoundError, ProcessLookupError):
            continue
        rss += int(re.search(r"^Rss:\s+(\d+)", told, re.MULTILINE)[1])  # type: ignore[index]
        pss += int(re.search(r"^Pss:\s+(\d+)", told, re.MULTILINE)[1])  # type: ignore[index]
    return rss / 1024, pss / 1024


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the processor time, of user and system, that some processes have taken until now."""
    ticks = 0
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
            # Its own, and that of children that have ended.
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Return when a server listens."""
    until = time.monotonic() + seconds
    with socket.socket() as probe:
        while probe.connect_ex(("127.0.0.1", port)) != 0:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("a server didn't start")
            time.sleep(0.1)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])
