"""RDF that is looked at before the writer reads it."""

import pyoxigraph as ox
import pytest

from kg.errors import QueryCrashed, QueryOutOfMemory, QueryRefused
from kg.store.embedded import EmbeddedStore
from kg.store.evaluations import Evaluations
from kg.store.examine import MOST_NESTING, examine, examine_apart
from kg.store.protocol import Conditions

TURTLE, NTRIPLES, XML = "text/turtle", "application/n-triples", "application/rdf+xml"
PLENTY = 1_000_000


def nested(levels: int) -> bytes:
    return b"<urn:a> <urn:b> " + b"<<( <urn:a> <urn:b> " * levels + b'"1"' + b" )>>" * levels + b" .\n"


def laughing() -> bytes:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    return (
        f'<!DOCTYPE rdf:RDF [<!ENTITY a0 "{"x" * 100}">{entities}]><rdf:RDF xmlns:rdf="{rdf}" xmlns:p="urn:p">'
        "<rdf:Description><p:b>&a9;</p:b></rdf:Description></rdf:RDF>"
    ).encode()


@pytest.mark.parametrize("look", [examine, examine_apart])
@pytest.mark.parametrize("media_type", [TURTLE, NTRIPLES])
def test_what_is_harmless_passes_and_what_nests_is_refused(look, media_type):
    look(nested(MOST_NESTING), media_type, None, PLENTY)
    with pytest.raises(QueryRefused, match="levels deep"):
        look(nested(MOST_NESTING + 1), media_type, None, PLENTY)


def test_what_is_not_well_formed_is_left_to_its_reader():
    examine_apart(b"<urn:a> <urn:b> ", TURTLE, None, PLENTY)
    examine_apart(b"<urn:a> <urn:b> <urn:c> .", "text/plain+unknown", None, PLENTY)


def test_a_prefix_that_stands_for_much_is_refused():
    data = f"@prefix a: <urn:{'x' * 10_000}> .\n".encode() + b"a:a a:b a:c .\n" * 100
    with pytest.raises(QueryRefused, match="as N-Triples"):
        examine_apart(data, TURTLE, None, PLENTY)
    examine_apart(data, TURTLE, None, 10 * PLENTY)


@pytest.mark.slow
def test_what_ends_a_worker_ends_a_worker_alone(tmp_path):
    with EmbeddedStore.open(tmp_path / "data") as store:
        evaluations = Evaluations(store, Conditions(5, 1000, 100_000), size=1, memory_mb=128, at_once=4)
        try:
            with pytest.raises(QueryCrashed):
                evaluations.examine(nested(100_000), NTRIPLES, None, 100 * PLENTY)
            with pytest.raises((QueryRefused, QueryOutOfMemory)):
                evaluations.examine(laughing(), XML, None, 10 * PLENTY)
            whole = b'<urn:a> <urn:b> "1" .\n' * 400_000
            evaluations.examine(whole, NTRIPLES, None, 2 * len(whole))
            assert evaluations.query("ASK {}", "application/sparql-results+json").form == "ask"
            assert store.ask("ASK {}")
        finally:
            evaluations.close()
        store.load_graph("urn:g", nested(MOST_NESTING), NTRIPLES, replace=False)
        assert len(list(store.quads("urn:g"))) == 1
        assert isinstance(next(store.quads("urn:g")).object, ox.Triple)
