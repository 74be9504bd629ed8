"""What every store must do."""

import json
import threading
from io import BytesIO

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, parse

from kg.errors import (
    InvalidTerm,
    NotAcceptable,
    ParseFailed,
    QueryFailed,
    QueryRefused,
    QuerySyntaxError,
    StoreError,
)
from kg.store.protocol import STORE_DATASET, Dataset, Store

A, B, P, G = (NamedNode(f"http://example.org/{name}") for name in "abpg")
FILL = """
INSERT DATA {
  <http://example.org/a> <http://example.org/p> 1, "二"@zh .
  <http://example.org/b> <http://example.org/p> <http://example.org/a> .
  GRAPH <http://example.org/g> { <http://example.org/a> <http://example.org/p> 3 }
}"""


@pytest.fixture
def filled(fresh: Store) -> Store:
    fresh.update(FILL)
    return fresh


def body(store: Store, query: str, media_type: str | None = None, dataset: Dataset = STORE_DATASET) -> bytes:
    return b"".join(store.query(query, media_type, dataset).chunks)


def test_select_gives_terms_and_leaves_out_what_is_unbound(filled: Store):
    found = filled.select("SELECT ?o ?n { $s $p ?o OPTIONAL { ?o $p ?n FILTER (?n = 1) } }", {"s": B, "p": P})
    assert found == [{"o": A, "n": Literal(1)}]
    assert filled.select("SELECT ?o ?n { $s $p ?o . FILTER (?o = 1) OPTIONAL { ?n $s ?o } }", {"s": A, "p": P}) == [
        {"o": Literal(1)}
    ]


def test_ask_and_construct(filled: Store):
    assert filled.ask("ASK { $s ?p ?o }", {"s": A})
    assert not filled.ask("ASK { ?s ?p 7 }")
    assert filled.construct("CONSTRUCT { ?s <http://example.org/q> 1 } WHERE { ?s ?p ?o }") in (
        [
            Triple(A, NamedNode("http://example.org/q"), Literal(1)),
            Triple(B, NamedNode("http://example.org/q"), Literal(1)),
        ],
        [
            Triple(B, NamedNode("http://example.org/q"), Literal(1)),
            Triple(A, NamedNode("http://example.org/q"), Literal(1)),
        ],
    )
    assert set(filled.construct("DESCRIBE <http://example.org/b>")) == {Triple(B, P, A)}


@pytest.mark.parametrize(
    ("ask", "query"),
    [("select", "ASK {}"), ("ask", "SELECT * {}"), ("construct", "ASK {}")],
)
def test_another_form_than_asked_for_is_an_error(fresh: Store, ask: str, query: str):
    with pytest.raises(QueryFailed, match="was expected"):
        getattr(fresh, ask)(query)


def test_json_results(filled: Store):
    result = filled.query("SELECT ?o { <http://example.org/a> ?p ?o }", None)
    assert (result.form, result.media_type) == ("select", "application/sparql-results+json")
    found = json.loads(b"".join(result.chunks))
    assert sorted(found["results"]["bindings"], key=str) == [
        {"o": {"type": "literal", "value": "1", "datatype": "http://www.w3.org/2001/XMLSchema#integer"}},
        {"o": {"type": "literal", "value": "二", "xml:lang": "zh"}},
    ]
    assert json.loads(body(filled, "ASK {}"))["boolean"] is True


def test_csv_and_tsv_results(filled: Store):
    query = "SELECT ?s ?o { ?s ?p ?o FILTER (?o = 1) }"
    assert body(filled, query, "text/csv") == b"s,o\r\nhttp://example.org/a,1\r\n"
    assert body(filled, query, "text/tab-separated-values") == b"?s\t?o\n<http://example.org/a>\t1\n"


@pytest.mark.parametrize(
    ("media_type", "rdf"),
    [
        ("text/turtle", RdfFormat.TURTLE),
        ("application/n-triples", RdfFormat.N_TRIPLES),
        ("application/ld+json", RdfFormat.JSON_LD),
        ("application/rdf+xml", RdfFormat.RDF_XML),
    ],
)
def test_graph_results_read_back(filled: Store, media_type: str, rdf: RdfFormat):
    result = filled.query("CONSTRUCT WHERE { ?s ?p ?o }", media_type)
    assert (result.form, result.media_type) == ("construct", media_type)
    read = {quad.triple for quad in parse(b"".join(result.chunks), rdf)}
    assert read == {Triple(A, P, Literal(1)), Triple(A, P, Literal("二", language="zh")), Triple(B, P, A)}


