"""The server process: load the base in a child, then serve with one worker of granian.

Notes
-----
*Processes.* The main process imports neither Flask nor the engine. It starts the loading child, whose memory (parser,
validator) ends with it, and then granian, whose worker holds the store and answers. Both are tied to the main process
by the kernel (`kg.web.process`), and granian ends when its worker does. Readers' queries run in processes below the
worker (`kg.store.pool`), which end when it does. Whichever is killed, nothing of the service stays behind.

*Address.* granian listens with SO_REUSEPORT, under which two services can share a port without either noticing. So
the address is first bound without it, which fails if anyone listens there, and kept (bound, not listening) as long as
the service runs; that also keeps a free port that was asked for by 0.
"""

import contextlib
import datetime
import errno
import logging
import logging.config
import multiprocessing
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from kg.config import Settings
from kg.errors import AddressUnusable, KGError, LoadFailed, ServerError, StoreLocked, StoreUnusable
from kg.store import snapshot
from kg.web import presence
from kg.web.process import birth, end_with

if TYPE_CHECKING:
    from flask import Flask

    from kg.store.protocol import Store

logger = logging.getLogger(__name__)

#: Seconds that requests under way get at the end of the service, before the worker is killed.
_FAREWELL_SECONDS: Final = 5
_ANNOUNCE_SECONDS: Final = 30.0
_AFTERLIFE_SECONDS: Final = 2.0
_RETRY_SECONDS: Final = 0.02


def serve(settings: Settings, *, dev: bool = False) -> None:
    """Run the service until it is told to end.

    Parameters
    ----------
    settings
        What the deployer chose.
    dev
        Serve with Flask's own server and start anew when a source file changes; for development only.

    Raises
    ------
    StoreUnusable
        If the data folder can't be made or written.
    StoreLocked
        If a service already runs over the data folder.
    AddressUnusable
        If the service can't listen where it was told to.
    LoadFailed
        If the base can't be loaded.
    ServerError
        If the worker ended on its own.
    """
    logging.config.dictConfig(log_config(settings))
    if dev:
        _serve_dev(settings)
        return
    patience_s = _prepare(settings.data_dir)
    with _hold(settings.host, settings.port, patience_s) as (host, port):
        settings = replace(settings, host=host, port=port)
        load_apart(settings, patience_s)
        _serve_granian(settings)


def _prepare(data_dir: Path) -> float:
    """Make the data folder usable; return for how many seconds to bear with what an earlier service still holds.

    A service that was killed leaves its `serve.json`, and for a moment a worker that the kernel is still taking down,
    with the port and the store in its hands.
    """
    running = presence.running(data_dir)
    if running is not None:
        raise StoreLocked(str(data_dir), f"the service at {running.address} (process {running.pid})")
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data_dir):
            pass
    except OSError as error:
        raise StoreUnusable(str(data_dir), f"it can't be written ({error.strerror})") from None
    return _AFTERLIFE_SECONDS if (data_dir / presence.FILE).exists() else 0.0


