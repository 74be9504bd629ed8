"""Queries in processes that can be killed: limits, deaths, the queue, and what each costs the others."""

import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.errors import (
    KGError,
    QueryBusy,
    QueryCancelled,
    QueryCrashed,
    QueryFailed,
    QueryOutOfMemory,
    QueryRefused,
    QuerySyntaxError,
    QueryTimedOut,
    ResultIncomplete,
    StoreError,
)
from kg.store import pool as pool_module
from kg.store import running
from kg.store.embedded import EmbeddedStore
from kg.store.evaluations import Evaluations
from kg.store.protocol import Conditions, Dataset, Result
from kg.store.snapshot import FOLDER

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

JSON = "application/sparql-results+json"
ROWS = 20_000
PATIENCE_S = 20.0
#: What is promised is a quarter of a second; the machine may be busy with other tests.
GONE_S = 2.0
#: 20,000 squared comparisons: some ten seconds of work and more, without a single row.
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a <urn:value> ?x . ?b <urn:value> ?y FILTER(?x + ?y = -1) }"
PRODUCT = "SELECT * { ?a <urn:value> ?x . ?b <urn:value> ?y }"
BOMB = "SELECT * { ?a <urn:value> ?x . ?b <urn:value> ?y } ORDER BY ?y ?a ?x"
NUMBERS = "".join(f"<urn:n:{i}> <urn:value> {i} .\n" for i in range(ROWS))


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Iterator[EmbeddedStore]:
    with EmbeddedStore.open(tmp_path_factory.mktemp("pool")) as opened:
        opened.load_graph(None, NUMBERS.encode(), "text/turtle", replace=False)
        yield opened


@pytest.fixture
def make(store) -> Iterator[Callable[..., Evaluations]]:
    made: list[Evaluations] = []

    def begin(on: EmbeddedStore = store, most: Conditions | None = None, **options) -> Evaluations:
        options = {"size": 2, "memory_mb": 256, "at_once": 14} | options
        made.append(Evaluations(on, most or Conditions(60, 1_000_000, 1 << 28), **options))
        assert made[-1].ready(PATIENCE_S)
        return made[-1]

    yield begin
    for evaluations in made:
        evaluations.close()
        assert evaluations.processes() == []


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] not in {"Z", "X"}
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for(condition, seconds=PATIENCE_S):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.01)
    raise AssertionError(f"waited {seconds} s in vain")


def ask(evaluations: Evaluations, operation: str, media_type: str | None = JSON, **conditions) -> bytes:
    result = evaluations.query(operation, media_type, conditions=Conditions(**conditions))
    return b"".join(result.chunks)


def cut(result: Result) -> tuple[bytes, ResultIncomplete]:
    """Return what comes of a result that ends at a limit."""
    body = b""
    try:
        for chunk in result.chunks:
            body += chunk
    except ResultIncomplete as error:
        # Without its frames, which would keep what the test holds until the collector comes by in another thread.
        return body, error.with_traceback(None)
    raise AssertionError("the result is whole")


def spent_ticks(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[11])


class Asking(threading.Thread):
    """A query in a thread of its own, with what came of it, and the process that evaluates it."""

    def __init__(self, evaluations: Evaluations, operation: str = ENDLESS, **conditions) -> None:
        super().__init__(daemon=True)
        self.evaluations, self.operation = evaluations, operation
        self.conditions = {"name": os.urandom(24).hex()} | conditions
        self.error: KGError | None = None
        self.body: bytes | None = None
        self.start()
        wait_for(lambda: self.state is not None and self.state.phase == "running")

    @property
    def state(self):
        return self.evaluations.state(self.conditions["name"])

    @property
    def pid(self) -> int:
        pool = self.evaluations._pool
        return next(w.pid for w in pool._busy if w.ticket and w.ticket.id == self.conditions["name"])

    def run(self) -> None:
        try:
            self.body = ask(self.evaluations, self.operation, **self.conditions)
        except KGError as error:
            self.error = error

    def failure(self) -> KGError | None:
        self.join(PATIENCE_S)
        assert not self.is_alive()
        return self.error


# What is evaluated apart is what would be evaluated here