def test_turtle_has_the_prefixes_of_the_house_and_of_the_query(filled: Store):
    written = body(filled, "PREFIX ex: <http://example.org/> CONSTRUCT { ?s ex:p ?o } WHERE { ?s ex:p ?o }").decode()
    assert "ex:b ex:p ex:a" in written
    assert "@prefix kg: <https://w3id.org/zone-kg/ontology#> ." in written


def test_xml_carries_carriage_returns_and_refuses_what_it_cannot(fresh: Store):
    assert b"a&#xD;\nb" in body(fresh, r'SELECT ("a\r\nb" AS ?x) {}', "application/sparql-results+xml")
    with pytest.raises(QueryFailed, match=r"U\+0001"):
        body(fresh, r'SELECT ("\u0001" AS ?x) {}', "application/sparql-results+xml")


def test_unwritable_media_type(fresh: Store):
    with pytest.raises(NotAcceptable, match="text/turtle"):
        fresh.query("CONSTRUCT WHERE { ?s ?p ?o }", "text/csv")


@pytest.mark.parametrize(
    ("dataset", "default", "named"),
    [
        (Dataset(), 3, 1),
        (Dataset(default_graphs=(G.value,)), 1, 0),
        (Dataset(named_graphs=(G.value,)), 0, 1),
        (Dataset(default_graphs=(G.value,), named_graphs=(G.value,)), 1, 1),
        (Dataset(default_graphs=("http://example.org/missing",)), 0, 0),
    ],
)
def test_dataset_of_the_protocol(filled: Store, dataset: Dataset, default: int, named: int):
    for query, count in (("SELECT * { ?s ?p ?o }", default), ("SELECT * { GRAPH ?g { ?s ?p ?o } }", named)):
        assert len(json.loads(body(filled, query, None, dataset))["results"]["bindings"]) == count


def test_dataset_with_a_forbidden_name(fresh: Store):
    with pytest.raises(InvalidTerm):
        fresh.query("ASK {}", None, Dataset(default_graphs=("http://a b",)))


def test_syntax_error_has_its_place(fresh: Store):
    with pytest.raises(QuerySyntaxError) as caught:
        fresh.query("SELECT * {\n  ?s ?p ?o } LIMT 10", None)
    assert (caught.value.line, caught.value.column) == (2, 14)
    assert "'LIMT 10' doesn't fit here" in caught.value.explanation


def test_undeclared_prefix_is_named_with_its_declaration(fresh: Store):
    with pytest.raises(QuerySyntaxError, match=r"PREFIX kg: <https://w3id\.org/zone-kg/ontology#>") as caught:
        fresh.query("SELECT *\n{ ?s a kg:Zone }", None)
    assert (caught.value.line, caught.value.column) == (2, 8)


@pytest.mark.needs("grammar")
def test_what_the_engine_knows_beyond_the_grammar_is_told(fresh: Store):
    with pytest.raises(QuerySyntaxError, match="variable that is unbound"):
        fresh.query("SELECT ?s { ?s ?p ?o } GROUP BY ?p", None)


def test_failure_during_evaluation(filled: Store):
    with pytest.raises(QueryRefused, match="nofun"):
        body(filled, "SELECT * { ?s ?p ?o FILTER (<http://example.org/nofun>(?o)) }")


@pytest.mark.needs("atomic updates")
def test_update_is_whole_or_not_at_all(fresh: Store):
    with pytest.raises(QueryFailed):
        fresh.update("INSERT DATA { <urn:a> <urn:b> 1 } ; CREATE GRAPH <urn:g> ; CREATE GRAPH <urn:g>")
    assert fresh.statistics().triples_default == 0
    with pytest.raises(QuerySyntaxError):
        fresh.update("INSERT DATA { <urn:a> <urn:b> }")


@pytest.mark.needs("version")
def test_version_changes_with_every_write(fresh: Store):
    seen = [fresh.version]
    fresh.update(FILL)
    seen.append(fresh.version)
    fresh.replace_default([], [Quad(A, P, Literal(9))])
    seen.append(fresh.version)
    fresh.load_graph(G.value, b"<urn:a> <urn:b> 1 .", "text/turtle", replace=True)
    seen.append(fresh.version)
    fresh.drop_graph(G.value)
    seen.append(fresh.version)
    fresh.ask("ASK {}")
    assert len(set(seen)) == len(seen) == 5
    assert fresh.version == seen[-1]


