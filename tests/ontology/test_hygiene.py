"""Hygiene queries: silent on the base, and each catches its own bad example."""

import re
from collections import Counter

import pyoxigraph as ox
import pytest

from kg.model.vocabulary import BASE, KG
from kg.services.base import build
from kg.services.validate import hygiene

from .conftest import ROOT, found

QUERIES = found("ontology/hygiene/*-violation.rq", 20)
#: How many resources a bad example has that must be reported, where it is more than one.
SEVERAL = {
    "direct-without-fact": 3,
    "fact-without-direct": 7,
    "evidence-past-end": 2,
    "name-repeated": 2,
    "part-of-cycle": 2,
    "precedes-cycle": 2,
}
ACTUAL = f"{BASE}scheme/modality/actual"


def select(store: ox.Store, query: str) -> list[str]:
    solutions = store.query(query)
    assert isinstance(solutions, ox.QuerySolutions)
    assert str(solutions.variables[0]) == "?focus"
    return [str(solution) for solution in solutions]


@pytest.mark.parametrize("path", QUERIES, ids=lambda p: p.stem)
def test_a_query_says_in_both_languages_what_it_finds(path):
    first, second, *_ = path.read_text(encoding="utf-8").splitlines()
    assert first.startswith("# ")
    assert not first.isascii()
    assert second.startswith("# ")
    assert second.isascii()


@pytest.mark.parametrize("path", QUERIES, ids=lambda p: p.stem)
def test_a_query_catches_its_bad_example_and_all_of_it(path):
    store = ox.Store()
    store.bulk_load(path=str(path).replace("-violation.rq", "-bad.ttl"), format=ox.RdfFormat.TURTLE)
    assert len(store) > 0
    solutions = store.query(path.read_text(encoding="utf-8"))
    assert isinstance(solutions, ox.QuerySolutions)
    reported = {str(solution["focus"]) for solution in solutions}
    assert len(reported) == SEVERAL.get(path.stem.removesuffix("-violation"), 1)
    assert reported <= {str(term) for quad in store for term in quad.triple}


def test_every_bad_example_has_its_query():
    assert {p.name.replace("-bad.ttl", "-violation.rq") for p in found("ontology/hygiene/*-bad.ttl")} == {
        p.name for p in QUERIES
    }


@pytest.fixture
def base(dataset) -> ox.Store:
    """The shipped base with its direct triples, to be broken."""
    store = ox.Store()
    store.bulk_load(build(dataset.listed()).data, format=ox.RdfFormat.N_TRIPLES)
    return store


def test_the_base_is_clean(base):
    for path in QUERIES:
        assert select(base, path.read_text(encoding="utf-8")) == [], path.stem


def test_the_service_runs_every_query_on_the_base(store, dataset):
    assert len([name for name in dataset.shapes() if name.endswith("-violation.rq")]) == len(QUERIES)
    assert hygiene(store, dataset) == []


def run(base: ox.Store, name: str) -> list[str]:
    return select(base, (ROOT / f"ontology/hygiene/{name}-violation.rq").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "property_",
    ["produces", "partnerOf", "suppliesTo", "chainLeader", "hasCertType", "worksFor", "projectStage"],
)
def test_each_kind_of_direct_triple_is_missed_once_it_is_gone_and_found_without_its_fact(base, property_):
    named = ox.NamedNode(KG + property_)
    direct = next(base.quads_for_pattern(None, named, None))
    base.remove(direct)
    assert run(base, "stage-missing" if property_ == "projectStage" else "fact-without-direct")
    base.add(direct)
    assert run(base, "direct-without-fact") == []
    for quad in list(base.quads_for_pattern(None, ox.NamedNode(f"{KG}modality"), ox.NamedNode(ACTUAL))):
        base.remove(quad)
    found_again = run(base, "direct-without-fact")
    assert any(re.search(rf"#{property_}>", line) for line in found_again)


def test_a_fact_loses_its_evidence(base):
    uses = list(base.quads_for_pattern(None, ox.NamedNode(f"{KG}evidence"), None))
    held_by = Counter(quad.subject for quad in uses)
    once = min((quad for quad in uses if held_by[quad.subject] == 1), key=str)
    assert isinstance(once.object, ox.NamedNode)
    for quad in list(base.quads_for_pattern(once.object, ox.NamedNode(f"{KG}source"), None)):
        base.remove(quad)
    alone = {quad.subject for quad in uses if quad.object == once.object and held_by[quad.subject] == 1}
    assert once.subject in alone
    assert len(run(base, "fact-without-evidence")) == len(alone)
