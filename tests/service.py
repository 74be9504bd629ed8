"""A service in processes of its own, for tests and tools: started, waited for, ended."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