@pytest.mark.parametrize(
    ("operation", "media_type"),
    [
        ("SELECT ?s ?o { ?s ?p ?o } ORDER BY ?o", JSON),
        ("SELECT ?s ?o { ?s ?p ?o } ORDER BY ?o", "application/sparql-results+xml"),
        ("SELECT ?s ?o { ?s ?p ?o } ORDER BY ?o", "text/csv"),
        ("SELECT ?s ?o { ?s ?p ?o } ORDER BY ?o", "text/tab-separated-values"),
        ("SELECT * { ?s ?p 5 }", JSON),
        ("ASK { <urn:n:1> ?p 1 }", JSON),
        ("SELECT (<a> AS ?x) {}", JSON),
    ],
)
def test_solutions_are_the_same(make, store, operation, media_type):
    here = b"".join(store.query(operation, media_type, base="http://example.org/").chunks)
    apart = b"".join(make().query(operation, media_type, base="http://example.org/").chunks)
    assert apart == here


@pytest.mark.parametrize(
    "media_type", ["text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"]
)
def test_graphs_are_the_same(make, store, media_type):
    operation = "PREFIX n: <urn:n:> CONSTRUCT WHERE { ?s ?p ?o }"
    here = b"".join(store.query(operation, media_type).chunks)
    apart = b"".join(make().query(operation, media_type).chunks)
    as_format = ox.RdfFormat.from_media_type(media_type)
    assert {str(q) for q in ox.parse(apart, format=as_format)} == {str(q) for q in ox.parse(here, format=as_format)}
    assert apart[:200] == here[:200] or media_type != "text/turtle"


def test_the_dataset_is_the_same(make, tmp_path):
    with EmbeddedStore.open(tmp_path / "data") as own:
        for graph in ("urn:g1", "urn:g2"):
            own.load_graph(graph, b"<urn:a> <urn:b> 1 .", "text/turtle", replace=False)
        evaluations = make(own)
        count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
        for dataset in (Dataset(), Dataset(("urn:g1",)), Dataset(("urn:g1", "urn:g2")), Dataset((), ("urn:g1",))):
            here = b"".join(own.query(count, JSON, dataset).chunks)
            assert b"".join(evaluations.query(count, JSON, dataset).chunks) == here


@pytest.mark.parametrize(
    "operation",
    [
        "SELECT * {\n ?s ?p }",
        "SELECT * { ?s foo:bar ?o }",
        "SELECT * { ?s ?p ?o FILTER(<urn:nofun>(?o)) }",
        "SELECT ('\\u0001' AS ?x) {}",
    ],
)
def test_errors_are_the_same(make, store, operation):
    def error_of(evaluator) -> tuple[type, str]:
        with pytest.raises(KGError) as caught:
            list(evaluator.query(operation, "application/sparql-results+xml").chunks)
        return type(caught.value), str(caught.value)

    evaluations = make()
    assert error_of(evaluations) == error_of(store)
    assert ask(evaluations, "ASK {}") == b'{"head":{},"boolean":true}'


def test_a_refusal_keeps_its_words(make, monkeypatch, tmp_path):
    with EmbeddedStore.open(tmp_path / "data") as own:
        evaluations = make(own)
        with pytest.raises(QueryRefused) as caught:
            ask(evaluations, "SELECT * { ?s ?p ?o FILTER(<urn:nofun>(1)) BIND(<urn:nofun>(1) AS ?x) }")
        assert "no function" in str(caught.value)


def test_what_is_known_of_a_query(make):
    evaluations = make()
    name = os.urandom(24).hex()
    result = evaluations.query(PRODUCT, "text/csv", conditions=Conditions(name=name))
    assert result.id == name
    state = evaluations.state(name)
    assert (state.phase, state.form, state.complete) == ("running", "select", None)
    assert state.sent_bytes > 0
    assert [s.id for s in evaluations.running()] == [name]
    result.chunks.close()
    state = evaluations.state(name)
    assert (state.phase, state.complete, state.reason) == ("ended", False, "Its reader went away.")
    other = evaluations.query("ASK {}", None)
    list(other.chunks)
    assert evaluations.state(other.id).complete is True
    assert evaluations.state("unknown") is None
    assert evaluations.stop("unknown") is None
    assert evaluations.running() == []


# The four ways to end


