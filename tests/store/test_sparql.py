import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode

from kg.errors import InvalidTerm
from kg.store.sparql import BindingError, bind, iri, serialize

A = NamedNode("http://example.org/a")


def test_only_dollar_variables_outside_of_text_are_parameters():
    operation = "SELECT ?a { # $a\n $a ?p '$a', ?a, <http://x/$a> }"
    assert bind(operation, {"a": A}) == f"SELECT ?a {{ # $a\n {A} ?p '$a', ?a, <http://x/$a> }}"


def test_sequences_are_lists():
    assert bind("ASK { FILTER (?x IN ($list)) }", {"list": [A, Literal("b"), Literal(3)]}) == (
        'ASK { FILTER (?x IN (<http://example.org/a>, "b", "3"^^<http://www.w3.org/2001/XMLSchema#integer>)) }'
    )
    assert bind("ASK { FILTER (?x IN ($list)) }", {"list": []}) == "ASK { FILTER (?x IN ()) }"


def test_parameters_and_values_must_fit():
    with pytest.raises(BindingError, match=r"\$b of the operation has no value; there are \$a"):
        bind("ASK { $a ?p $b }", {"a": A})
    with pytest.raises(BindingError, match=r"no parameter \$c"):
        bind("ASK { $a ?p 1 }", {"a": A, "c": A})
    with pytest.raises(BindingError):
        bind("ASK { $a ?p 1 }", {})
    assert bind("ASK {}", {}) == "ASK {}"


@pytest.mark.parametrize("value", ["http://a b", "http://a/> } #", "a", "http://a/{x}", 'http://a"', "http://a\n"])
def test_iris_are_refused_not_repaired(value: str):
    with pytest.raises(InvalidTerm):
        iri(value)


@pytest.mark.parametrize("value", [BlankNode(), "http://example.org/a", 3])
def test_what_is_no_term_is_refused(value: object):
    with pytest.raises(InvalidTerm):
        bind("ASK { $a ?p 1 }", {"a": value})  # type: ignore[dict-item]
    with pytest.raises(InvalidTerm):
        serialize(BlankNode())


@given(st.text(st.characters(blacklist_categories=["Cs"])), st.sampled_from([None, "zh", "en-GB"]))
@settings(max_examples=200, deadline=None)
def test_literals_arrive_as_they_are(value: str, language: str | None):
    literal = Literal(value, language=language)
    solutions = list(ox.Store().query(bind("SELECT ?x { BIND ($value AS ?x) }", {"value": literal})))
    assert solutions[0]["x"] == literal


def test_a_list_is_written_as_its_place_wants_it():
    text = "SELECT * { VALUES ?s { $these } ?s ?p ?o FILTER (?o IN ($these)) FILTER (?p != $one) }"
    bound = bind(text, {"these": [iri("urn:a"), iri("urn:b")], "one": iri("urn:c")})
    assert "VALUES ?s { <urn:a> <urn:b> }" in bound
    assert "IN (<urn:a>, <urn:b>)" in bound
    ox.Store().query(bound)
    ox.Store().query(bind(text, {"these": [], "one": iri("urn:c")}))
