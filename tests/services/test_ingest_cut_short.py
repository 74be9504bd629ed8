"""Loads that are killed, and default graphs that belong to others."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kg.errors import StoreUnusable
from kg.services import ingest
from kg.services.base import BaseFiles
from kg.services.ingest import load
from kg.store.embedded import EmbeddedStore

TINY = Path(__file__).parent.parent / "data/base"
FILES = BaseFiles(TINY / "ontology", TINY / "graph")
#: Where a load stops to be killed: a function that it calls, whether before (0) or after (1) its work, in which call.
#: With 2 it says that it is there and goes on.
POINTS = {
    "before-announcing": ("ingest._announce", 0, 1),
    "announced": ("ingest._announce", 1, 1),
    "written": ("EmbeddedStore.replace_default", 1, 1),
    "flushed": ("EmbeddedStore.flush", 1, 1),
    "kept": ("ingest._write_whole", 1, 2),
    "in-the-manifest": ("os.fsync", 0, 5),
}
WRITING = ("EmbeddedStore.replace_default", 2, 1)
CODE = """
import sys, time
from pathlib import Path
import os
from kg.services import ingest
from kg.services.base import BaseFiles
from kg.store import embedded
from kg.store.embedded import EmbeddedStore
embedded._BULK_QUADS = int(sys.argv[8])
holder, name = sys.argv[1].rsplit(".", 1)
holder, after, calls = {"ingest": ingest, "os": os, "EmbeddedStore": EmbeddedStore}[holder], int(sys.argv[2]), [0]
work = getattr(holder, name)
def stop(*given):
    calls[0] += 1
    if calls[0] < int(sys.argv[3]):
        return work(*given)
    if after == 1:
        work(*given)
    print("here", flush=True)
    if after == 2:
        return work(*given)
    time.sleep(60)
data, files = Path(sys.argv[4]), BaseFiles(Path(sys.argv[5]), Path(sys.argv[6]))
store = EmbeddedStore.open(data)
setattr(holder, name, stop)
ingest.load(store, data, base=sys.argv[7], validate=False, files=files)
"""


def killed(
    point: tuple[str, int, int],
    data: Path,
    base: str = "graph",
    files: BaseFiles = FILES,
    delay_s: float = 0,
    bulk_quads: int = 1_000_000,
) -> None:
    """Load, in bulk from a number of quads on, and kill the loading process at a point, or so much later."""
    name, after, call = point
    folders = [str(data), str(files.ontology), str(files.graph)]
    command = [sys.executable, "-c", CODE, name, str(after), str(call), *folders, base, str(bulk_quads)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n", "the load didn't come to the point"
        time.sleep(delay_s)
        os.kill(process.pid, signal.SIGKILL)


def version_of(store: EmbeddedStore, data: Path) -> str:
    report = load(store, data, validate=False, files=FILES)
    found = sorted(str(quad.triple).encode() + b" ." for quad in store.quads())
    assert found == (data / ingest.NQUADS).read_bytes().splitlines()
    return report.base_version


@pytest.fixture(scope="module")
def wanted() -> str:
    with EmbeddedStore.open(None) as store:
        return load(store, None, validate=False, files=FILES).base_version


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("earlier", [False, True])
def test_the_next_load_ends_in_the_same_base(tmp_path: Path, wanted: str, point: str, earlier: bool):
    if earlier:
        with EmbeddedStore.open(tmp_path) as store:
            load(store, tmp_path, validate=False, files=BaseFiles(TINY / "ontology", TINY / "graph/reference"))
            store.update("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> 1 } }")
    killed(POINTS[point], tmp_path)
    with EmbeddedStore.open(tmp_path) as store:
        assert version_of(store, tmp_path) == wanted
        assert not list(tmp_path.glob("*.draft"))
        assert load(store, tmp_path, validate=False, files=FILES).added == 0
        assert store.graph_names() == (["urn:g"] if earlier else [])


@pytest.mark.parametrize("bulk_quads", [0, 1_000_000], ids=["in-bulk", "in-a-transaction"])
@pytest.mark.parametrize("delay_s", [0, 0.02, 0.06, 0.12, 0.25])
def test_a_load_of_the_shipped_base_is_killed_while_it_writes(
    tmp_path: Path, dataset: BaseFiles, store: EmbeddedStore, delay_s: float, bulk_quads: int
):
    killed(WRITING, tmp_path, files=dataset, delay_s=delay_s, bulk_quads=bulk_quads)
    with EmbeddedStore.open(tmp_path) as mended:
        assert not list(tmp_path.rglob("bulk-*"))
        assert mended.statistics().triples_default in (0, store.statistics().triples_default), "whole or not at all"
        load(mended, tmp_path, validate=False, files=dataset)
        assert set(map(str, mended.quads())) == set(map(str, store.quads()))


@pytest.mark.parametrize("point", ["announced", "written", "flushed"])
@pytest.mark.parametrize("base", ["graph", "none"])
def test_what_a_killed_load_left_is_not_left_to_others(tmp_path: Path, point: str, base: str):
    if base == "none":
        with EmbeddedStore.open(tmp_path) as store:
            load(store, tmp_path, validate=False, files=FILES)
    killed(POINTS[point], tmp_path, base)
    with EmbeddedStore.open(tmp_path) as store:
        load(store, tmp_path, base="none")
        assert store.statistics().triples_default == 0


def test_without_a_base_the_default_graph_belongs_to_others(tmp_path: Path, wanted: str):
    with EmbeddedStore.open(tmp_path) as store:
        store.update("INSERT DATA { <urn:a> <urn:b> [] }")
        report = load(store, tmp_path, base="none")
        assert (report.added, report.removed, report.files, report.base_version) == (0, 0, 0, "")
        load(store, tmp_path, base="none")
        assert store.statistics().triples_default == 1, "what others wrote stays"
        with pytest.raises(StoreUnusable, match="KG_BASE=none"):
            load(store, tmp_path, validate=False, files=FILES)
        assert store.statistics().triples_default == 1
        store.update("CLEAR DEFAULT")
        assert version_of(store, tmp_path) == wanted
        gone = load(store, tmp_path, base="none")
        assert gone.removed > 0
        assert store.statistics().triples_default == 0, "the base goes with its loader"
        assert not (tmp_path / ingest.NQUADS).exists()


def test_a_manifest_of_another_store_or_without_sense_is_not_believed(tmp_path: Path, wanted: str):
    for damage in ("", "{", '{"validation": []}', "[]", '{"base": "graph"}'):
        with EmbeddedStore.open(tmp_path) as store:
            assert version_of(store, tmp_path) == wanted
        (tmp_path / ingest.MANIFEST).write_text(damage, encoding="utf-8")
        assert ingest.base_version(tmp_path) == ""
    with EmbeddedStore.open(tmp_path) as store:
        load(store, tmp_path, validate=False, files=FILES)
    with EmbeddedStore.open(None) as other:
        assert load(other, tmp_path, validate=False, files=FILES).added > 0
