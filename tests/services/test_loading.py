"""The loader: what it derives, what it refuses, and that nothing it does is left half done."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.errors import ParseFailed, QueryRefused, QuerySyntaxError, ValidationFailed
from kg.services import format as formatting
from kg.services import ingest, query
from kg.services.base import BaseFiles
from kg.services.query import QueryRequest
from kg.store.embedded import EmbeddedStore

BASE = Path(__file__).parent.parent / "data/base"
PREFIX = (
    "PREFIX kg: <https://w3id.org/zone-kg/ontology#> "
    "PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> "
    "BASE <https://w3id.org/zone-kg/> "
)


@pytest.fixture
def files(tmp_path: Path) -> BaseFiles:
    """A base of our own that a test may break."""
    shutil.copytree(BASE, tmp_path / "base")
    return BaseFiles(tmp_path / "base/ontology", tmp_path / "base/graph")


def spoil(files: BaseFiles, text: str) -> Path:
    path = files.graph / "extra.ttl"
    head = "@base <https://w3id.org/zone-kg/> .\n@prefix kg: <https://w3id.org/zone-kg/ontology#> .\n"
    path.write_text(head + text, encoding="utf-8")
    return path


def test_only_actual_facts_that_are_not_over_give_a_link(files: BaseFiles):
    with EmbeddedStore.open(None) as store:
        ingest.load(store, None, files=files)
        made = store.select(PREFIX + "SELECT ?o { <id/enterprise/a> kg:produces ?o }")
        assert sorted(row["o"].value.rpartition("/")[2] for row in made) == ["not-yet-over", "x"]
        partners = store.select(PREFIX + "SELECT ?a ?b { ?a kg:partnerOf ?b }")
        assert len(partners) == 6, "three partners, each pair in both directions; talks give none"


def test_a_second_load_writes_nothing_and_needs_no_validator(files: BaseFiles, tmp_path: Path):
    with EmbeddedStore.open(tmp_path / "data") as store:
        first = ingest.load(store, tmp_path / "data", files=files)
        assert first.added > 0
        version = store.version
        again = ingest.load(store, tmp_path / "data", files=files)
        assert (again.added, again.removed, store.version) == (0, 0, version)
    code = (
        "import sys\nfrom pathlib import Path\nfrom kg.services import ingest\nfrom kg.services.base import BaseFiles\n"
        "from kg.store.embedded import EmbeddedStore\n"
        "files = BaseFiles(Path(sys.argv[1]) / 'ontology', Path(sys.argv[1]) / 'graph')\n"
        "with EmbeddedStore.open(Path(sys.argv[2])) as store:\n"
        "    assert ingest.load(store, Path(sys.argv[2]), files=files).added == 0\n"
        "assert not {'rdflib', 'pyshacl'} & set(sys.modules), 'imported for nothing'\n"
    )
    subprocess.run([sys.executable, "-c", code, files.graph.parent, tmp_path / "data"], check=True)


def test_a_change_is_applied_as_a_difference_and_named_graphs_stay(files: BaseFiles, tmp_path: Path):
    with EmbeddedStore.open(tmp_path / "data") as store:
        ingest.load(store, tmp_path / "data", files=files)
        store.update("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> 1 } }")
        spoil(files, "<id/enterprise/new> a kg:Enterprise ; <http://www.w3.org/2004/02/skos/core#prefLabel> '新'@zh .")
        before = ingest.base_version(tmp_path / "data")
        report = ingest.load(store, tmp_path / "data", files=files)
        assert (report.added, report.removed) == (2, 0)
        assert ingest.base_version(tmp_path / "data") != before
        (files.graph / "extra.ttl").unlink()
        report = ingest.load(store, tmp_path / "data", files=files)
        assert (report.added, report.removed) == (0, 2)
        assert ingest.base_version(tmp_path / "data") == before
        assert store.ask("ASK { GRAPH <urn:g> { <urn:a> <urn:b> 1 } }")


def test_what_does_not_conform_is_refused_and_the_store_is_as_it_was(files: BaseFiles, tmp_path: Path):
    with EmbeddedStore.open(tmp_path / "data") as store:
        ingest.load(store, tmp_path / "data", files=files)
        version = store.version
        spoil(files, "\n<id/enterprise/nameless> a kg:Enterprise .")
        with pytest.raises(ValidationFailed) as caught:
            ingest.load(store, tmp_path / "data", files=files)
        told = str(caught.value)
        assert "extra.ttl:4" in told
        assert "id/enterprise/nameless" in told
        assert "shape/EntityLabel" in told or "preferred label" in told
        assert store.version == version


@pytest.mark.parametrize(
    ("text", "line"), [("<id/a> a kg:Enterprise ;; .\n<id/b> a .", 4), ("[] a kg:Enterprise .", None)]
)
def test_a_broken_file_and_a_blank_node_are_refused_by_name(files: BaseFiles, text: str, line: int | None):
    path = spoil(files, text)
    with EmbeddedStore.open(None) as store:
        with pytest.raises(ParseFailed, match=r"extra\.ttl") as caught:
            ingest.load(store, None, files=files)
        assert path.name in caught.value.path
        assert line is None or caught.value.line == line
        assert not store.ask("ASK { ?s ?p ?o }")


def test_without_shapes_nothing_conforms(files: BaseFiles):
    shutil.rmtree(files.ontology / "shapes")
    with EmbeddedStore.open(None) as store, pytest.raises(ValidationFailed, match="no shape"):
        ingest.load(store, None, files=files)


def test_a_load_that_is_killed_is_made_good_by_the_next(tmp_path: Path):
    with EmbeddedStore.open(tmp_path / "clean") as store:
        wanted = ingest.load(store, tmp_path / "clean", validate=False).base_version
    code = (
        "import sys\nfrom pathlib import Path\nfrom kg.services import ingest\n"
        "from kg.store.embedded import EmbeddedStore\n"
        "store = EmbeddedStore.open(Path(sys.argv[1]))\nprint('go', flush=True)\n"
        "ingest.load(store, Path(sys.argv[1]), validate=False)\n"
    )
    for delay_s in (0.0, 0.05, 0.1, 0.15, 0.2, 0.3):
        folder = tmp_path / f"killed-{delay_s}"
        process = subprocess.Popen([sys.executable, "-c", code, folder], stdout=subprocess.PIPE)
        with process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(delay_s)
            os.kill(process.pid, signal.SIGKILL)
        with EmbeddedStore.open(folder) as store:
            assert ingest.load(store, folder, validate=False).base_version == wanted
            with EmbeddedStore.open(tmp_path / "clean", read_only=True) as clean:
                assert store.statistics() == clean.statistics()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", QuerySyntaxError),
        ("SELECT * { ?s ?p }", QuerySyntaxError),
        ("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", QueryRefused),
        ("LOAD <http://127.0.0.1:1/>", QueryRefused),
        ("INSERT DATA { <urn:a> <urn:b> 1 }", QueryRefused),
        (f"SELECT * {'{' * 300}{'}' * 300}", QueryRefused),
    ],
)
def test_guards_stand_before_the_engine(text: str, error: type[Exception]):
    with EmbeddedStore.open(None) as store, pytest.raises(error):
        query.run(store, QueryRequest(text))


def test_formatting_keeps_the_graph_and_settles(tmp_path: Path):
    odd = (
        '<urn:s> <urn:p> "a\\"b\\\\c\\nd\\t"@zh-CN , 5 , 05 , 1.50 , true , "x"^^<urn:t> , <urn:o#1> .\n'
        "<https://w3id.org/zone-kg/id/enterprise/a> a <https://w3id.org/zone-kg/ontology#Enterprise> .\n"
    )
    once = formatting.format_text(odd)
    assert formatting.format_text(once) == once
    assert set(ox.parse(once, format=ox.RdfFormat.TURTLE)) == set(ox.parse(odd, format=ox.RdfFormat.TURTLE))
    path = tmp_path / "odd.ttl"
    path.write_text(odd, encoding="utf-8")
    assert formatting.unformatted([path]) == [path]
