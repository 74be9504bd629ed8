"""A Virtuoso of one's own, for tests: started on free ports of the loopback, waited for, ended."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kg.store.remote import Endpoints
from kg.store.wire import Credentials
from service import stop

COMMAND = shutil.which("virtuoso-t")
MISSING = "virtuoso-t isn't here; `make test` installs it where apt-get can (virtuoso-opensource-7)"
INI = """
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
ErrorLogLevel = 7
FileExtend = 200
MaxCheckpointRemap = 2000
Striping = 0
TempStorage = TempDatabase
[TempDatabase]
DatabaseFile = {folder}/temp.db
TransactionFile = {folder}/temp.trx
MaxCheckpointRemap = 2000
Striping = 0
[Parameters]
ServerPort = 127.0.0.1:{sql}
DisableUnixSocket = 1
ServerThreads = 20
NumberOfBuffers = 10000
MaxDirtyBuffers = 6000
CheckpointInterval = 0
DirsAllowed = .
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = {folder}
ServerThreads = 20
[SPARQL]
ResultSetMaxRows = 10000
MaxQueryCostEstimationTime = 4000
MaxQueryExecutionTime = 60
"""
#: Its administrator's, as delivered; it listens on the loopback alone.
CREDENTIALS = Credentials("digest", "dba", "dba")


@dataclass(frozen=True)
class Virtuoso:
    """One that runs."""

    address: str

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints(
            f"{self.address}/sparql-auth", f"{self.address}/sparql-auth", f"{self.address}/sparql-graph-crud-auth"
        )

    @property
    def settings(self) -> dict[str, str]:
        """What a service is told of it."""
        at = self.endpoints
        return {
            "KG_STORE": at.query,
            "KG_STORE_UPDATE": at.update,
            "KG_STORE_GRAPHS": at.graphs or "",
            "KG_STORE_USER": CREDENTIALS.user,
            "KG_STORE_PASSWORD": CREDENTIALS.secret,
            "KG_STORE_AUTH": CREDENTIALS.kind,
        }


def free_ports(number: int) -> list[int]:
    """Return ports of the loopback that nobody listens on."""
    held = [socket.socket() for _ in range(number)]
    try:
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()


@contextmanager
def running(folder: Path, patience_s: float = 120) -> Iterator[Virtuoso]:
    """Yield a Virtuoso whose data lie in a folder, and end it."""
    assert COMMAND is not None
    sql, http = free_ports(2)
    ini = folder / "virtuoso.ini"
    ini.write_text(INI.format(folder=folder, sql=sql, http=http), encoding="ascii")
    with (folder / "out.log").open("wb") as out:
        process = subprocess.Popen([COMMAND, "-f", "-c", ini], cwd=folder, stdout=out, stderr=out)
    try:
        until = time.monotonic() + patience_s
        while True:
            if process.poll() is not None or time.monotonic() > until:
                told = (folder / "out.log").read_text(encoding="utf-8", errors="replace")
                raise RuntimeError(f"Virtuoso didn't start:\n{told[-2000:]}")
            try:
                socket.create_connection(("127.0.0.1", http), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield Virtuoso(f"http://127.0.0.1:{http}")
    finally:
        stop(process)
