"""What the embedded store does beyond the contract: folders, locks, streams."""

import gc
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad

from kg.errors import QueryFailed, QueryRefused, StoreError, StoreLocked, StoreUnusable
from kg.store.embedded import EmbeddedStore
from kg.store.pipe import BLOCK_BYTES

P = NamedNode("http://example.org/p")
ROWS = 60_000


@pytest.fixture(scope="module")
def large() -> Iterator[EmbeddedStore]:
    with EmbeddedStore.open(None) as store:
        store.replace_default([], (Quad(NamedNode(f"http://example.org/{i}"), P, Literal(i)) for i in range(ROWS)))
        yield store


def evaluations() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "kg-evaluation"]


def until(condition: Callable[[], bool], timeout_s: float = 5) -> bool:
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


# Streams


def test_long_results_come_in_blocks_and_whole(large: EmbeddedStore):
    result = large.query("SELECT * { ?s ?p ?o }", "text/csv")
    assert result.size_bytes is None
    blocks = list(result.chunks)
    assert b"".join(blocks).count(b"\r\n") == ROWS + 1
    assert all(len(block) == BLOCK_BYTES for block in blocks[1:-1])
    assert evaluations() == []


def test_small_results_are_whole_at_once(large: EmbeddedStore):
    result = large.query("SELECT ?p ?o { <http://example.org/1> ?p ?o }", "text/csv")
    assert result.size_bytes == len(b"p,o\r\nhttp://example.org/p,1\r\n")
    assert list(result.chunks) == [b"p,o\r\nhttp://example.org/p,1\r\n"]
    assert evaluations() == []


def test_graphs_are_streamed_too(large: EmbeddedStore):
    for media_type in ("text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"):
        assert sum(map(len, large.query("CONSTRUCT WHERE { ?s ?p ?o }", media_type).chunks)) > 1_000_000


def test_closing_the_reader_ends_the_evaluation(large: EmbeddedStore):
    chunks = large.query("SELECT * { ?s ?p ?o . ?x ?y ?z }", "text/csv").chunks
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]
    assert evaluations() == []
    assert list(chunks) == []


def test_closing_before_the_first_block_ends_it_too(large: EmbeddedStore):
    for _ in range(20):
        large.query("SELECT * { ?s ?p ?o . ?x ?y ?z }", "text/csv").chunks.close()  # type: ignore[attr-defined]
    assert until(lambda: evaluations() == [])


def test_dropping_the_result_ends_it_too(large: EmbeddedStore):
    result = large.query("SELECT * { ?s ?p ?o . ?x ?y ?z }", "text/csv")
    next(result.chunks)
    del result
    gc.collect()
    assert until(lambda: evaluations() == [])


def test_a_slow_reader_holds_the_engine_back(large: EmbeddedStore):
    before = sum(1 for _ in Path("/proc/self/fd").iterdir())
    chunks = large.query("SELECT * { ?s ?p ?o . ?x ?y ?z }", "text/csv").chunks
    time.sleep(0.2)
    assert len(evaluations()) == 1  # still waiting: nothing is gathered on the way
    chunks.close()  # type: ignore[attr-defined]
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) == before


def test_failure_on_the_way_is_raised_while_reading(large: EmbeddedStore):
    # XML can't carry the control character that stands behind the rest.
    query = 'SELECT * { { ?s ?p ?o } UNION { BIND ("\\u0001" AS ?o) } }'
    result = large.query(query, "application/sparql-results+xml")
    with pytest.raises(QueryFailed, match=r"U\+0001"):
        list(result.chunks)
    assert until(lambda: evaluations() == [])


def test_engine_failure_is_raised_and_leaves_no_trace(large: EmbeddedStore, capfd: pytest.CaptureFixture[str]):
    for _ in range(3):
        with pytest.raises(QueryRefused, match="nofun") as caught:
            list(large.query("SELECT * { ?s ?p ?o FILTER (<http://example.org/nofun>(?o)) }", None).chunks)
        assert caught.value.__context__ is None
        with pytest.raises(QueryRefused):
            large.select("SELECT * { ?s ?p ?o FILTER (<http://example.org/nofun>(?o)) }")
    gc.collect()
    assert "unsendable" not in capfd.readouterr().err  # the engine's iterators died in their own thread


# Folders


def test_what_is_written_is_there_after_reopening(tmp_path: Path):
    with EmbeddedStore.open(tmp_path / "new" / "data") as store:
        store.update("INSERT DATA { <urn:a> <urn:b> 1 }")
        identity = store.identity
    with EmbeddedStore.open(tmp_path / "new" / "data") as store:
        assert store.ask("ASK { <urn:a> <urn:b> 1 }")
        assert store.identity == identity
    with EmbeddedStore.open(tmp_path / "other") as store:
        assert store.identity != identity


def test_versions_of_two_starts_differ(tmp_path: Path):
    versions = set()
    for _ in range(2):
        with EmbeddedStore.open(tmp_path) as store:
            versions.add(store.version)
    assert len(versions) == 2


