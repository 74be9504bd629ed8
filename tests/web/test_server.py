"""The server process: how it starts, how it ends, and what happens when any part of it is killed."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from kg.store.embedded import EmbeddedStore
from kg.store.snapshot import FOLDER
from service import environment, stop

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

SERVE = """
import os, sys
from kg.config import Settings
from kg.errors import KGError
from kg.web.server import serve
{before}
try:
    serve(Settings.from_environment({{k: v for k, v in os.environ.items() if k.startswith("KG_")}}))
except KGError as error:
    sys.exit(f"{{type(error).__name__}}: {{error}}")
"""
#: A loader that tells its process and then takes for ever.
SLOW_LOADER = """
import time
from pathlib import Path
from kg.services import ingest
def slow(store, data_dir, **_):
    Path(os.environ["KG_DATA_DIR"], "loading").write_text(str(os.getpid()), encoding="utf-8")
    time.sleep(300)
ingest.load = slow
"""
#: What validation finds is tested elsewhere, and takes seconds.
UNVALIDATED = """
import functools
from kg.services import ingest
ingest.load = functools.partial(ingest.load, validate=False)
"""
PATIENCE_S = 20.0
#: What is promised is 2 seconds.
DEATH_S = 2.0


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] not in {"Z", "X"}
    except FileNotFoundError:
        return False


def spent_ticks(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[11])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def children(pid: int) -> list[int]:
    return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def wait_for(condition, seconds=PATIENCE_S):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s in vain")


class Service:
    """A service in processes of its own, over a folder, on a free port of the loopback."""

    def __init__(self, folder: Path, log: Path, before: str = "", **settings: str) -> None:
        self.folder = folder
        self.log = log
        values = {"KG_DATA_DIR": str(folder), "KG_PORT": "0", "KG_BASE": "none"} | settings
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVE.format(before=before)], env=environment(**values), stdout=log, stderr=log
            )

    def ready(self) -> "Service":
        def announced():
            if self.process.poll() is not None:
                raise AssertionError(f"the service ended: {self.output}")
            with contextlib.suppress(OSError, ValueError):
                found = json.loads((self.folder / "serve.json").read_text(encoding="utf-8"))
                return found if found["pid"] == self.process.pid else None

        self.presence = wait_for(announced)
        self.address = urlsplit(self.presence["address"])
        return self

    def get(self, path, method="GET", body=None, headers=None, timeout=PATIENCE_S):
        connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response, response.read()

    @property
    def worker(self) -> int:
        (pid,) = children(self.process.pid)
        return pid

    @property
    def query_workers(self) -> list[int]:
        threads = Path(f"/proc/{self.worker}/task")
        return [
            int(child)
            for thread in threads.iterdir()
            for child in (thread / "children").read_text(encoding="ascii").split()
        ]

    @property
    def busy_workers(self) -> list[int]:
        """Those that have computed for a tenth of a second and more, as only an endless query makes them."""
        return [pid for pid in self.query_workers if spent_ticks(pid) >= 20]

    @contextlib.contextmanager
    def asking(self, query: str) -> Iterator[socket.socket]:
        """Ask, and don't wait for the answer; leave at the end."""
        connection = socket.create_connection((self.address.hostname, self.address.port), timeout=PATIENCE_S)
        with contextlib.closing(connection):
            connection.sendall(f"GET /sparql?{urlencode({'query': query})} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            yield connection

    @property
    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def end(self) -> None:
        stop(self.process, PATIENCE_S)


@pytest.fixture
def start(tmp_path) -> Iterator:
    started = []

    def begin(folder="data", before="", **settings) -> Service:
        started.append(Service(tmp_path / folder, tmp_path / f"{len(started)}.log", before, **settings))
        return started[-1]

    yield begin
    for service in started:
        service.end()


def test_from_start_to_clean_end(start):
    service = start("a/new/folder").ready()
    assert service.presence["version"]
    assert f"Serving on http://127.0.0.1:{service.address.port}" in service.output
    response, body = service.get("/readyz")
    assert (response.status, json.loads(body)["status"]) == (200, "ready")
    worker = service.worker
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(PATIENCE_S) == 0
    assert not alive(worker)
    assert not (service.folder / "serve.json").exists()
    assert "GET /readyz 200" in service.output
    assert "Traceback" not in service.output
    assert "ERROR" not in service.output


def test_interrupt(start):
    service = start().ready()
    service.process.send_signal(signal.SIGINT)
    assert service.process.wait(PATIENCE_S) == 0
    assert "Traceback" not in service.output


def test_kill_of_the_main_process_takes_the_worker(start):
    service = start().ready()
    worker = service.worker
    service.process.kill()
    wait_for(lambda: not alive(worker), DEATH_S)
    assert (service.folder / "serve.json").exists()
    start(KG_PORT=str(service.address.port)).ready()


def test_a_clean_end_leaves_no_process_and_no_snapshot(start):
    service = start().ready()
    service.get("/sparql?" + urlencode({"query": "ASK {}"}))
    workers = service.query_workers
    assert len(workers) >= 1
    assert (service.folder / FOLDER).exists()
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(PATIENCE_S) == 0
    wait_for(lambda: not any(map(alive, workers)), DEATH_S)
    assert not (service.folder / FOLDER).exists()


@pytest.mark.parametrize("victim", ["main", "worker"])
def test_a_kill_takes_the_processes_of_queries_in_the_midst_of_one(start, tmp_path, victim):
    with contextlib.closing(EmbeddedStore.open(tmp_path / "data")) as store:
        load_numbers(store)
    service = start().ready()
    with service.asking(ENDLESS):
        pids = wait_for(lambda: service.busy_workers and [*service.query_workers, service.worker])
        os.kill(service.process.pid if victim == "main" else service.worker, signal.SIGKILL)
        wait_for(lambda: not any(map(alive, pids)), DEATH_S)
    service.process.wait(PATIENCE_S)
    again = start(KG_PORT=str(service.address.port)).ready()
    assert json.loads(again.get("/sparql?" + urlencode({"query": "ASK {}"}))[1])["boolean"] is True
    assert len(list((again.folder / FOLDER).iterdir())) == 1, "what the killed service left is gone"


def test_the_next_start_need_not_wait(start):
    first = start().ready()
    for _ in range(3):
        first.process.kill()
        first = start(KG_PORT=str(first.address.port)).ready()


def test_kill_of_the_worker_ends_the_service(start):
    service = start().ready()
    os.kill(service.worker, signal.SIGKILL)
    assert service.process.wait(DEATH_S) != 0
    assert not (service.folder / "serve.json").exists()
    assert "ServerError" in service.output
    start(KG_PORT=str(service.address.port)).ready()


def test_kill_of_the_main_process_takes_the_loader(start):
    service = start(before=SLOW_LOADER, KG_BASE="graph")
    loader = int(wait_for(lambda: _read(service.folder / "loading")))
    assert alive(loader)
    service.process.kill()
    wait_for(lambda: not alive(loader), DEATH_S)
    start().ready()


def test_kill_of_the_loader_ends_the_start(start):
    service = start(before=SLOW_LOADER, KG_BASE="graph")
    os.kill(int(wait_for(lambda: _read(service.folder / "loading"))), signal.SIGKILL)
    assert service.process.wait(DEATH_S) != 0
    assert "LoadFailed" in service.output
    assert "signal 9" in service.output
    start().ready()


def test_a_terminal_that_ends_takes_the_loader(start):
    service = start(before=SLOW_LOADER, KG_BASE="graph")
    loader = int(wait_for(lambda: _read(service.folder / "loading")))
    service.process.terminate()
    service.process.wait(DEATH_S)
    wait_for(lambda: not alive(loader), DEATH_S)


def test_the_base_is_whole_after_kills_at_any_time(start, store):
    def begin():
        return start(before=UNVALIDATED, KG_BASE="graph")

    for delay_s in (0.2, 0.3, 0.4, 0.5, 0.6):
        service = begin()
        time.sleep(delay_s)
        service.process.kill()
        service.process.wait()
    service = begin().ready()
    report = json.loads(service.get("/readyz")[1])
    assert report["status"] == "ready"
    assert report["base"]
    _, body = service.get("/sparql?" + urlencode({"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"}))
    (solution,) = json.loads(body)["results"]["bindings"]
    assert int(solution["n"]["value"]) == store.statistics().triples_default
    assert "Base " in service.output


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def test_acknowledged_data_outlive_a_kill(start, tmp_path):
    folder = tmp_path / "data"
    with contextlib.closing(EmbeddedStore.open(folder)) as store:
        store.update("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> 1 } }")
    for _ in range(2):
        service = start().ready()
        _, body = service.get("/sparql?" + urlencode({"query": "ASK { GRAPH <urn:g> { <urn:a> <urn:b> 1 } }"}))
        assert json.loads(body)["boolean"] is True
        worker = service.worker
        service.process.kill()
        wait_for(lambda worker=worker: not alive(worker), DEATH_S)


def test_a_port_in_use(start):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        service = start(KG_PORT=str(port))
        assert service.process.wait(PATIENCE_S) != 0
        assert f"AddressUnusable: The service can't listen on 127.0.0.1, port {port}" in service.output
        assert "Traceback" not in service.output


def test_two_services_on_one_port(start):
    first = start("first").ready()
    second = start("second", KG_PORT=str(first.address.port))
    assert second.process.wait(PATIENCE_S) != 0
    assert "AddressUnusable" in second.output
    assert first.get("/healthz")[0].status == 200


def test_two_services_over_one_folder(start):
    first = start().ready()
    second = start()
    assert second.process.wait(PATIENCE_S) != 0
    assert "StoreLocked" in second.output
    assert first.presence["address"] in second.output
    assert first.get("/healthz")[0].status == 200


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1", "not a host"])
def test_an_address_of_another_machine(start, host):
    service = start(KG_HOST=host)
    assert service.process.wait(PATIENCE_S) != 0
    assert "AddressUnusable" in service.output
    assert "Traceback" not in service.output


def test_a_folder_that_cannot_be_made(start, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    service = start("file/data")
    assert service.process.wait(PATIENCE_S) != 0
    assert "StoreUnusable" in service.output
    assert "Traceback" not in service.output


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
def test_a_folder_that_cannot_be_written(start, tmp_path):
    (tmp_path / "data").mkdir(mode=0o500)
    service = start()
    assert service.process.wait(PATIENCE_S) != 0
    assert "StoreUnusable" in service.output


def load_numbers(store: EmbeddedStore) -> None:
    data = "".join(f"<urn:n:{i}> <urn:value> {i} .\n" for i in range(60_000))
    store.load_graph("urn:numbers", data.encode(), "text/turtle", replace=False)


@pytest.fixture(scope="module")
def numbers(tmp_path_factory) -> Iterator[Service]:
    """A service over 60,000 numbers."""
    folder = tmp_path_factory.mktemp("numbers") / "data"
    with contextlib.closing(EmbeddedStore.open(folder)) as store:
        load_numbers(store)
    service = Service(folder, folder.with_suffix(".log"), KG_THREADS="4")
    yield service.ready()
    service.end()


ALL = "SELECT ?s ?o FROM <urn:numbers> { ?s ?p ?o }"
#: 60,000 squared comparisons: more than a minute of work, without a single row.
ENDLESS = "SELECT (COUNT(*) AS ?n) FROM <urn:numbers> { ?a <urn:value> ?x . ?b <urn:value> ?y FILTER(?x + ?y = -1) }"
PRODUCT = "SELECT * FROM <urn:numbers> { ?a <urn:value> ?x . ?b <urn:value> ?y }"


def test_a_long_result_comes_in_parts_and_whole(numbers):
    response, body = numbers.get("/sparql?" + urlencode({"query": ALL}), headers={"Accept": "text/csv"})
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in response.headers
    rows = body.decode().splitlines()
    assert len(rows) == 60_001
    assert len(set(rows)) == 60_001


def test_chinese_in_an_address(numbers):
    query = 'ASK { FILTER("大同" = "\\u5927\\u540C") }'
    raw, escaped = (
        "/sparql?query=" + query.replace(" ", "+").replace("{", "%7B"),
        "/sparql?" + urlencode({"query": query}),
    )
    assert json.loads(numbers.get(escaped)[1])["boolean"] is True
    connection = socket.create_connection((numbers.address.hostname, numbers.address.port), timeout=PATIENCE_S)
    with contextlib.closing(connection):
        # A client that doesn't escape what it should.
        line = raw.replace('"', "%22").replace("}", "%7D").replace("\\", "%5C")
        connection.sendall(f"GET {line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b'"boolean":true' in answer or answer.startswith(b"HTTP/1.1 400")
    response, body = numbers.get("/name/%E5%A4%A7%E5%90%8C")
    assert response.status == 404
    assert "大同" in json.loads(body)["detail"]


def test_a_client_that_leaves_costs_nothing(numbers):
    for _ in range(10):
        connection = socket.create_connection((numbers.address.hostname, numbers.address.port), timeout=PATIENCE_S)
        with contextlib.closing(connection):
            connection.sendall(f"GET /sparql?{urlencode({'query': ALL})} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    # Each has given its place back, or the two places of four threads would be taken long ago.
    for _ in range(4):
        assert numbers.get("/sparql?" + urlencode({"query": "ASK {}"}))[0].status == 200
    threads = Path(f"/proc/{numbers.worker}/task")
    wait_for(lambda: len(list(threads.iterdir())) < 25)


@pytest.mark.parametrize("query", ["ENDLESS", "PRODUCT"])
def test_a_client_that_leaves_ends_its_query(numbers, query):
    """Once the head of the answer has gone out the server tells at once that the client has gone."""
    with numbers.asking(globals()[query]) as connection:
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        # One of them evaluates, or waits for its reader.
        before = numbers.query_workers
    wait_for(lambda: not all(map(alive, before)), DEATH_S)
    assert numbers.get("/sparql?" + urlencode({"query": "ASK {}"}))[0].status == 200


def test_a_client_that_leaves_before_the_head_ends_its_query_when_the_head_is_due(numbers):
    with numbers.asking(ENDLESS):
        (busy,) = wait_for(lambda: numbers.busy_workers)
    # Two seconds until the head is sent, and what a busy machine adds.
    wait_for(lambda: not alive(busy), 2 + DEATH_S)


def test_others_are_answered_beside_runaways(start, tmp_path):
    with contextlib.closing(EmbeddedStore.open(tmp_path / "data")) as store:
        load_numbers(store)
    service = start(KG_QUERY_WORKERS="2").ready()
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(service.asking(ENDLESS))
        wait_for(lambda: len(service.busy_workers) == 4)
        for number in range(50):
            query = f"SELECT * FROM <urn:numbers> {{ <urn:n:{number}> ?p ?o }}"  # noqa: S608 - it is SPARQL
            response, body = service.get("/sparql?" + urlencode({"query": query}))
            assert response.status == 200
            assert len(json.loads(body)["results"]["bindings"]) == 1
    wait_for(lambda: service.busy_workers == [])


def test_the_serving_process_keeps_flat_while_a_million_rows_go_out(numbers):
    def resident_kb() -> int:
        told = Path(f"/proc/{numbers.worker}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+)", told)[1])

    million = PRODUCT.replace("*", "?x ?y") + " LIMIT 1000000"
    before_kb = most_kb = resident_kb()
    connection = http.client.HTTPConnection(numbers.address.hostname, numbers.address.port, timeout=PATIENCE_S)
    with contextlib.closing(connection):
        connection.request("GET", "/sparql?" + urlencode({"query": million, "format": "tsv", "timeout": "30"}))
        response = connection.getresponse()
        rows = 0
        while block := response.read(1 << 20):
            rows += block.count(b"\n")
            most_kb = max(most_kb, resident_kb())
    assert rows == 1_000_001
    assert most_kb - before_kb < 40_000


@pytest.mark.parametrize(
    ("request_bytes", "statuses"),
    [
        (b"GET /" + b"x" * 500_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {b"414", b"431"}),
        (b"GET /nowhere HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 500_000 + b"\r\n\r\n", {b"431", b"404"}),
        (b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", {b"400", b"404"}),
        (b"GET /sparql?query=ASK%20{<x>} HTTP/1.1\r\nHost: x\r\n\r\n", {b"400"}),
        (b"nonsense\r\n\r\n", {b"400"}),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", {b"200", b"400"}),
        (b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", {b"400"}),
        (
            b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            {b"400", b"415"},
        ),
    ],
    ids=["address", "header", "bytes", "angle", "nonsense", "hosts", "length", "smuggling"],
)
def test_hostile_bytes(numbers, request_bytes, statuses):
    connection = socket.create_connection((numbers.address.hostname, numbers.address.port), timeout=PATIENCE_S)
    with contextlib.closing(connection):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request_bytes)
        assert connection.recv(1000).split(b" ")[1] in statuses
    assert numbers.get("/healthz")[0].status == 200


def test_a_large_body_without_a_length(numbers):
    def parts():
        for _ in range(100):
            yield b"x" * 100_000

    connection = http.client.HTTPConnection(numbers.address.hostname, numbers.address.port, timeout=PATIENCE_S)
    with contextlib.closing(connection):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request(
                "POST", "/sparql", parts(), {"Content-Type": "application/sparql-query"}, encode_chunked=True
            )
        response = connection.getresponse()
        assert response.status == 413
        assert json.loads(response.read())["status"] == 413


def test_deep_nesting_leaves_the_service_alive(numbers):
    worker = numbers.worker
    query = "SELECT * " + "{" * 300_000 + "}" * 300_000
    response, _ = numbers.get("/sparql", "POST", query, {"Content-Type": "application/sparql-query"})
    assert response.status == 400
    assert numbers.worker == worker


def test_a_slow_query_blocks_neither_others_nor_the_end(start, numbers):
    """The last test of its service: the endless query stays with it."""
    connection = http.client.HTTPConnection(numbers.address.hostname, numbers.address.port, timeout=PATIENCE_S)
    with contextlib.closing(connection):
        connection.request("GET", "/sparql?" + urlencode({"query": ENDLESS}))
        time.sleep(0.3)
        for _ in range(20):
            began = time.monotonic()
            assert numbers.get("/sparql?" + urlencode({"query": "ASK {}"}), timeout=2)[0].status == 200
            assert time.monotonic() - began < 1
        worker = numbers.worker
        numbers.process.send_signal(signal.SIGTERM)
        assert numbers.process.wait(PATIENCE_S) == 0
        assert not alive(worker)
