"""The worker's own loop, spoken to over its socket."""

import marshal
import socket
import sys
import threading
from collections.abc import Iterator

import pyoxigraph as ox
import pytest

from kg.store import worker
from kg.store.worker import HEAD, LENGTH


class Line:
    """The serving process's end of a worker that runs in a thread."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.channel, theirs = socket.socketpair()
        self.channel.settimeout(20)
        # In this process the limit on memory would be everybody's.
        self.thread = threading.Thread(target=self._serve, args=(theirs,), daemon=True)
        self.thread.start()

    def _serve(self, theirs: socket.socket) -> None:
        with theirs:
            worker.serve(theirs, 1 << 30)

    def send(self, kind: str, request: object, folder: str | None = None) -> None:
        payload = marshal.dumps((kind, self.folder if folder is None else folder, request))
        self.channel.sendall(LENGTH.pack(len(payload)) + payload)

    def query(self, text: str, name: str = "csv", max_rows: int = 1 << 40, max_bytes: int = 1 << 40, **options) -> None:
        self.send("query", (text, options.get("base"), None, name, {}, max_rows, max_bytes), options.get("folder"))

    def frames(self) -> list[tuple[bytes, int, bytes]]:
        found = []
        while True:
            kind, worn, length = HEAD.unpack(self._exactly(HEAD.size))
            found.append((kind, worn, self._exactly(length)))
            if kind != b"D":
                return found

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            block = self.channel.recv(size - len(data))
            assert block, "the worker has ended"
            data += block
        return data


@pytest.fixture
def line(tmp_path, monkeypatch) -> Iterator[Line]:
    store = ox.Store(str(tmp_path / "store"))
    store.extend(ox.Quad(ox.NamedNode(f"urn:{n}"), ox.NamedNode("urn:p"), ox.Literal(n)) for n in range(5_000))
    store.backup(str(tmp_path / "copy"))
    monkeypatch.setattr(worker, "_bind", lambda _bytes: None)
    monkeypatch.setattr(worker, "_unbind", lambda: None)
    opened = Line(str(tmp_path / "copy"))
    yield opened
    opened.channel.close()
    opened.thread.join(20)
    assert not opened.thread.is_alive()


def test_a_small_result_is_one_frame(line):
    line.query("SELECT ?o { <urn:7> ?p ?o }")
    assert line.frames() == [(b"W", 0, b"o\r\n7\r\n")]


def test_a_large_one_is_parts_and_an_end(line):
    line.query("SELECT * { ?s ?p ?o . ?x ?y 3 }")
    *parts, end = line.frames()
    assert len(parts) > 2
    assert end == (b"E", 0, b"")
    assert b"".join(payload for _, _, payload in parts).count(b"\r\n") == 5_001


def test_an_end_at_a_limit_says_which_and_how_to_close(line):
    line.query("SELECT * { ?s ?p ?o }", "json", max_rows=2)
    *parts, end = line.frames()
    assert end == (b"L", 0, b"rows\n]}}")
    line.query("SELECT * { ?s ?p ?o }", "json", max_bytes=100)
    *parts, end = line.frames()
    assert end == (b"L", 0, b"bytes\n-")
    assert len(b"".join(payload for _, _, payload in parts)) == 100


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("SELECT", "csv", b"syntax\nerror at"),
        ("SELECT * { ?s ?p ?o FILTER(<urn:nofun>(?s)) }", "csv", b"failed\n"),
        ("SELECT ('\\u0001' AS ?x) {}", "xml", b"xml\n1"),
    ],
)
def test_a_failure_is_a_frame_and_the_worker_goes_on(line, text, name, said):
    for _ in range(2):
        line.query(text, name)
        (frame,) = line.frames()
        assert frame[0] == b"X"
        assert frame[2].startswith(said)
    line.query("ASK {}", "json")
    assert line.frames() == [(b"W", 0, b'{"head":{},"boolean":true}')]


def test_carriage_returns_survive_xml(line):
    line.query("SELECT ('a\\rb' AS ?x) {}", "xml")
    ((kind, _, body),) = line.frames()
    assert kind == b"W"
    assert b"a&#xD;b" in body


def test_a_snapshot_that_cannot_be_opened_is_told(line):
    line.send("open", None, "/nowhere")
    line.query("ASK {}", "json", folder="/nowhere")
    ((kind, worn, said),) = line.frames()
    assert (kind, worn) == (b"X", 1)
    assert said.startswith(b"store\n")
    line.query("ASK {}", "json")
    assert line.frames()[0][0] == b"W"


def test_a_trial_of_an_update(line):
    line.send("rehearse", ("INSERT DATA { <a> <b> 1 }", "http://example.org/"))
    assert line.frames() == [(b"W", 0, b"")]
    line.send("rehearse", ("INSERT DATA { <a> }", "http://example.org/"))
    assert line.frames()[0][2].startswith(b"syntax\n")


def test_a_request_may_come_in_pieces(line):
    text = "ASK {} #" + "x" * 300_000
    payload = marshal.dumps(("query", line.folder, (text, None, None, "json", {}, 10, 1_000)))
    whole = LENGTH.pack(len(payload)) + payload
    for start in range(0, len(whole), 50_000):
        line.channel.sendall(whole[start : start + 50_000])
    assert line.frames()[0][0] == b"W"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_growth_is_noticed(monkeypatch):
    monkeypatch.setattr(worker, "_began_bytes", 1 << 40)
    assert not worker._has_grown()
    monkeypatch.setattr(worker, "_began_bytes", 1)
    monkeypatch.setattr(worker, "_GROWN_BYTES", 1)
    assert worker._has_grown()