@contextlib.contextmanager
def _hold(host: str, port: int, patience_s: float) -> Iterator[tuple[str, int]]:
    """Bind the address, and keep it from everyone but the worker; yield it with numbers in place of names."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise AddressUnusable(host, port, f"there is no such address ({error.strerror})") from None
    with socket.socket(family, kind, protocol) as holder:
        # Without it, the connections that a service left behind would hold the port for a minute.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        deadline = time.monotonic() + patience_s
        while True:
            try:
                holder.bind(address)
                break
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
                    raise AddressUnusable(host, port, (error.strerror or "it can't be bound").lower()) from None
            time.sleep(_RETRY_SECONDS)
        # From now on the worker, which sets the same option, may listen on the same port.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        name = holder.getsockname()
        yield name[0], name[1]


def load_apart(settings: Settings, patience_s: float = 0.0) -> None:
    """Load the base in a process of its own, whose progress shows on standard error.

    Parameters
    ----------
    settings
        What the deployer chose.
    patience_s
        For how many seconds to wait for the store where another process holds it.

    Raises
    ------
    LoadFailed
        With what the loader said, or how its process ended.
    """
    context = multiprocessing.get_context("fork")
    reader, writer = context.Pipe(duplex=False)
    child = context.Process(target=_load, args=(settings, os.getpid(), writer, patience_s), name="kg-load")
    child.start()
    writer.close()
    try:
        child.join()
    except KeyboardInterrupt:
        child.kill()
        child.join()
        raise
    if child.exitcode == 0:
        return
    said = ""
    with contextlib.suppress(EOFError):
        if reader.poll():
            said = reader.recv()
    how = f"signal {-child.exitcode}" if child.exitcode and child.exitcode < 0 else f"code {child.exitcode}"
    raise LoadFailed(said or f"its process ended with {how}.")


def _load(settings: Settings, parent: int, report: Any, patience_s: float) -> None:
    end_with(parent)
    from kg.services import ingest

    try:
        store = _open_store(settings, patience_s)
        loaded = ingest.load(store, settings.data_dir, base=settings.base, progress=_tell_progress)
        store.close()
    except KGError as error:
        report.send(str(error))
        sys.exit(1)
    for warning in loaded.validation.warnings:
        _tell(f"warning: {warning}")
    if settings.base == "graph":
        change = (
            f"{loaded.added:,} added, {loaded.removed:,} removed" if loaded.added or loaded.removed else "no change"
        )
        _tell(f"Base {loaded.base_version}: {loaded.triples:,} triples ({change}), {loaded.seconds:.1f} s")


def _open_store(settings: Settings, patience_s: float) -> "Store":
    from kg.store.opening import open_store

    deadline = time.monotonic() + patience_s
    while True:
        try:
            return open_store(settings)
        except StoreLocked:
            if time.monotonic() >= deadline:
                raise
        time.sleep(_RETRY_SECONDS)


def _tell_progress(stage: str, done: int, total: int) -> None:
    if done == 0 and total:
        _tell(f"{stage} ...")


def _tell(message: str) -> None:
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


def _serve_granian(settings: Settings) -> None:
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels

    server = Granian(
        "kg.web.app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=1,
        blocking_threads=settings.threads,
        workers_kill_timeout=_FAREWELL_SECONDS,
        log_level=LogLevels.debug if settings.log_level == "debug" else LogLevels.error,
        log_dictconfig=log_config(settings),
    )
    try:
        server.serve(target_loader=partial(_worker_app, settings, os.getpid()), wrap_loader=False)
    except SystemExit as ended:
        if ended.code:
            raise ServerError("The worker process ended on its own; the log above has what is known.") from None
    finally:
        # The worker and its own workers are gone, or about to be: nobody needs the copies that they read.
        snapshot.remove(settings.data_dir / snapshot.FOLDER)
        presence.withdraw(settings.data_dir, os.getpid())


def _worker_app(settings: Settings, parent: int) -> "Flask":
    """Build the app; runs in the worker."""
    end_with(parent)
    from kg.store.opening import open_store
    from kg.web.app import create_app

    try:
        app = create_app(settings, open_store(settings))
    except KGError as error:
        logger.error("%s", error)  # noqa: TRY400 - the message says it all
        sys.exit(1)
    ready = app.extensions["kg"].queries.ready
    threading.Thread(target=_announce, args=(settings, parent, ready), name="announce", daemon=True).start()
    return app


def _announce(settings: Settings, main: int, ready: Callable[[float], bool]) -> None:
    """Wait until the worker accepts connections and can answer queries, then write `serve.json` and say so."""
    address = presence.address_of(settings.host, settings.port)
    parts = urlsplit(address)
    deadline = time.monotonic() + _ANNOUNCE_SECONDS
    while True:
        try:
            socket.create_connection((parts.hostname, parts.port), timeout=1).close()
            break
        except OSError:
            if time.monotonic() > deadline:
                logger.warning("the service doesn't answer at its own address, %s", address)
                return
            time.sleep(0.01)
    if not ready(_ANNOUNCE_SECONDS):
        logger.warning("the processes that evaluate queries don't start; the log above has what is known")
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    presence.announce(
        settings.data_dir,
        presence.Presence(address, pid=main, started=started, birth=birth(main) or "", version=version("zone-kg")),
    )
    _tell(f"Serving on {settings.public_url or address}")


def log_config(settings: Settings) -> dict[str, Any]:
    """Return the configuration of logging: one line an event, to standard error."""
    level = settings.log_level.upper()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s", "datefmt": "%Y-%m-%dT%H:%M:%S%z"}
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
        "loggers": {
            "kg": {"handlers": ["stderr"], "level": level, "propagate": False},
            "_granian": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
            "granian.access": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        },
    }


def _serve_dev(settings: Settings) -> None:
    from werkzeug.exceptions import ServiceUnavailable
    from werkzeug.serving import is_running_from_reloader, run_simple

    # The outer process only watches and starts anew; it never answers, and leaves the store alone.
    app: Callable[..., Any] = ServiceUnavailable()
    if is_running_from_reloader():
        end_with(os.getppid())
        from kg.store.opening import open_store
        from kg.web.app import create_app

        load_apart(settings)
        app = create_app(settings, open_store(settings))
    else:
        _prepare(settings.data_dir)
    run_simple(settings.host, settings.port, app, use_reloader=True, threaded=True)