def test_replace_default_leaves_named_graphs_alone(filled: Store):
    filled.replace_default([Quad(A, P, Literal(1)), Quad(B, P, A)], [Quad(A, P, Literal('"}\\\n;'))])
    assert {s["o"] for s in filled.select("SELECT ?o { ?s ?p ?o }")} == {
        Literal("二", language="zh"),
        Literal('"}\\\n;'),
    }
    assert filled.statistics().triples_named == 1


@pytest.mark.parametrize("quad", [Quad(BlankNode(), P, A), Quad(A, P, BlankNode()), Quad(A, P, A, G)])
def test_replace_default_refuses_blank_nodes_and_other_graphs(filled: Store, quad: Quad):
    before = filled.statistics()
    with pytest.raises(InvalidTerm):
        filled.replace_default([Quad(A, P, Literal(1))], [Quad(A, P, Literal(8)), quad])
    assert filled.statistics() == before


def test_graphs_are_loaded_replaced_and_dropped(filled: Store):
    filled.load_graph(G.value, b"<urn:a> <urn:b> 4 .", "text/turtle", replace=False)
    assert filled.statistics().triples_named == 2
    filled.load_graph(G.value, b"<urn:a> <urn:b> _:x .", "text/turtle", replace=True)
    assert filled.statistics().triples_named == 1
    assert filled.graph_names() == [G.value]
    assert filled.has_graph(G.value)
    assert not filled.has_graph("http://example.org/missing")
    assert filled.drop_graph(G.value)
    assert not filled.drop_graph(G.value)
    assert filled.drop_graph(None)
    assert not filled.drop_graph(None)


@pytest.mark.needs("empty graphs")
def test_a_graph_without_a_triple_is_there(filled: Store):
    filled.load_graph("http://example.org/h", b"", "text/turtle", replace=False)
    assert filled.graph_names() == [G.value, "http://example.org/h"]
    assert filled.has_graph("http://example.org/h")
    assert filled.statistics().graphs_named == 2


def test_graph_that_does_not_parse_changes_nothing(filled: Store):
    before = filled.statistics()
    with pytest.raises(ParseFailed) as caught:
        filled.load_graph(G.value, b"<urn:a> <urn:b> 1 .\n<urn:a> <a b> 2 .", "text/turtle", replace=True)
    assert (caught.value.line, caught.value.column) == (2, 9)
    with pytest.raises(NotAcceptable):
        filled.load_graph(G.value, b"", "image/png", replace=True)
    assert filled.statistics() == before


def test_dump(filled: Store):
    def dumped(media_type: str, graph: str | None = None) -> int:
        out = BytesIO()
        filled.dump(out, media_type, graph)
        return out.getvalue().count(b"\n")

    assert dumped("application/n-triples") == 3
    assert dumped("application/n-triples", G.value) == 1
    assert dumped("application/n-quads") == 4
    with pytest.raises(NotAcceptable):
        dumped("text/csv")


def test_many_read_while_one_writes(filled: Store):
    failures: list[BaseException] = []

    def read() -> None:
        try:
            for _ in range(30):
                assert len(json.loads(body(filled, "SELECT * { ?s ?p ?o }"))["results"]["bindings"]) >= 3
                filled.select("SELECT * { ?s ?p ?o }")
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for number in range(20):
        filled.replace_default([], [Quad(A, P, Literal(number + 10))])
    for reader in readers:
        reader.join()
    assert failures == []
    assert filled.statistics().triples_default == 23


def test_closed_store_says_so(fresh: Store):
    fresh.close()
    with pytest.raises(StoreError, match="closed"):
        fresh.ask("ASK {}")


@pytest.mark.needs("merged default")
def test_a_triple_in_two_graphs_of_the_default_graph_is_one(fresh: Store):
    fresh.update("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> 1, 2 } GRAPH <urn:h> { <urn:a> <urn:b> 1 } }")
    counted = "SELECT (COUNT(*) AS ?n) (SAMPLE(?g) AS ?any) {from} {{ ?s ?p ?o OPTIONAL {{ GRAPH ?g {{ ?s ?p 2 }} }} }}"
    text = counted.format(**{"from": "FROM <urn:g> FROM <urn:h> FROM NAMED <urn:g>"})
    both = Dataset(("urn:g", "urn:h"), ("urn:g",))
    for result in (body(fresh, text), body(fresh, counted.format(**{"from": ""}), dataset=both)):
        row = json.loads(result)["results"]["bindings"][0]
        assert (row["n"]["value"], row["any"]["value"]) == ("2", "urn:g")


