"""Hygiene queries: silent on the base, and each catches its own bad example."""

import pyoxigraph as ox
import pytest

from .conftest import found

QUERIES = found("ontology/hygiene/*-violation.rq", 15)


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
def test_a_query_catches_its_bad_example(path):
    store = ox.Store()
    store.bulk_load(path=str(path).replace("-violation.rq", "-bad.ttl"), format=ox.RdfFormat.TURTLE)
    assert len(store) > 0
    assert select(store, path.read_text(encoding="utf-8"))


def test_every_bad_example_has_its_query():
    assert len(found("ontology/hygiene/*-bad.ttl")) == len(QUERIES)


def test_the_base_is_clean(dataset):
    from kg.services.base import build

    store = ox.Store()
    store.bulk_load(build(dataset.listed()).data, format=ox.RdfFormat.N_TRIPLES)
    for path in QUERIES:
        assert select(store, path.read_text(encoding="utf-8")) == [], path.stem