def test_killed_at_the_deadline(make):
    evaluations = make()
    asking = Asking(evaluations, timeout_s=0.5)
    pid = asking.pid
    error = asking.failure()
    assert isinstance(error, QueryTimedOut)
    assert "0.5 s" in error.reason
    assert error.advice
    wait_for(lambda: not alive(pid), GONE_S)
    assert asking.state.reason == error.reason
    assert 0.5 <= asking.state.seconds < 5


def test_a_query_may_ask_for_less_and_never_for_more(make):
    evaluations = make(most=Conditions(0.4, 1_000_000, 1 << 28))
    for asked in (0.2, 1_000.0):
        error = Asking(evaluations, timeout_s=asked).failure()
        assert isinstance(error, QueryTimedOut)
        assert error.timeout_s == min(asked, 0.4)


def test_stopped_by_its_name(make):
    evaluations = make()
    asking = Asking(evaluations)
    pid = asking.pid
    state = evaluations.stop(asking.conditions["name"])
    assert (state.phase, state.complete) == ("ended", False)
    wait_for(lambda: not alive(pid), GONE_S)
    assert isinstance(asking.failure(), QueryCancelled)
    assert evaluations.ready(PATIENCE_S)


def test_stopping_what_has_ended_harms_nobody(make):
    evaluations = make(size=1)
    result = evaluations.query("ASK {}", None)
    list(result.chunks)
    before = evaluations.processes()
    evaluations.stop(result.id)
    assert ask(evaluations, "ASK {}")
    assert evaluations.processes() == before


def test_ends_with_its_reader(make):
    evaluations = make()
    for operation in (PRODUCT, ENDLESS):
        result = evaluations.query(operation, "text/csv")
        pid = next(iter(evaluations._pool._busy)).pid
        result.chunks.close()
        wait_for(lambda pid=pid: not alive(pid), GONE_S)
        assert list(result.chunks) == []
    dropped = evaluations.query(PRODUCT, "text/csv")
    pid = next(iter(evaluations._pool._busy)).pid
    del dropped
    wait_for(lambda: not alive(pid), GONE_S)


def test_a_slow_reader_is_stopped_at_the_deadline(make):
    evaluations = make()
    result = evaluations.query(PRODUCT, "text/csv", conditions=Conditions(timeout_s=3.0))
    pid = next(iter(evaluations._pool._busy)).pid
    wait_for(lambda: not alive(pid), 3.0 + GONE_S)
    with pytest.raises(QueryTimedOut):
        list(result.chunks)


def test_nothing_for_a_while_is_an_empty_chunk(make):
    evaluations = make()
    began = time.monotonic()
    result = evaluations.query(ENDLESS, None)
    assert 1.9 < time.monotonic() - began < PATIENCE_S
    assert result.size_bytes is None
    assert next(result.chunks) == b""
    result.chunks.close()


# Deaths


def test_a_memory_bomb_costs_its_own_query_alone(make):
    evaluations = make(memory_mb=64)
    bomb = Asking(evaluations, BOMB)
    answers = 0
    while bomb.is_alive():
        assert b"true" in ask(evaluations, "ASK {}")
        answers += 1
    error = bomb.failure()
    assert isinstance(error, QueryOutOfMemory)
    assert "64 MB" in error.reason
    assert answers > 0
    assert evaluations.ready(PATIENCE_S)


def test_a_worker_that_aborts_costs_its_own_query_alone(make):
    evaluations = make()
    for number, how in ((signal.SIGABRT, "gave up"), (signal.SIGSEGV, "overflowed"), (signal.SIGKILL, "killed")):
        asking = Asking(evaluations)
        # A worker that is gone at once is taken for one that was dead before the query came.
        wait_for(lambda asking=asking: asking.state.seconds > 0.8)
        os.kill(asking.pid, number)
        error = asking.failure()
        assert isinstance(error, QueryCrashed)
        assert how in error.reason
        assert ask(evaluations, "ASK {}")
    assert evaluations.ready(PATIENCE_S)


def test_the_engines_stack_overflows_in_its_own_process(make):
    evaluations = make()
    with pytest.raises(QueryCrashed, match="flatter"):
        ask(evaluations, "SELECT * " + "{" * 20_000 + "}" * 20_000)
    with pytest.raises(QueryCrashed):
        evaluations.rehearse("INSERT {} WHERE " + "{" * 20_000 + "}" * 20_000)
    assert ask(evaluations, "ASK {}")


