"""What a command asks of a running service as its administrator: a backup, and the loader's difference."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.cli.remote import ServiceError, ServiceReader, told
from kg.errors import StoreLocked
from kg.web.presence import Presence

if TYPE_CHECKING:
    from pyoxigraph import Quad

_TIMEOUT_S = 600


def ask(running: Presence, token: str | None, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
    """Send a request to a service and return its JSON.

    Raises
    ------
    StoreLocked
        Without a token: the service holds the folder, and only its administrator may ask it to write.
    ServiceError
        If it refuses, or doesn't answer.
    """
    holder = f"the service at {running.address} (process {running.pid})"
    if token is None:
        raise StoreLocked("of this command", f"{holder}, which writes for who has its KG_ADMIN_TOKEN")
    request = urllib.request.Request(  # noqa: S310 - from serve.json
        f"{running.address}{path}",
        data=body if body is not None else b"",
        method=method,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json", "User-Agent": "kg"},
    )
    # It runs on this machine: a proxy for the rest of the world has no part in it.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_TIMEOUT_S) as response:
            answer: dict[str, Any] = json.loads(response.read())
            return answer
    except urllib.error.HTTPError as error:
        with error:
            raise ServiceError(told(error), error.code) from None
    except (OSError, ValueError) as error:
        raise ServiceError(f"{holder} doesn't answer: {getattr(error, 'reason', error)}") from None


class ServiceStore(ServiceReader):
    """The default graph of a running service, as the loader wants it: read whole, and changed by a difference."""

    def __init__(self, running: Presence, token: str | None) -> None:
        super().__init__(running.address, f"The service of process {running.pid}", token)
        self._running = running
        self._token = token
        self._identity = str(ask(running, token, "GET", "/admin/store")["identity"])

    @property
    def identity(self) -> str:
        """What names the service's database."""
        return self._identity

    def replace_default(self, quads_removed: "Iterable[Quad]", quads_added: "Iterable[Quad]") -> None:
        """Send the loader's difference, which is applied whole or not at all."""
        difference = {
            name: "".join(f"{quad.triple} .\n" for quad in quads)
            for name, quads in (("removed", quads_removed), ("added", quads_added))
        }
        ask(self._running, self._token, "POST", "/admin/base", json.dumps(difference).encode("utf-8"))

    def flush(self) -> None:
        """Do nothing: the service answers when what it wrote outlives it."""

    def update(self, operation: str, base: str | None = None) -> int | None:
        """Refuse: the loader sends no update."""
        raise NotImplementedError

    def load_graph(self, graph: str | None, data: bytes, media_type: str, *, replace: bool) -> None:
        """Refuse: the loader writes the default graph alone."""
        raise NotImplementedError

    def drop_graph(self, graph: str | None) -> bool:
        """Refuse: the loader writes the default graph alone."""
        raise NotImplementedError

    def backup(self, folder: Path) -> None:
        """Refuse: a service makes its own backups."""
        raise NotImplementedError
