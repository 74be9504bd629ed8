"""The commands while a service holds the data folder: they ask it, and say the same as without it."""

import json
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse

from kg.cli.exits import FAILED, IMPOSSIBLE, OK, USAGE

QUERY = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


@pytest.fixture
def beside(run, service, monkeypatch):
    monkeypatch.setenv("KG_DATA_DIR", str(service))
    return run


def test_it_is_the_service_that_is_read(beside):
    result = beside("stats")
    assert result.exit_code == OK, result.output
    assert result.stdout.startswith("Read from the service at http://127.0.0.1:")


def test_the_answers_are_those_of_the_folder(beside, run, store, monkeypatch, tmp_path):
    asked = json.loads(beside("stats", "--json").stdout)
    assert asked["triples"] == store.statistics().triples_default
    assert beside("query", "-", stdin=QUERY).stdout.split()[-1] == str(asked["triples"])
    hits = beside("search", "经开区", "--json").stdout
    csv = beside("query", "-", "--format", "csv", stdin=QUERY).stdout_bytes
    monkeypatch.setenv("KG_DATA_DIR", str(tmp_path / "none"))
    assert len(json.loads(hits)) > 10
    assert run("search", "经开区", "--json").stdout == hits
    assert run("query", "-", "--format", "csv", stdin=QUERY).stdout_bytes == csv


def test_a_search_says_beside_the_label_what_it_was_found_by(beside):
    row = next(line for line in beside("search", "hnkj", "--limit", "1").stdout.splitlines() if "海诺科技" in line)
    assert "hai nuo ke ji" in row
    assert "(similar)" in beside("search", "海诺料技").stdout
    assert beside("search", "没有这个名称").exit_code == FAILED
    assert beside("search", "\\" * 30_000).exit_code == FAILED


def test_a_dump_comes_from_the_service(beside, tmp_path):
    target = tmp_path / "graph.nt"
    result = beside("dump", "--format", "ntriples", "-o", target)
    assert result.exit_code == OK, result.output
    triples = sum(1 for _ in parse(path=str(target), format=RdfFormat.N_TRIPLES))
    assert triples == json.loads(beside("stats", "--json").stdout)["triples"]
    assert beside("dump", "--format", "ntriples", "--graph", "urn:g").stdout.startswith("<urn:a> <urn:b> ")
    assert beside("dump", "--graph", "urn:none").exit_code == FAILED


def test_evidence_is_checked_through_the_service(beside, sources):
    result = beside("evidence", "check", "--sources", sources)
    assert result.exit_code == OK, result.output


def test_a_refusal_of_the_service_is_one_line(beside):
    result = beside("query", "-", stdin="SELECT (AVG(?x) AS ?y) ?z {}")
    assert result.exit_code == USAGE
    assert result.stderr.startswith("kg: ")


def test_a_load_says_what_to_stop(beside, service):
    result = beside("load")
    pid = json.loads((Path(service) / "serve.json").read_text(encoding="utf-8"))["pid"]
    assert result.exit_code == IMPOSSIBLE
    assert f"(process {pid})" in result.stderr
    assert "http://127.0.0.1:" in result.stderr


def test_a_second_service_is_refused(beside):
    result = beside("serve", "--port", "0")
    assert result.exit_code == IMPOSSIBLE
    assert "is held by the service at" in result.stderr


def test_a_service_that_does_not_answer_is_named(run, service, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    told = json.loads((Path(service) / "serve.json").read_text(encoding="utf-8"))
    (folder / "serve.json").write_text(json.dumps({**told, "address": "http://127.0.0.1:9"}), encoding="utf-8")
    result = run("stats")
    assert result.exit_code == IMPOSSIBLE
    assert "doesn't answer at http://127.0.0.1:9" in result.stderr