def test_an_idle_worker_that_dies_costs_no_query(make):
    evaluations = make()
    for _ in range(3):
        for pid in evaluations.processes():
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda pid=pid: not alive(pid))
        assert b"true" in ask(evaluations, "ASK {}")
    assert evaluations.ready(PATIENCE_S)


def test_a_worker_that_is_dying_when_a_query_comes_costs_it_nothing(make):
    evaluations = make()
    for _ in range(10):
        for pid in evaluations.processes():
            os.kill(pid, signal.SIGKILL)
        # Some of them are not quite dead yet.
        assert b"true" in ask(evaluations, "ASK {}")


def test_a_worker_that_has_grown_is_replaced(make, monkeypatch):
    evaluations = make(size=1)
    before = evaluations.processes()
    ask(evaluations, "ASK {}")
    assert evaluations.processes() == before
    give_back = evaluations._pool.give_back
    monkeypatch.setattr(evaluations._pool, "give_back", lambda worker, **_: give_back(worker, worn=True))
    ask(evaluations, "ASK {}")
    monkeypatch.undo()
    wait_for(lambda: not alive(before[0]))
    assert evaluations.ready(PATIENCE_S)


# A trial of updates


def test_an_update_is_tried_apart(make, store):
    evaluations = make()
    version = store.version
    evaluations.rehearse("INSERT DATA { <urn:a> <urn:b> 1 }")
    evaluations.rehearse("INSERT DATA { <a> <b> 1 }", "http://example.org/")
    evaluations.rehearse("CLEAR GRAPH <urn:not-there>")
    with pytest.raises(QuerySyntaxError):
        evaluations.rehearse("INSERT DATA { <urn:a> <urn:b> }")
    assert store.version == version
    assert evaluations.running() == []


# Who gets a worker


def test_runaways_leave_the_rest_its_workers(make):
    evaluations = make(at_once=10)
    runaways = [Asking(evaluations) for _ in range(4)]
    for asking in runaways:
        wait_for(lambda asking=asking: os.getpriority(os.PRIO_PROCESS, asking.pid) == 19)
    assert evaluations.ready(PATIENCE_S), "each seat has a new worker"
    for _ in range(50):
        assert b"true" in ask(evaluations, "ASK {}")
    # There is no room for a fifth, and it is the newcomer that goes.
    error = Asking(evaluations).failure()
    assert isinstance(error, QueryBusy)
    assert int(error.headers["Retry-After"]) > 0
    assert all(asking.is_alive() for asking in runaways)
    for asking in runaways:
        evaluations.stop(asking.conditions["name"])
        assert isinstance(asking.failure(), QueryCancelled)
    assert evaluations.ready(PATIENCE_S)
    wait_for(lambda: len(evaluations.processes()) == 2)


def test_who_waits_gets_the_next_worker(make):
    evaluations = make(size=1)
    long = Asking(evaluations)
    began = time.monotonic()
    # Within its first second the long one holds the only worker; then a second one is started.
    assert b"true" in ask(evaluations, "ASK {}")
    assert time.monotonic() - began < PATIENCE_S
    evaluations.stop(long.conditions["name"])
    long.failure()


def test_a_full_queue_and_a_long_wait_are_told(make, monkeypatch):
    monkeypatch.setattr(running, "PATIENCE_S", 0.05)
    monkeypatch.setattr(pool_module, "_QUEUE_S", 0.1)
    monkeypatch.setattr(pool_module, "_SLOW_S", 60.0)
    evaluations = make(size=1, at_once=2)
    long = Asking(evaluations)
    with pytest.raises(QueryBusy, match="busy with other"):
        ask(evaluations, "ASK {}")
    monkeypatch.setattr(pool_module, "_QUEUE_S", PATIENCE_S)
    second = threading.Thread(target=ask, args=(evaluations, "ASK {}"), daemon=True)
    second.start()
    wait_for(lambda: len(evaluations.running()) == 2)
    with pytest.raises(QueryBusy, match="wait and run"):
        ask(evaluations, "ASK {}")
    evaluations.stop(long.conditions["name"])
    second.join(PATIENCE_S)
    assert not second.is_alive()


