"""Counting and cutting results while they are written."""

import csv
import io
import json
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest

from kg.store.meter import Full, Meter

NASTY = ["plain", "},{", '"},{"', "a\nb", "<result>", "&", "\\", '\\"', "},{}", "", '"', "\r\n", "]}}", "大同"]
FORMATS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}


def rows_of(name: str, body: bytes) -> int:
    match name:
        case "json":
            return len(json.loads(body)["results"]["bindings"])
        case "xml":
            return len(ElementTree.fromstring(body).findall(".//{*}result"))  # noqa: S314
        case "csv":
            return len(list(csv.reader(io.StringIO(body.decode(), newline=""), strict=True))) - 1
        case "tsv":
            return len(list(ox.parse_query_results(body, format=ox.QueryResultsFormat.TSV)))  # type: ignore[arg-type]
    return len(list(ox.parse(body, format=ox.RdfFormat.N_TRIPLES)))


@pytest.fixture(scope="module")
def bodies() -> dict[str, bytes]:
    store = ox.Store()
    store.extend(
        ox.Quad(ox.NamedNode(f"urn:{n}"), ox.NamedNode("urn:p"), ox.Literal(text)) for n in range(3) for text in NASTY
    )
    query = "SELECT ?o ?unbound ?s { ?s ?p ?o } ORDER BY ?s ?o"
    found = {name: bytes(store.query(query).serialize(format=f)) for name, f in FORMATS.items()}  # type: ignore[union-attr]
    triples = store.query("CONSTRUCT WHERE { ?s ?p ?o }")
    return {**found, "ntriples": bytes(triples.serialize(format=ox.RdfFormat.N_TRIPLES))}  # type: ignore[union-attr]


def fed(meter: Meter, body: bytes, step: int) -> tuple[bytes, Full | None]:
    out = b""
    try:
        for start in range(0, len(body), step):
            out += meter.feed(body[start : start + step])
        return out + meter.rest(), None
    except Full as full:
        return out + full.last, full


@pytest.mark.parametrize("name", [*FORMATS, "ntriples"])
@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 10_000])
def test_a_result_is_cut_at_the_very_row_and_can_be_closed(bodies, name, step):
    body = bodies[name]
    whole = len(NASTY) * 3
    assert rows_of(name, body) == whole
    for most in (1, 2, 5, whole - 1):
        out, full = fed(Meter(name, max_rows=most), body, step)
        assert full is not None
        assert full.limit == "rows"
        assert full.closing is not None
        assert body.startswith(out)
        assert rows_of(name, out + full.closing) == most
    for most in (whole, whole + 1, 1 << 62):
        assert fed(Meter(name, max_rows=most), body, step) == (body, None)


@pytest.mark.parametrize("name", [*FORMATS, "ntriples", "jsonld", "rdfxml", "turtle"])
def test_bytes_are_cut_where_they_are(bodies, name):
    body = bodies.get(name, b"x" * 1000)
    out, full = fed(Meter(name, max_bytes=200), body, 64)
    assert full is not None
    assert (full.limit, full.closing) == ("bytes", None)
    assert out == body[:200]
    assert fed(Meter(name, max_bytes=len(body)), body, 64) == (body, None)


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_an_answer_without_solutions_passes(name):
    store = ox.Store()
    for query in ("SELECT ?x { ?x ?y ?z }", "ASK {}"):
        results = store.query(query)
        body = bytes(results.serialize(format=FORMATS[name]))  # type: ignore[union-attr]
        assert fed(Meter(name, max_rows=1), body, 3) == (body, None)
