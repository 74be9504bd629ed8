"""The guards before the engine, the media types of each form, and errors in the reader's own text."""

import json

import pytest
from pyoxigraph import RdfFormat, parse

from kg.errors import KGError, NotAcceptable, QueryRefused, QuerySyntaxError, QueryTooLarge
from kg.services import query, update
from kg.services.query import DEFAULT_LIMITS, Limits, QueryRequest
from kg.services.update import UpdateRequest
from kg.store.embedded import EmbeddedStore
from kg.store.protocol import Dataset

GRAPH = "CONSTRUCT { <urn:s> <urn:p> ?x } WHERE { VALUES ?x { 1 2 } }"
FORMS = {
    "select": "SELECT ?x { VALUES ?x { 1 2 } }",
    "ask": "ASK {}",
    "construct": GRAPH,
    "describe": "DESCRIBE <urn:s>",
}


@pytest.fixture(scope="module")
def small():
    with EmbeddedStore.open(None) as store:
        store.update("INSERT DATA { <urn:s> <urn:p> 1 . GRAPH <urn:g> { <urn:s> <urn:p> 2 } }")
        yield store


class Untouched:
    """A store that must not be asked."""

    def __getattr__(self, name: str):
        raise AssertionError(f"the engine was asked for {name}")


def refused(text: str, limits: Limits = DEFAULT_LIMITS) -> KGError:
    with pytest.raises(KGError) as caught:
        query.run(Untouched(), QueryRequest(text), limits)  # type: ignore[arg-type]
    return caught.value


def test_size_counts_bytes(small: EmbeddedStore):
    text = 'ASK { FILTER ("甲" = "甲") }'
    assert (len(text), len(text.encode())) == (26, 30)
    query.run(small, QueryRequest(text), query.limits_of(30))
    error = refused(text, query.limits_of(29))
    assert isinstance(error, QueryTooLarge)
    assert "30 bytes; at most 29" in str(error)
    assert query.limits_of(29) == Limits(29, DEFAULT_LIMITS.max_nesting, DEFAULT_LIMITS.max_branches)


@pytest.mark.parametrize(("opening", "inner", "closing"), [("{ ", "", " }"), ("{ FILTER ", "(true)", " }")])
def test_nesting_is_limited_to_the_level(small: EmbeddedStore, opening: str, inner: str, closing: str):
    levels = DEFAULT_LIMITS.max_nesting - inner.count("(")
    query.run(small, QueryRequest("ASK " + "{ " * (levels - 1) + opening + inner + closing + " }" * (levels - 1)))
    for bracket in ("{}", "()"):
        body = f"ASK {{ BIND ({'(' * 500}1{')' * 500} AS ?x) }}" if bracket == "()" else "ASK " + "{" * 500 + "}" * 500
        error = refused(body)
        assert isinstance(error, QueryRefused)
        assert "200" in str(error)


@pytest.mark.parametrize(
    "text",
    [
        "ASK { {} " + "UNION {} " * 5000 + "}",
        "ASK { FILTER (true" + " || true" * 5000 + ") }",
        "ASK { FILTER (" + "!" * 5000 + "true) }",
        "ASK { <urn:s> <urn:p>" + "/<urn:p>" * 5000 + " ?o }",
    ],
)
def test_branches_are_limited(text: str):
    error = refused(text)
    assert isinstance(error, QueryRefused)
    assert "1,000" in str(error) or "1000" in str(error)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
        "SELECT * { service silent ?where { ?s ?p ?o } }",
        "SELECT * {{ SELECT * { SERVICE<http://127.0.0.1:1/>{} } }}",
        "# harmless\nLOAD <http://127.0.0.1:1/>",
        "ASK {} ; LOAD <http://127.0.0.1:1/>",
        r"SELECT * { S\u0045RVICE <http://127.0.0.1:1/> {} }",
    ],
)
def test_nothing_calls_out(text: str):
    assert isinstance(refused(text), QueryRefused | QuerySyntaxError)
    with pytest.raises(KGError):
        update.apply(Untouched(), UpdateRequest(text), default_graph=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ['ASK { FILTER ("SERVICE" = "LOAD") }', "ASK { ?load ?service <urn:SERVICE> } # LOAD"])
def test_a_word_in_a_string_or_a_name_is_no_call(small: EmbeddedStore, text: str):
    assert query.run(small, QueryRequest(text)).form == "ask"