# Versions


def test_a_write_is_seen_by_every_query_that_starts_after_it(make, tmp_path):
    with EmbeddedStore.open(tmp_path / "data") as own:
        evaluations = make(own, size=2)
        missed: list[int] = []
        stop = threading.Event()

        def read_all_the_time() -> None:
            while not stop.is_set():
                ask(evaluations, "SELECT * { ?s ?p ?o } LIMIT 5")

        readers = [threading.Thread(target=read_all_the_time, daemon=True) for _ in range(2)]
        for reader in readers:
            reader.start()
        for number in range(25):
            own.update(f"INSERT DATA {{ <urn:a> <urn:b> {number} }}")
            if b"true" not in ask(evaluations, f"ASK {{ <urn:a> <urn:b> {number} }}"):
                missed.append(number)
        stop.set()
        for reader in readers:
            reader.join(PATIENCE_S)
        assert missed == []
        folder = tmp_path / "data" / FOLDER
        # Once the writing pauses, idle workers take up the latest version, and the others go.
        wait_for(lambda: len(list(folder.iterdir())) == 1)
        evaluations.close()
        assert not folder.exists()


def test_a_snapshot_stays_as_long_as_its_query_runs(make, tmp_path):
    with EmbeddedStore.open(tmp_path / "data") as own:
        own.load_graph(None, NUMBERS.encode(), "text/turtle", replace=False)
        evaluations = make(own)
        result = evaluations.query("SELECT * { ?s <urn:value> ?o }", "text/csv")
        first = next(result.chunks)
        own.update("DELETE WHERE { ?s <urn:value> ?o }")
        assert b"false" in ask(evaluations, "ASK { ?s <urn:value> ?o }")
        body = first + b"".join(result.chunks)
        assert body.count(b"\r\n") == ROWS + 1, "it reads what stood when it began"


def test_a_store_without_space_for_a_snapshot_says_so(make, tmp_path):
    with EmbeddedStore.open(tmp_path / "data") as own:
        evaluations = make(own)
        own.update("INSERT DATA { <urn:a> <urn:b> 1 }")
        evaluations._pool.snapshots._folder = Path("/proc/nowhere")
        with pytest.raises(StoreError, match="snapshot"):
            ask(evaluations, "ASK {}")
        evaluations._pool.snapshots._folder = tmp_path / "data" / FOLDER
        assert b"true" in ask(evaluations, "ASK { <urn:a> <urn:b> 1 }")


# Limits of results


@pytest.mark.parametrize(
    ("operation", "media_type"),
    [
        ("SELECT ?s ?o { ?s ?p ?o }", JSON),
        ("SELECT ?s ?o { ?s ?p ?o } ORDER BY ?o", "application/sparql-results+xml"),
        ("SELECT ?s ?o { ?s ?p ?o } GROUP BY ?s ?o", "text/csv"),
        ("SELECT ?s ?o { ?s ?p ?o } LIMIT 19000", "text/tab-separated-values"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "application/n-triples"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "text/turtle"),
    ],
)
@pytest.mark.parametrize("most", [7, 3_000])
def test_rows_are_limited_and_what_came_can_be_closed(make, operation, media_type, most):
    evaluations = make()
    result = evaluations.query(operation, media_type, conditions=Conditions(max_rows=most))
    body, error = cut(result)
    assert "KG_QUERY_MAX_ROWS" in error.reason
    assert error.closing is not None
    body += error.closing
    if operation.startswith("CONSTRUCT"):
        assert len(list(ox.parse(body, format=ox.RdfFormat.from_media_type(media_type)))) == most
    elif media_type == "text/csv":
        assert body.count(b"\r\n") == most + 1
    else:
        solutions = ox.parse_query_results(body, format=ox.QueryResultsFormat.from_media_type(media_type))
        assert len(list(solutions)) == most  # type: ignore[arg-type]
    assert evaluations.state(result.id).complete is False
    assert "rows" in evaluations.state(result.id).reason


def test_bytes_are_limited(make):
    evaluations = make()
    for media_type in (JSON, "text/csv"):
        result = evaluations.query(PRODUCT, media_type, conditions=Conditions(max_bytes=300_000))
        body, error = cut(result)
        assert "KG_QUERY_MAX_RESULT_MB" in error.reason
        assert len(body) == 300_000
        assert error.closing is None


