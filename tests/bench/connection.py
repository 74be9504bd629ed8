"""A client of a SPARQL service that costs as little as Python allows, so that what is timed is the service."""

import json
import re
import socket
import urllib.parse

JSON = "application/sparql-results+json"


class Connection:
    """A kept connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, query: str) -> bytes:
        """Return the body of the answer."""
        self._socket.sendall(request(self._port, query))
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._receive()
        head, body = data[:end].lower(), data[end + 4 :]
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(data.decode("utf-8", "replace")[:500])
        length = re.search(rb"content-length: (\d+)", head)
        if length is None:
            raise RuntimeError("an answer without its length")
        while len(body) < int(length[1]):
            body += self._receive()
        return body

    def _receive(self) -> bytes:
        block = self._socket.recv(262_144)
        if not block:
            raise RuntimeError("the connection was closed")
        return block

    def close(self) -> None:
        """End the connection."""
        self._socket.close()


def request(port: int, query: str) -> bytes:
    """Return a GET request with a query."""
    path = f"/sparql?{urllib.parse.urlencode({'query': query})}"
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: {JSON}\r\n\r\n".encode("ascii")


def solutions(body: bytes) -> list[str]:
    """Return a result's solutions in an order and a spelling of their own, to be compared."""

    def spelt(term: dict[str, str]) -> str:
        datatype = term.get("datatype", "").rpartition("#")[2]
        return f"{term['value']}@{term.get('xml:lang', '')}^{datatype if datatype != 'string' else ''}"

    bindings = json.loads(body)["results"]["bindings"]
    return sorted(json.dumps({name: spelt(term) for name, term in b.items()}, sort_keys=True) for b in bindings)
