"""The service description, read back as RDF."""

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, parse

SD = "http://www.w3.org/ns/sparql-service-description#"
VOID = "http://rdfs.org/ns/void#"
TOKEN = "-".join(["a", "token", "that", "writes"])


def described(web, accept="text/turtle"):
    answer = web.get("/sparql", headers={"Accept": accept})
    assert answer.status_code == 200
    return {(t.subject, t.predicate.value, t.object) for t in parse(answer.data, RdfFormat.from_media_type(accept))}


def values(triples, predicate):
    return {o.value for _, p, o in triples if p == predicate}


@pytest.mark.parametrize("accept", ["text/turtle", "application/n-triples", "application/rdf+xml"])
def test_what_a_reader_learns(web, small_store, accept):
    triples = described(web, accept)
    assert values(triples, f"{SD}supportedLanguage") == {f"{SD}SPARQL11Query"}
    assert values(triples, f"{SD}feature") == {f"{SD}EmptyGraphs"}
    assert values(triples, f"{SD}name") == {"urn:numbers"}
    assert len(values(triples, f"{SD}resultFormat")) >= 8
    counts = {int(o.value) for _, p, o in triples if p == f"{VOID}triples" and isinstance(o, Literal)}
    statistics = small_store.statistics()
    assert counts == {statistics.triples_default, statistics.triples_named}


def test_what_a_writer_learns(make_app):
    web = make_app(admin_token=TOKEN, service_allow=("https://example.org/sparql",)).test_client()
    triples = described(web)
    assert values(triples, f"{SD}supportedLanguage") == {f"{SD}SPARQL11Query", f"{SD}SPARQL11Update"}
    assert f"{SD}BasicFederatedQuery" in values(triples, f"{SD}feature")
    endpoints = values(triples, f"{SD}endpoint")
    assert {e.rpartition("/")[2] for e in endpoints} == {"sparql", "update"}
    for endpoint in endpoints:
        assert (NamedNode(endpoint), f"{SD}endpoint", NamedNode(endpoint)) in triples