def test_a_large_result_passes_with_flat_memory(make):
    evaluations = make(most=Conditions(120, 1_000_000, 1 << 28))
    result = evaluations.query(PRODUCT.replace("*", "?x ?y") + " LIMIT 1000000", "text/tab-separated-values")
    worker = next(iter(evaluations._pool._busy)).pid
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows = grown_kb = 0
    for chunk in result.chunks:
        rows += chunk.count(b"\n")
        if rows % 10 == 0 and alive(worker):
            told = Path(f"/proc/{worker}/status").read_text(encoding="ascii")
            grown_kb = max(grown_kb, int(re.search(r"VmRSS:\s+(\d+)", told)[1]))
    assert rows == 1_000_001
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 30_000
    assert 0 < grown_kb < 150_000


# Ends of the whole


HOLDER = """
import sys, threading, time
from kg.store.embedded import EmbeddedStore
from kg.store.evaluations import Evaluations
from kg.store.protocol import Conditions
store = EmbeddedStore.open(sys.argv[1])
evaluations = Evaluations(store, Conditions(600, 1000, 1 << 28), size=2, memory_mb=256, at_once=9)
evaluations.ready(20)
threading.Thread(target=lambda: list(evaluations.query(sys.argv[2], None).chunks), daemon=True).start()
while not evaluations.running():
    time.sleep(0.01)
print(*evaluations.processes(), flush=True)
time.sleep(600)
"""


def test_workers_end_with_the_serving_process_however_it_ends(tmp_path):
    with EmbeddedStore.open(tmp_path / "data") as own:
        own.load_graph(None, NUMBERS.encode(), "text/turtle", replace=False)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "data"), ENDLESS], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        pids = [int(pid) for pid in process.stdout.readline().split()]
        assert len(pids) == 2
        wait_for(lambda: max(map(spent_ticks, pids)) > 5)
        process.kill()
        process.wait()
        # The idle one, and the one in the midst of a query.
        wait_for(lambda: not any(map(alive, pids)), GONE_S)
    left = list((tmp_path / "data" / FOLDER).iterdir())
    assert left
    with EmbeddedStore.open(tmp_path / "data") as own:
        evaluations = Evaluations(own, Conditions(), size=1, memory_mb=256, at_once=2)
        try:
            assert b"true" in ask(evaluations, "ASK {}")
            assert not any(path.samefile(old) for old in left if old.exists() for path in left[:0])
            assert len(list((tmp_path / "data" / FOLDER).iterdir())) == 1
        finally:
            evaluations.close()


def test_after_its_end_nothing_is_evaluated(make):
    evaluations = make()
    asking = Asking(evaluations)
    pids = evaluations.processes()
    evaluations.close()
    assert not any(map(alive, pids))
    assert isinstance(asking.failure(), KGError)
    with pytest.raises(StoreError):
        ask(evaluations, "ASK {}")


def test_a_store_in_memory_is_asked_in_this_process():
    with EmbeddedStore.open(None) as own:
        own.load_graph(None, NUMBERS.encode(), "text/turtle", replace=False)
        evaluations = Evaluations(own, Conditions(60, 1_000, 1 << 20), size=2, memory_mb=256, at_once=2)
        assert evaluations.processes() == []
        result = evaluations.query("SELECT * { ?s ?p ?o }", "text/csv")
        body, error = cut(result)
        assert (body + error.closing).count(b"\r\n") == 1_001
        assert evaluations.state(result.id).complete is False
        with pytest.raises(QueryFailed):
            list(evaluations.query("SELECT ('\\u0001' AS ?x) {}", "application/sparql-results+xml").chunks)
        stopped = evaluations.query(PRODUCT, "text/csv", conditions=Conditions(name=os.urandom(16).hex()))
        evaluations.stop(stopped.id)
        with pytest.raises(QueryCancelled):
            list(stopped.chunks)
        with pytest.raises(QueryTimedOut):
            list(evaluations.query(PRODUCT, "text/csv", conditions=Conditions(timeout_s=0.001)).chunks)
        evaluations.rehearse("CLEAR ALL")
        assert b"true" in ask(evaluations, "ASK {}")
        evaluations.close()
