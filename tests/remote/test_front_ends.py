"""Two services side by side on one remote store: the same pages, whoever is asked."""

import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import virtuoso as virtuoso_module

from service import environment, running

pytestmark = pytest.mark.slow

#: What validation finds is tested elsewhere, and takes long.
UNVALIDATED = """
import functools
from kg.services import ingest
ingest.load = functools.partial(ingest.load, validate=False)
from kg.cli import main
main()
"""
GRAPH = "http://example.org/zone-kg"
TOKEN = "a-token-of-the-tests-alone"  # noqa: S105
PAGES = [
    "/",
    "/?lang=en",
    "/zones",
    "/zones/datongjingkaiqu-128d2e33",
    "/zones/compare",
    "/chains",
    "/documents",
    "/explore",
    "/sparql?" + urlencode({"query": "SELECT ?class (COUNT(*) AS ?n) { ?s a ?class } GROUP BY ?class ORDER BY ?class"}),
    "/sparql?" + urlencode({"query": "ASK { ?s a <https://w3id.org/zone-kg/ontology#DevelopmentZone> }"}),
]
COUNT = "/sparql?" + urlencode({"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "format": "csv"})
NAMED = "http://example.org/notes"


def fetch(
    address: str, method: str = "GET", data: bytes | None = None, **headers: str
) -> tuple[bytes, Mapping[str, str]]:
    request = urllib.request.Request(address, data=data, method=method, headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=120) as response:
        return response.read(), response.headers


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Mapping[str, Any]]]:
    if virtuoso_module.COMMAND is None:
        pytest.skip(virtuoso_module.MISSING)
    folder = tmp_path_factory.mktemp("pair")
    (folder / "virtuoso").mkdir()
    with ExitStack() as stack:
        store = stack.enter_context(virtuoso_module.running(folder / "virtuoso"))
        started = []
        for name in ("one", "two"):
            settings = {
                **store.settings,
                "KG_STORE_GRAPH": GRAPH,
                "KG_DATA_DIR": str(folder / name),
                "KG_ADMIN_TOKEN": TOKEN,
            }
            service = running(
                folder / name, environment(**settings), kg=[sys.executable, "-c", UNVALIDATED], patience_s=300
            )
            started.append({**stack.enter_context(service), "log": Path(f"{folder / name}.log")})
        yield started


def test_the_first_loads_and_the_second_finds_it_loaded(pair: list[Mapping[str, Any]]):
    told = [service["log"].read_text(encoding="utf-8") for service in pair]
    assert "removed)" in told[0]
    assert "no change" in told[1]
    counts = [fetch(service["address"] + COUNT)[0] for service in pair]
    assert counts[0] == counts[1]
    assert int(counts[0].split()[1]) > 10_000


@pytest.mark.parametrize("page", PAGES)
def test_both_serve_the_same(pair: list[Mapping[str, Any]], page: str):
    bodies = []
    for service in pair:
        body, headers = fetch(service["address"] + page, Accept="text/html, application/sparql-results+json")
        assert headers["Cache-Control"] == "no-store"
        assert headers["ETag"] is None
        bodies.append(body.replace(service["address"].encode(), b"http://front.example"))
    assert len(bodies[0]) > 10
    assert bodies[0] == bodies[1]


def test_what_one_writes_the_other_reads(pair: list[Mapping[str, Any]]):
    one, two = (service["address"] for service in pair)
    at = f"/graphs?graph={quote(NAMED, safe='')}"
    writer = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "text/turtle"}
    fetch(one + at, "PUT", b"<urn:a> <urn:b> 1 .", **writer)
    assert b"<urn:a> <urn:b>" in fetch(two + at, Accept="application/n-triples")[0]
    listed = "/sparql?" + urlencode({"query": "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }", "format": "csv"})
    assert fetch(one + listed)[0].split() == [b"g", NAMED.encode()]
    fetch(two + at, "DELETE", **writer)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        fetch(one + at)


@pytest.mark.parametrize(
    "update",
    [
        "INSERT DATA { <urn:a> <urn:b> 1 }",
        f"INSERT DATA {{ GRAPH <{GRAPH}> {{ <urn:a> <urn:b> 1 }} }}",
        "PREFIX e: <http://example.org/> CLEAR GRAPH e:zone-kg",
        "DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }",
        "CLEAR ALL",
        "DROP NAMED",
    ],
)
def test_the_base_is_written_by_nobody_else(pair: list[Mapping[str, Any]], update: str):
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/sparql-update"}
    with pytest.raises(urllib.error.HTTPError, match="403"):
        fetch(pair[0]["address"] + "/update", "POST", update.encode(), **headers)


def test_a_result_at_the_stores_cap_is_told_to_be_incomplete(pair: list[Mapping[str, Any]]):
    query = urlencode({"query": "SELECT ?s { ?s ?p ?o }", "format": "tsv"})
    body, headers = fetch(f"{pair[0]['address']}/sparql?{query}")
    if headers["KG-Complete"] == "streaming":
        assert b"INCOMPLETE RESULT" in body
    else:
        assert headers["KG-Complete"] == "false"
        assert "10,000 rows" in headers["KG-Incomplete-Reason"]
    query = urlencode({"query": "SELECT ?s { ?s ?p ?o } LIMIT 10000", "format": "tsv"})
    assert b"INCOMPLETE" not in fetch(f"{pair[0]['address']}/sparql?{query}")[0]
