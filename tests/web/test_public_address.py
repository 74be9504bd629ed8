"""The service behind a proxy of another name: what it says of its own address is the public one, never the inner."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer

import pytest
from werkzeug.serving import make_server

ZONE = "id/zone/z-1"


@contextmanager
def serving(server: BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Proxy(BaseHTTPRequestHandler):
    """Hands GET requests on to the port within, which it asks under a name that no reader knows."""

    inner = 0

    def do_GET(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.inner, timeout=10)
        kept = {name: value for name, value in self.headers.items() if name.lower() == "accept"}
        connection.request("GET", self.path, headers=kept | {"Host": "inner.example:1"})
        answer = connection.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"connection", "content-length", "transfer-encoding", "server", "date"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        connection.close()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def ports(make_app) -> Iterator[tuple[int, int]]:
    """Yield the port of the proxy and the one within."""
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Proxy,), {}))
    outer = proxy.server_port
    inner = make_server("127.0.0.1", 0, make_app(public_url=f"http://127.0.0.1:{outer}"), threaded=True)
    proxy.RequestHandlerClass.inner = inner.server_port  # type: ignore[attr-defined]
    with serving(inner), serving(proxy):
        yield outer, inner.server_port


def get(port: int, path: str, accept: str) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Accept": accept})
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
    connection.close()
    return found


@pytest.mark.parametrize("accept", ["text/turtle", "text/html"])
def test_redirects_lead_to_the_public_address(ports, accept):
    outer, _ = ports
    status, headers, _ = get(outer, f"/{ZONE}", accept)
    assert status == 303
    assert headers["location"].startswith(f"http://127.0.0.1:{outer}/")
    assert get(outer, headers["location"].partition(str(outer))[2], accept)[0] == 200


@pytest.mark.parametrize("path", ["/sparql", "/.well-known/void"])
def test_descriptions_name_the_public_address(ports, path):
    outer, inner = ports
    status, _, body = get(outer, path, "text/turtle")
    assert status == 200
    assert f"http://127.0.0.1:{outer}/sparql" in body
    assert str(inner) not in body
    assert "inner.example" not in body


def test_nothing_tells_the_inner_address(ports):
    outer, inner = ports
    for path in (
        "/",
        "/zones",
        "/console",
        "/nowhere",
        f"/data/{ZONE}.ttl",
        f"/{ZONE}",
        "/sparql?query=ASK{}",
        "/name/none",
    ):
        for accept in ("text/html", "*/*"):
            _, headers, body = get(outer, path, accept)
            told = body + repr(headers)
            assert f":{inner}" not in told, path
            assert "inner.example" not in told, path