@pytest.mark.parametrize("text", ["", "  \n# nothing\n", "PREFIX a: <urn:a>"])
def test_empty(text: str):
    error = refused(text)
    assert isinstance(error, QuerySyntaxError)
    assert "empty; write a SELECT" in str(error) or "no operation after them" in str(error)
    with EmbeddedStore.open(None) as store:
        assert update.apply(store, UpdateRequest(text)) == update.Written((), 0)


@pytest.mark.parametrize(
    "text", ["INSERT DATA { <urn:a> <urn:b> 1 }", "PREFIX a: <urn:a> DELETE WHERE { ?s ?p ?o }", "clear all"]
)
def test_an_update_is_no_query_nor_a_query_an_update(text: str):
    error = refused(text)
    assert isinstance(error, QueryRefused)
    assert "This is an update" in str(error)
    with pytest.raises(QueryRefused, match="This is a query"):
        update.apply(Untouched(), UpdateRequest("SELECT * { ?s ?p ?o }"))  # type: ignore[arg-type]


def test_an_update_writes():
    with EmbeddedStore.open(None) as store:
        update.apply(store, UpdateRequest("INSERT DATA { <urn:a> <urn:b> '<' }"), default_graph=True)
        assert store.ask("ASK { <urn:a> <urn:b> '<' }")
        with pytest.raises(QuerySyntaxError) as caught:
            update.apply(store, UpdateRequest("INSERT DATA {\n  <urn:a> <urn:b> '>' } LIMT"), default_graph=True)
        assert (caught.value.line, caught.value.column) == (2, 25), "the text went to the engine as it stood"
        with pytest.raises(QuerySyntaxError) as caught:
            update.apply(
                store, UpdateRequest("INSERT DATA {\n  <urn:a> <urn:load> 'service' } LIMT"), default_graph=True
            )
        assert (caught.value.line, caught.value.column) == (2, 34), "and here with its IRIs spelt as escapes"


@pytest.mark.parametrize("form", FORMS)
def test_each_form_has_its_media_types(small: EmbeddedStore, form: str):
    offered = query.formats_for(form)  # type: ignore[arg-type]
    assert len(offered) >= 3 if form != "ask" else offered
    default = query.run(small, QueryRequest(FORMS[form]))
    assert default.media_type == offered[0].media_type
    b"".join(default.chunks)
    for written in offered:
        result = query.run(small, QueryRequest(FORMS[form], written.media_type))
        assert (result.form, result.media_type) == (form, written.media_type)
        assert b"".join(result.chunks)
    other = "text/turtle" if form in ("select", "ask") else "application/sparql-results+xml"
    with pytest.raises(NotAcceptable) as caught:
        query.run(small, QueryRequest(FORMS[form], other))
    assert caught.value.offered == [one.media_type for one in offered]


def test_results_and_dataset(small: EmbeddedStore):
    request = QueryRequest("SELECT ?o { <urn:s> <urn:p> ?o }", None, Dataset(default_graphs=("urn:g",)))
    found = json.loads(b"".join(query.run(small, request).chunks))["results"]["bindings"]
    assert [row["o"]["value"] for row in found] == ["2"]
    triples = list(parse(b"".join(query.run(small, QueryRequest(GRAPH, "text/turtle")).chunks), RdfFormat.TURTLE))
    assert len(triples) == 2


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("SELECT * {\n  ?s ?p ?o } LIMT 10", 2, 14),
        # The guard spells the IRIs of this one as escapes; the columns are still those of what was written.
        ("SELECT * {\n  <urn:a> <urn:load> '>', <urn:c> } LIMT 10", 2, 37),
        ("SELECT * { ?s <urn:甲> '<>' } LIMT 1", 1, 30),
        ('SELECT * {\n\n ?s ?p "open }', 3, 8),
    ],
)
def test_syntax_errors_stand_in_the_readers_text(small: EmbeddedStore, text: str, line: int, column: int):
    with pytest.raises(QuerySyntaxError) as caught:
        query.run(small, QueryRequest(text))
    assert (caught.value.line, caught.value.column) == (line, column)


def test_the_prologue_tells_the_form_without_running():
    found = query.read_prologue("# c\nPREFIX kg: <urn:k#> BASE <urn:b> construct where { ?s ?p ?o }")
    assert (found.form, found.base, dict(found.prefixes)) == ("construct", "urn:b", {"kg": "urn:k#"})