def test_relative_iris_are_relative_to_the_base(fresh: Store):
    fresh.update("INSERT DATA { <a> <urn:b> <c> }", "http://e.org/x")
    assert fresh.ask("ASK { <http://e.org/a> <urn:b> <http://e.org/c> }")
    chunks = fresh.query("ASK { <a> <urn:b> <c> }", None, base="http://e.org/y").chunks
    assert json.loads(b"".join(chunks))["boolean"]


TERMS = [
    Literal("true", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#boolean")),
    Literal("2030-12-31", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#date")),
    Literal("2030", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#gYear")),
    Literal("12.5", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#decimal")),
    Literal("经开区"),
    Literal("经开区", language="zh"),
    Literal("经开区 ", language="zh"),
    Literal('a"b\\c\n\td'),
    Literal(""),
    Literal("\U0001f600"),
    Literal(-7),
    NamedNode("http://example.org/%E5%BC%80?x=1&y=2#z"),
    NamedNode("urn:x:é"),
]


def test_terms_come_back_as_they_were(fresh: Store):
    added = [Quad(NamedNode(f"http://example.org/t{number}"), P, term) for number, term in enumerate(TERMS)]
    fresh.replace_default([], added)
    rows = fresh.select("SELECT ?s ?o { ?s ?p ?o }")
    assert {(row["s"], row["o"]) for row in rows} == {(quad.subject, quad.object) for quad in added}
    assert set(fresh.construct("CONSTRUCT WHERE { ?s ?p ?o }")) == {quad.triple for quad in added}
    lines = BytesIO()
    fresh.dump(lines, "application/n-triples")
    assert set(lines.getvalue().decode().splitlines()) == {f"{quad.triple} ." for quad in added}
    for quad in added:
        assert fresh.ask("ASK { $s ?p $o }", {"s": quad.subject, "o": quad.object}), quad.object
    fresh.replace_default(added, [])
    assert fresh.statistics().triples_default == 0


@pytest.mark.needs("booleans")
def test_true_is_not_one(fresh: Store):
    true = Literal("true", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#boolean"))
    fresh.replace_default([], [Quad(A, P, Literal(1)), Quad(A, P, true)])
    assert {row["o"] for row in fresh.select("SELECT ?o { ?s ?p ?o }")} == {Literal(1), true}


@pytest.mark.needs("RDF 1.2")
def test_a_triple_is_a_term(fresh: Store):
    fresh.replace_default([], [Quad(A, P, Triple(A, P, B))])
    assert fresh.select("SELECT ?o { ?s ?p ?o }") == [{"o": Triple(A, P, B)}]


def test_blank_nodes_of_a_graph_stay_what_they_are(fresh: Store):
    fresh.load_graph(G.value, b"<urn:a> <urn:b> _:x . _:x <urn:c> 1, 2 .", "text/turtle", replace=True)
    found = fresh.select("SELECT ?x ?n { GRAPH $g { ?a <urn:b> ?x . ?x <urn:c> ?n } }", {"g": G})
    assert {row["n"] for row in found} == {Literal(1), Literal(2)}
    assert len({row["x"] for row in found}) == 1
    assert (
        json.loads(body(fresh, "SELECT ?x { GRAPH ?g { ?x <urn:c> 1 } }"))["results"]["bindings"][0]["x"]["type"]
        == "bnode"
    )


def test_more_than_one_write_can_carry(fresh: Store):
    added = [
        Quad(NamedNode(f"http://example.org/n{n}"), NamedNode(f"http://example.org/p{n % 40}"), Literal(n))
        for n in range(12_000)
    ]
    fresh.replace_default([], added)
    assert fresh.statistics().triples_default == 12_000
    assert len(fresh.select("SELECT ?s { ?s ?p ?o }")) == 12_000
    lines = BytesIO()
    fresh.dump(lines, "application/n-triples")
    assert set(lines.getvalue().decode().splitlines()) == {f"{quad.triple} ." for quad in added}
    fresh.replace_default(added[:6_000], [])
    assert fresh.statistics().triples_default == 6_000
