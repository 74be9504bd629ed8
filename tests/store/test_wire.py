"""A service that behaves badly: caps, breaks, slowness, redirects, bodies without end; and what is sent to it."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest
from pyoxigraph import Literal, NamedNode, Quad

from kg.errors import (
    DefaultGraphKept,
    KGError,
    QueryBusy,
    QueryCancelled,
    QueryFailed,
    QueryRefused,
    QuerySyntaxError,
    QueryTimedOut,
    ResultIncomplete,
    StoreError,
)
from kg.store import remote as remote_module
from kg.store import wire as wire_module
from kg.store.evaluations import Evaluations
from kg.store.protocol import Conditions
from kg.store.remote import Endpoints, RemoteStore
from kg.store.wire import Credentials

JSON = "application/sparql-results+json"
RUNNING = Conditions(20, 1_000_000, 1 << 30)


class Answering(BaseHTTPRequestHandler):
    """Gives each request to the test's own function."""

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        server: Any = self.server
        server.seen.append((self.command, self.path, dict(self.headers), body))
        fields = dict(parse_qsl(body.decode("utf-8", "replace"))) if self.command == "POST" else {}
        if fields.get("query") == "ASK {}":
            self.send(json.dumps({"head": {}, "boolean": True}).encode())
            return
        server.behave(self, fields)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the server looks for these

    def send(self, body: bytes, status: int = 200, media_type: str = JSON, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        server: Any = self.server
        return str(server.called)

    def log_message(self, *_: object) -> None:
        pass


class Service(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, behave: Callable[[Answering, dict[str, str]], None], called: str):
        super().__init__(("127.0.0.1", 0), Answering)
        self.behave = behave
        self.called = called
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []

    def handle_error(self, *_: object) -> None:
        """Clients that go away are part of these tests."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/sparql"

    def asked(self) -> int:
        """How many requests came, beside the one that asks who it is."""
        return sum(b"ASK+%7B%7D" not in body for *_, body in self.seen)


@contextmanager
def serving(behave: Callable[[Answering, dict[str, str]], None], called: str = "Peer/1") -> Iterator[Service]:
    service = Service(behave, called)
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield service
    finally:
        service.shutdown()
        service.server_close()
        thread.join()


def opened(service: Service, **options: Any) -> "closing[RemoteStore]":
    at = service.address
    return closing(RemoteStore(Endpoints(at, at), **options))


def table(rows: list[dict[str, Any]], names: tuple[str, ...] = ("s",)) -> bytes:
    return json.dumps({"head": {"vars": names}, "results": {"bindings": rows}}).encode()


def numbers(first: int, last: int) -> list[dict[str, Any]]:
    return [{"s": {"type": "uri", "value": f"urn:n:{n}"}} for n in range(first, last)]


# Caps


def virtuoso_of(total: int, cap: int) -> Callable[[Answering, dict[str, str]], None]:
    """Return a service that has so many rows, sends no more than its cap, and says so."""

    def behave(handler: Answering, fields: dict[str, str]) -> None:
        words = fields["query"].split()
        limit = int(words[words.index("LIMIT") + 1]) if "LIMIT" in words else total
        offset = int(words[words.index("OFFSET") + 1]) if "OFFSET" in words else 0
        wanted = min(limit, total - offset)
        rows = numbers(offset, offset + min(wanted, cap))
        handler.send(table(rows), **({"X_SPARQL_MaxRows": str(cap)} if wanted >= cap else {}))

    return behave


@pytest.mark.parametrize("total", [99, 100, 101, 345])
def test_a_select_of_the_house_is_whole_beyond_the_cap(total: int):
    with serving(virtuoso_of(total, 100), "Virtuoso/07.20") as service, opened(service) as store:
        rows = store.select("SELECT ?s { ?s a ?t } ORDER BY ?t")
        assert [row["s"] for row in rows] == [NamedNode(f"urn:n:{n}") for n in range(total)]
        paged = [dict(parse_qsl(body.decode()))["query"] for *_, body in service.seen if b"OFFSET" in body]
        assert all("ORDER BY ?t ?s" in text for text in paged)
        assert bool(paged) == (total >= 100)


@pytest.mark.parametrize("text", ["SELECT ?s { ?s a ?t } LIMIT 5000", "SELECT ?s { ?s a ?t } VALUES ?t { <urn:x> }"])
def test_a_select_of_the_house_that_has_no_pages_is_an_error(text: str):
    with (
        serving(virtuoso_of(345, 100), "Virtuoso/07.20") as service,
        opened(service) as store,
        pytest.raises(ResultIncomplete, match="100 rows"),
    ):
        store.select(text)


def test_a_readers_result_at_the_cap_is_incomplete_and_not_paged():
    with serving(virtuoso_of(345, 100), "Virtuoso/07.20") as service, opened(service) as store:
        evaluations = Evaluations(store, RUNNING, size=1, memory_mb=64, at_once=4)
        result = evaluations.query("SELECT ?s { ?s a ?t }", "text/csv")
        seen: list[bytes] = []
        with pytest.raises(ResultIncomplete, match="100 rows") as caught:
            seen += list(result.chunks)
        assert caught.value.closing == b""
        known = evaluations.state(result.id)
        assert known is not None
        assert known.complete is False
        assert "100 rows" in str(known.reason)
        assert service.asked() == 1


def test_a_readers_own_limit_within_the_cap_is_whole():
    with serving(virtuoso_of(345, 100), "Virtuoso/07.20") as service, opened(service) as store:
        got = b"".join(store.query("SELECT ?s { ?s a ?t } LIMIT 100", "text/csv").chunks)
        assert got.count(b"\n") == 101


@pytest.mark.parametrize(("called", "options"), [("Virtuoso/07.20", {}), ("Quiet/1", {"max_rows": 10_000})])
def test_what_is_constructed_up_to_the_cap_is_incomplete(called: str, options: dict[str, Any]):
    lines = b"".join(b"<urn:n:%d> <urn:p> <urn:o> .\n" % n for n in range(10_000))

    def behave(handler: Answering, fields: dict[str, str]) -> None:
        shorter = lines if "urn:p" in fields["query"] else lines.split(b"\n", 1)[1]
        handler.send(shorter, media_type="application/n-triples")

    with serving(behave, called) as service, opened(service, **options) as store:
        with pytest.raises(ResultIncomplete):
            list(store.query("CONSTRUCT WHERE { ?s <urn:p> ?o }", "text/turtle").chunks)
        with pytest.raises(ResultIncomplete):
            store.construct("CONSTRUCT WHERE { ?s <urn:p> ?o }")
        got = b"".join(store.query("CONSTRUCT WHERE { ?s ?p ?o }", "application/n-triples").chunks)
        assert got.count(b"\n") == 9_999


def test_a_part_of_a_result_is_no_result():
    def behave(handler: Answering, _: dict[str, str]) -> None:
        handler.send(table(numbers(0, 3)), X_SQL_State="S1TAT")

    with serving(behave, "Virtuoso/07.20") as service, opened(service) as store:
        with pytest.raises(QueryFailed, match="part of the result"):
            store.select("SELECT ?s { ?s ?p ?o }")
        with pytest.raises(QueryFailed, match="part of the result"):
            list(store.query("SELECT ?s { ?s ?p ?o }", JSON).chunks)


# Connections


def reset(handler: Answering) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    handler.connection.close()
    handler.close_connection = True


def test_connections_are_kept():
    ports = set()

    def behave(handler: Answering, _: dict[str, str]) -> None:
        ports.add(handler.client_address[1])
        handler.send(table(numbers(0, 3)))

    with serving(behave) as service, opened(service) as store:
        for _ in range(5):
            store.select("SELECT ?s { ?s ?p ?o }")
            b"".join(store.query("SELECT ?s { ?s ?p ?o }", JSON).chunks)
        assert len(ports) == 1


def test_a_kept_connection_that_breaks_is_no_error_for_who_reads():
    asked = []

    def behave(handler: Answering, _: dict[str, str]) -> None:
        asked.append(1)
        if len(asked) == 2:
            reset(handler)
            return
        handler.send(table(numbers(0, 3)))

    with serving(behave) as service, opened(service) as store:
        for _ in range(3):
            assert len(store.select("SELECT ?s { ?s ?p ?o }")) == 3
        assert len(asked) == 4


def test_a_write_is_never_sent_twice():
    def behave(handler: Answering, fields: dict[str, str]) -> None:
        if "update" in fields:
            reset(handler)
            return
        handler.send(table(numbers(0, 3)))

    with serving(behave) as service, opened(service) as store:
        store.select("SELECT ?s { ?s ?p ?o }")
        with pytest.raises(StoreError, match="broke off"):
            store.update("INSERT DATA { <urn:a> <urn:b> 1 }")
        assert sum(b"update=" in body for *_, body in service.seen) == 1


def test_a_connection_that_does_not_come_about_is_tried_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(wire_module, "_PAUSE_S", 0.01)
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        port = unheard.getsockname()[1]
        store = RemoteStore(Endpoints(*[f"http://127.0.0.1:{port}/sparql"] * 2))
        with closing(store), pytest.raises(StoreError, match="can't be reached"):
            store.ask("ASK { ?s ?p ?o }")


def test_an_answer_that_breaks_is_an_error():
    def behave(handler: Answering, _: dict[str, str]) -> None:
        body = table(numbers(0, 5_000))
        handler.send_response(200)
        handler.send_header("Content-Type", JSON)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[:100_000])
        handler.close_connection = True

    with serving(behave) as service, opened(service) as store:
        with pytest.raises(StoreError, match="broke off"):
            store.select("SELECT ?s { ?s ?p ?o }")
        with pytest.raises(StoreError, match="broke off"):
            list(store.query("SELECT ?s { ?s ?p ?o }", JSON).chunks)
        assert service.asked() == 2


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"head":{"vars":["s"]},"results":{"bindings":[{"s":', b"[]"])
def test_an_answer_of_something_else_is_an_error(body: bytes):
    with serving(lambda handler, _: handler.send(body)) as service, opened(service) as store:
        for ask in (
            lambda: store.select("SELECT ?s { ?s ?p ?o }"),
            lambda: store.ask("ASK { ?s ?p ?o }"),
            lambda: list(store.query("SELECT ?s { ?s ?p ?o }", JSON).chunks),
            lambda: list(store.query("CONSTRUCT WHERE { ?s ?p ?o }", None).chunks) if body == b"<html>" else _fail(),
        ):
            with pytest.raises(StoreError):
                ask()


def _fail() -> None:
    raise StoreError("an empty document is a graph")


# Time


def slow(seconds: float) -> Callable[[Answering, dict[str, str]], None]:
    def behave(handler: Answering, _: dict[str, str]) -> None:
        time.sleep(seconds)
        handler.send(table(numbers(0, 3)))

    return behave


def test_an_answer_that_does_not_come_is_not_asked_for_again():
    with serving(slow(1.5)) as service, opened(service, timeout_s=0.3) as store:
        assert store.is_virtuoso is False
        began = time.monotonic()
        with pytest.raises(QueryTimedOut):
            store.select("SELECT ?s { ?s ?p ?o }")
        assert time.monotonic() - began < 1.2
        assert service.asked() == 1


def test_a_readers_query_ends_at_its_deadline():
    with serving(slow(5)) as service, opened(service) as store:
        evaluations = Evaluations(store, RUNNING, size=1, memory_mb=64, at_once=4)
        began = time.monotonic()
        with pytest.raises(QueryTimedOut):
            list(evaluations.query("SELECT ?s { ?s ?p ?o }", JSON, conditions=Conditions(timeout_s=0.5)).chunks)
        assert time.monotonic() - began < 3
        assert service.asked() == 1
        assert evaluations.running() == []


def test_a_drip_of_bytes_ends_at_the_deadline():
    def behave(handler: Answering, _: dict[str, str]) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", JSON)
        handler.end_headers()
        handler.wfile.write(table(numbers(0, 3))[:-2])
        for _ in range(100):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.1)

    with serving(behave) as service, opened(service, timeout_s=0.5) as store:
        began = time.monotonic()
        with pytest.raises(QueryTimedOut):
            store.select("SELECT ?s { ?s ?p ?o }")
        assert time.monotonic() - began < 5


def test_who_stops_a_query_closes_its_connection():
    gone = threading.Event()

    def behave(handler: Answering, _: dict[str, str]) -> None:
        handler.connection.settimeout(20)
        if handler.connection.recv(1) == b"":
            gone.set()
        handler.close_connection = True

    with serving(behave) as service, opened(service) as store:
        evaluations = Evaluations(store, RUNNING, size=1, memory_mb=64, at_once=4)
        name = "0123456789abcdef" * 2
        failures: list[BaseException] = []

        def ask() -> None:
            try:
                list(evaluations.query("SELECT ?s { ?s ?p ?o }", JSON, conditions=Conditions(name=name)).chunks)
            except KGError as error:
                failures.append(error)

        reader = threading.Thread(target=ask)
        reader.start()
        until = time.monotonic() + 10
        while service.asked() == 0 and time.monotonic() < until:
            time.sleep(0.01)
        evaluations.stop(name)
        reader.join(10)
        assert not reader.is_alive()
        assert gone.wait(10)
        assert [type(error) for error in failures] == [QueryCancelled]
        known = evaluations.state(name)
        assert known is not None
        assert known.complete is False


def test_a_reader_who_leaves_ends_the_request():
    gone = threading.Event()

    def behave(handler: Answering, _: dict[str, str]) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", JSON)
        handler.end_headers()
        try:
            handler.wfile.write(table(numbers(0, 1_000))[:-3])
            while True:
                handler.wfile.write(b"," + json.dumps(numbers(0, 1)[0]).encode())
        except OSError:
            gone.set()
        handler.close_connection = True

    with serving(behave) as service, opened(service) as store:
        chunks: Any = store.query("SELECT ?s { ?s ?p ?o }", "text/csv").chunks
        assert next(chunk for chunk in chunks if chunk)
        chunks.close()
        assert gone.wait(10)
        # Nothing else is lost with it.
        assert store.is_virtuoso is False


# Size, redirects, refusals


def test_a_body_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(remote_module, "MOST_BYTES", 1_000_000)
    with (
        serving(lambda handler, _: handler.send(b" " * 2_000_000)) as service,
        opened(service) as store,
        pytest.raises(StoreError, match="more than 1,000,000 bytes"),
    ):
        store.select("SELECT ?s { ?s ?p ?o }")


def test_a_redirect_is_not_followed():
    def behave(handler: Answering, _: dict[str, str]) -> None:
        handler.send(b"", 307, Location="http://127.0.0.1:9/elsewhere")

    with serving(behave) as service, opened(service) as store, pytest.raises(StoreError, match="isn't followed"):
        store.ask("ASK { ?s ?p ?o }")


@pytest.mark.parametrize(
    ("status", "told", "expected"),
    [
        (400, "Parse error: Lexical error at line 1, column 8", QuerySyntaxError),
        (401, "", StoreError),
        (403, "", StoreError),
        (404, "no such dataset", QueryRefused),
        (415, "", QueryRefused),
        (429, "", QueryBusy),
        (503, "", QueryBusy),
        (500, "Virtuoso 37000 Error SP030: SPARQL compiler, line 1: syntax error at '}'", QuerySyntaxError),
        (500, "Virtuoso 42001 Error SR185: Undefined procedure DB.DBA.urn:f", QueryRefused),
        (500, "Virtuoso 42000 Error The estimated execution time exceeds the limit", QueryFailed),
        (500, "out of luck", QueryFailed),
        (502, "", QueryFailed),
        (504, "", QueryFailed),
    ],
)
def test_refusals_are_told(status: int, told: str, expected: type[KGError]):
    with serving(lambda handler, _: handler.send(told.encode(), status, "text/plain")) as service:
        with opened(service) as store, pytest.raises(expected):
            store.ask("ASK { ?s ?p ?o }")
        with opened(service) as store, pytest.raises(expected):
            list(store.query("ASK { ?s ?p ?o }", None).chunks)
        with opened(service) as store, pytest.raises(expected):
            store.update("INSERT DATA { <urn:a> <urn:b> 1 }")


# What is sent


def test_the_default_graph_and_the_others_are_named():
    def behave(handler: Answering, fields: dict[str, str]) -> None:
        if fields["query"].startswith("SELECT DISTINCT ?graph"):
            names = ["urn:d", "urn:g", "urn:h"]
            handler.send(table([{"graph": {"type": "uri", "value": name}} for name in names], ("graph",)))
        else:
            handler.send(table([]))

    with serving(behave) as service, opened(service, default_graph="urn:d") as store:
        store.select("SELECT ?s { ?s ?p ?o }")
        store.select("SELECT ?s { GRAPH ?g { ?s ?p ?o } }")
        b"".join(store.query("SELECT ?s FROM <urn:x> { ?s ?p ?o }", None).chunks)
        sent = [[pair for pair in parse_qsl(body.decode()) if pair[0] != "query"] for *_, body in service.seen]
        assert [("default-graph-uri", "urn:d")] in sent
        assert [("default-graph-uri", "urn:d"), ("named-graph-uri", "urn:g"), ("named-graph-uri", "urn:h")] in sent
        assert [("default-graph-uri", "urn:x")] in sent


@pytest.mark.parametrize(
    ("credentials", "sent"),
    [
        (Credentials("basic", "geheim", "kg"), "Basic a2c6Z2VoZWlt"),
        (Credentials("bearer", "geheim"), "Bearer geheim"),
    ],
)
def test_who_asks_is_said_and_never_shown(credentials: Credentials, sent: str):
    with serving(lambda handler, _: handler.send(b"", 401)) as service:
        with opened(service, credentials=credentials) as store, pytest.raises(StoreError) as caught:
            store.ask("ASK { ?s ?p ?o }")
        assert {headers.get("Authorization") for _, _, headers, _ in service.seen} == {sent}
    assert "geheim" not in f"{caught.value!r} {credentials!r} {store!r} {store.identity}"


def test_a_digest_is_answered():
    def behave(handler: Answering, _: dict[str, str]) -> None:
        if "Authorization" in handler.headers:
            handler.send(table(numbers(0, 1)))
        else:
            handler.send(b"", 401, WWW_Authenticate='Digest realm="x", nonce="1", qop="auth", algorithm=MD5')

    with (
        serving(behave) as service,
        opened(service, credentials=Credentials("digest", "geheim", "kg")) as store,
    ):
        assert len(store.select("SELECT ?s { ?s ?p ?o }")) == 1
        last = service.seen[-1][2]["Authorization"]
        assert last.startswith("Digest ")
        assert "geheim" not in last


def test_a_large_difference_is_sent_in_parts():
    with serving(lambda handler, _: handler.send(b"", 204)) as service, opened(service, default_graph="urn:d") as store:
        added = [Quad(NamedNode("urn:s"), NamedNode("urn:p"), Literal(n)) for n in range(2_500)]
        store.replace_default(added[:1], added)
        updates = [dict(parse_qsl(body.decode()))["update"] for *_, body in service.seen if b"update=" in body]
        assert [text.split()[0] for text in updates] == ["DELETE", "INSERT", "INSERT", "INSERT"]
        assert all("GRAPH <urn:d>" in text for text in updates)
        assert sum(text.count("<urn:s>") for text in updates) == 2_501


@pytest.mark.parametrize(
    ("operation", "kept"),
    [
        ("INSERT DATA { GRAPH <urn:e> { <urn:a> <urn:b> 1 } }", False),
        ("INSERT { GRAPH <urn:e> { ?s ?p ?o } } WHERE { ?s ?p ?o }", False),
        ("CLEAR GRAPH <urn:e>", False),
        ("INSERT DATA { GRAPH <urn:d> { <urn:a> <urn:b> 1 } }", True),
        ("INSERT DATA { GRAPH <\\u0075rn:d> { <urn:a> <urn:b> 1 } }", True),
        ("PREFIX u: <urn:> WITH u:d DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", True),
        ("PREFIX u: <urn:x> CLEAR GRAPH <urn:e> ; PREFIX u: <urn:> CLEAR GRAPH u:d", True),
        ("BASE <urn:x> CLEAR GRAPH <urn:e> ; BASE <urn:> CLEAR GRAPH <d>", True),
        ("COPY <urn:e> TO <urn:d>", True),
        ("DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }", True),
        ("CLEAR ALL", True),
        ("CLEARALL", True),
        ("DROP SILENT NAMED", True),
    ],
)
def test_the_graph_of_the_base_is_not_written_by_its_name(operation: str, kept: bool):
    with (
        serving(lambda handler, _: handler.send(b"", 204)) as service,
        opened(service, default_graph="urn:d", kept=True) as store,
    ):
        if kept:
            with pytest.raises(DefaultGraphKept):
                store.update(operation)
            assert not any(b"update=" in body for *_, body in service.seen)
        else:
            store.update(operation)
            assert any(b"update=" in body for *_, body in service.seen)
        for write in (
            lambda: store.load_graph("urn:d", b"", "text/turtle", replace=True),
            lambda: store.drop_graph("urn:d"),
        ):
            with pytest.raises(DefaultGraphKept):
                write()