HOLD = """
import sys
from kg.store.embedded import EmbeddedStore
store = EmbeddedStore.open(sys.argv[1], read_only=sys.argv[2] == "read")
print("open", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(("holder", "opener"), [("write", "write"), ("write", "read"), ("read", "write")])
def test_a_held_folder_is_refused_with_its_holder(tmp_path: Path, holder: str, opener: str):
    EmbeddedStore.open(tmp_path).close()
    (tmp_path / "serve.json").write_text(json.dumps({"address": "http://127.0.0.1:8000", "pid": 7}), encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path), holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        try:
            with pytest.raises(StoreLocked, match=r"http://127\.0\.0\.1:8000 \(process 7\)"):
                EmbeddedStore.open(tmp_path, read_only=opener == "read")
        finally:
            process.kill()
    EmbeddedStore.open(tmp_path, read_only=opener == "read").close()


def test_two_readers_share_a_folder_and_cannot_write(tmp_path: Path):
    with EmbeddedStore.open(tmp_path) as store:
        store.update("INSERT DATA { <urn:a> <urn:b> 1 }")
        with pytest.raises(StoreLocked):
            EmbeddedStore.open(tmp_path)
        with pytest.raises(StoreLocked):
            EmbeddedStore.open(tmp_path, read_only=True)
    with EmbeddedStore.open(tmp_path, read_only=True) as one, EmbeddedStore.open(tmp_path, read_only=True) as two:
        assert one.ask("ASK { <urn:a> <urn:b> 1 }")
        assert two.ask("ASK { <urn:a> <urn:b> 1 }")
        with pytest.raises(StoreError):
            one.replace_default([], [Quad(P, P, P)])
        with pytest.raises(StoreError, match="read"):
            one.update("INSERT DATA { <urn:a> <urn:b> 2 }")


def test_unusable_folders(tmp_path: Path):
    with pytest.raises(StoreUnusable, match="kg load"):
        EmbeddedStore.open(tmp_path / "missing", read_only=True)
    (tmp_path / "file").write_text("", encoding="utf-8")
    for below in ("file", "file/below"):
        with pytest.raises(StoreUnusable, match="is a file"):
            EmbeddedStore.open(tmp_path / below)
    EmbeddedStore.open(tmp_path / "damaged").close()
    (tmp_path / "damaged" / "store" / "CURRENT").write_text("nonsense", encoding="utf-8")
    for read_only in (False, True):
        with pytest.raises(StoreUnusable, match="engine says"):
            EmbeddedStore.open(tmp_path / "damaged", read_only=read_only)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_permission(tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(StoreUnusable, match="may not write"):
        EmbeddedStore.open(tmp_path / "data")


def test_files_of_a_bulk_load_that_was_killed_go_with_the_next_writer(tmp_path: Path):
    with EmbeddedStore.open(tmp_path) as store:
        store.update("INSERT DATA { <urn:a> <urn:b> 1 }")
    left = tmp_path / "store" / "bulk-300253181633135431315985517261818661393.sst"
    left.write_bytes(b"half")
    with EmbeddedStore.open(tmp_path, read_only=True) as store:
        assert store.ask("ASK { <urn:a> <urn:b> 1 }")
    assert left.exists(), "a reader writes nothing"
    with EmbeddedStore.open(tmp_path) as store:
        assert store.ask("ASK { <urn:a> <urn:b> 1 }")
    assert not left.exists()


def test_backup_opens_again(tmp_path: Path):
    with EmbeddedStore.open(tmp_path / "data") as store:
        store.update("INSERT DATA { <urn:a> <urn:b> 1 }")
        store.backup(tmp_path / "copy")
        store.update("INSERT DATA { <urn:a> <urn:b> 2 }")
        with pytest.raises(StoreUnusable):
            store.backup(tmp_path / "copy")
    with EmbeddedStore.open(tmp_path / "copy") as copy:
        assert [s["o"] for s in copy.select("SELECT ?o { ?s ?p ?o }")] == [Literal(1)]
    with pytest.raises(StoreError, match="memory"):
        EmbeddedStore.open(None).backup(tmp_path / "none")


WRITE_UNTIL_KILLED = """
import sys
from kg.store.embedded import EmbeddedStore
store = EmbeddedStore.open(sys.argv[1])
number = 0
while True:
    store.update(f"INSERT DATA {{ <urn:a> <urn:b> {number} }}")
    print(number, flush=True)
    number += 1
"""


def test_acknowledged_writes_survive_kill(tmp_path: Path):
    with subprocess.Popen([sys.executable, "-c", WRITE_UNTIL_KILLED, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        last = -1
        while last < 20:
            last = int(process.stdout.readline())
        process.kill()
        rest = process.stdout.read().split(b"\n")[:-1]
        last = max([last, *map(int, rest)])
    with EmbeddedStore.open(tmp_path) as store:
        assert {int(s["o"].value) for s in store.select("SELECT ?o { ?s ?p ?o }")} >= set(range(last + 1))
