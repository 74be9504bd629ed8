"""Bodies that arrive slowly, in part, or without their length."""

import io
import socket
import sys
import time
from http import HTTPStatus

import pytest

from kg.store.embedded import EmbeddedStore
from kg.web import bodies as bodies_module
from kg.web.bodies import Bodies, cut_silent
from kg.web.problem import RequestRefused

ADMIN = "admin-token-0123456789"
INSIDE = b"INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> 1 } }"


def body_of(bodies: Bodies, data: bytes, length: str):
    environ = {"wsgi.input": io.BytesIO(data), "CONTENT_LENGTH": length, "REMOTE_ADDR": "127.0.0.1"}
    return bodies.body_of(environ)


def test_a_whole_body_leaves_its_place():
    bodies = Bodies(1)
    for _ in range(3):
        body = body_of(bodies, b"x" * 200_000, "200000")
        assert body.readall() == b"x" * 200_000
        assert not bodies.reading


def test_a_body_that_is_none_takes_no_place():
    assert body_of(Bodies(1), b"", "0") is None
    assert body_of(Bodies(1), b"", "") is None


def test_a_body_that_ends_early_is_refused():
    bodies = Bodies(1)
    body = body_of(bodies, b"INSERT DATA {}", "100")
    with pytest.raises(RequestRefused, match="before its announced length"):
        body.readall()
    assert body_of(bodies, b"abc", "3").readall() == b"abc"


def test_more_bodies_than_places_are_told_to_wait(monkeypatch):
    monkeypatch.setattr(bodies_module, "PATIENCE_S", 0.05)
    bodies = Bodies(1)
    first = body_of(bodies, b"abcdef", "6")
    assert first.read(3) == b"abc"
    with pytest.raises(RequestRefused) as refused:
        body_of(bodies, b"abc", "3").readall()
    assert refused.value.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert refused.value.headers["Retry-After"]
    first.release()
    assert body_of(bodies, b"abc", "3").readall() == b"abc"


@pytest.fixture
def web(make_app):
    with EmbeddedStore.open(None) as store:
        yield make_app(store, admin_token=ADMIN, base="graph").test_client()


@pytest.mark.parametrize(
    ("method", "path", "media_type"),
    [
        ("POST", "/update", "application/sparql-update"),
        ("PUT", "/graphs?graph=urn:g", "text/turtle"),
        ("POST", "/graphs?graph=urn:g", "text/turtle"),
        ("POST", "/admin/base", "application/json"),
    ],
)
def test_a_write_tells_its_length(web, method, path, media_type):
    response = web.open(
        path,
        method=method,
        data=INSIDE,
        content_type=media_type,
        headers={"Authorization": f"Bearer {ADMIN}", "Transfer-Encoding": "chunked"},
    )
    assert response.status_code == HTTPStatus.LENGTH_REQUIRED
    assert response.json["advice"] == "Send it with Content-Length."


def test_the_beginning_of_an_update_is_not_applied(web):
    headers = {"Authorization": f"Bearer {ADMIN}", "Content-Type": "application/sparql-update"}
    longer = {"CONTENT_LENGTH": str(len(INSIDE) + 20)}
    response = web.post("/update", data=INSIDE, headers=headers, environ_overrides=longer)
    assert response.status_code == HTTPStatus.BAD_REQUEST
    asked = web.get("/sparql", query_string={"query": "ASK { GRAPH <urn:g> { ?s ?p ?o } }"}).json
    assert asked["boolean"] is False
    assert web.post("/update", data=INSIDE, headers=headers).status_code == HTTPStatus.NO_CONTENT


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_who_brings_nothing_is_cut_and_who_brings_something_is_not():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        clients = [socket.create_connection(address) for _ in range(2)]
        accepted = [server.accept()[0] for _ in clients]
    silent, busy = clients
    now = time.monotonic()
    addresses = {"127.0.0.1"}
    try:
        assert cut_silent({"10.0.0.1"}, {}, now) == {}
        seen = cut_silent(addresses, {}, now)
        assert len(seen) >= 2
        busy.sendall(b"x" * bodies_module.LEAST_BYTES)
        until = time.monotonic() + 20
        while len(accepted[1].recv(1_000_000, socket.MSG_PEEK)) < bodies_module.LEAST_BYTES:
            assert time.monotonic() < until
        # Only these two: other tests of this process have connections of their own.
        ours = {client.getsockname() for client in clients}
        mine = {key: value for key, value in seen.items() if key[1] in ours}
        later = cut_silent(addresses, mine, now + bodies_module.WINDOW_S + 1)
        silent.settimeout(20)
        assert silent.recv(1) == b""
        assert any(peer == busy.getsockname() for _, peer in later)
        assert not any(peer == silent.getsockname() for _, peer in later)
        accepted[1].sendall(b"still there")
        assert busy.recv(100) == b"still there"
    finally:
        for connection in clients + accepted:
            connection.close()
