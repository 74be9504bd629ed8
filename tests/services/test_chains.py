"""Segments in order, and the template's silent stages among them."""

from collections.abc import Iterator

import pytest

from kg.services import chains
from kg.services.chains import Stage
from kg.store.embedded import EmbeddedStore

PREFIXES = """
@prefix kg: <https://w3id.org/zone-kg/ontology#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@base <https://w3id.org/zone-kg/> .
"""


def claim(name: str, subject: str, predicate: str, target: str, modality: str = "actual") -> str:
    return (
        f"<id/claim/{name}> a kg:Claim ; rdf:subject <id/{subject}> ; rdf:predicate kg:{predicate} ; "
        f"rdf:object <id/{target}> ; kg:modality <scheme/modality/{modality}> ; kg:evidence <id/ev/d-1-2> ."
    )


@pytest.fixture
def store() -> Iterator[EmbeddedStore]:
    with EmbeddedStore.open(None) as opened:
        yield opened


def load(store: EmbeddedStore, *statements: str) -> None:
    store.load_graph(None, (PREFIXES + "\n".join(statements)).encode(), "text/turtle", replace=True)


def names(stages: list[Stage]) -> list[str]:
    return [s.iri.rpartition("/")[2] + ("?" if s.silent else "") for s in stages]


CHAIN = "<id/chain/c> a kg:IndustryChain ."


def test_segments_follow_what_precedes_what(store: EmbeddedStore) -> None:
    load(
        store,
        CHAIN,
        *(claim(f"h{n}", "chain/c", "hasSegment", f"segment/{n}") for n in "zyx"),
        claim("1", "segment/z", "precedes", "segment/y"),
        claim("2", "segment/y", "precedes", "segment/x"),
    )
    chain = chains.listed(store).chains[0]
    assert names(chain.stages) == ["z", "y", "x"]
    assert [s.link for s in chain.stages] == ["", "stated", "stated"]


def test_a_circle_of_precedence_still_lists_each_segment_once(store: EmbeddedStore) -> None:
    load(
        store,
        CHAIN,
        *(claim(f"h{n}", "chain/c", "hasSegment", f"segment/{n}") for n in "ab"),
        claim("1", "segment/a", "precedes", "segment/b"),
        claim("2", "segment/b", "precedes", "segment/a"),
    )
    assert names(chains.listed(store).chains[0].stages) == ["a", "b"]


def test_a_stage_of_the_template_that_nothing_fills_is_silent_and_in_its_place(store: EmbeddedStore) -> None:
    load(
        store,
        CHAIN,
        "<id/chain/c> kg:followsTemplate <id/template/t> .",
        "<id/template/t> a kg:ChainTemplate ; kg:hasStage <id/stage/1>, <id/stage/2>, <id/stage/3> .",
        *(
            f"<id/stage/{n}> a kg:TemplateStage ; kg:order {n} ; kg:stage <scheme/chain-stage/midstream> ."
            for n in (1, 2, 3)
        ),
        claim("h", "chain/c", "hasSegment", "segment/m"),
        "<id/segment/m> kg:fillsStage <id/stage/2> ; kg:stage <scheme/chain-stage/midstream> .",
    )
    stages = chains.listed(store).chains[0].stages
    assert names(stages) == ["1?", "m", "3?"]
    assert [s.link for s in stages] == ["", "template", "template"]


def test_a_segment_is_firm_only_where_something_has_happened(store: EmbeddedStore) -> None:
    load(
        store,
        CHAIN,
        claim("h", "chain/c", "hasSegment", "segment/m"),
        claim("i", "enterprise/e", "inSegment", "segment/m", "planned"),
    )
    stage = chains.listed(store).chains[0].stages[0]
    assert not stage.firm
    load(
        store,
        CHAIN,
        claim("h", "chain/c", "hasSegment", "segment/m"),
        claim("i", "enterprise/e", "inSegment", "segment/m", "planned"),
        claim("j", "enterprise/e", "inSegment", "segment/m"),
    )
    stage = chains.listed(store).chains[0].stages[0]
    assert stage.firm
    assert list(stage.members.values()) == ["actual"]


def test_a_chain_without_segments_is_listed(store: EmbeddedStore) -> None:
    load(store, CHAIN)
    assert names(chains.listed(store).chains[0].stages) == []


def test_a_bare_chain_is_listed_beside_one_that_follows_a_template(store: EmbeddedStore) -> None:
    load(store, CHAIN, "<id/chain/d> a kg:IndustryChain ; kg:followsTemplate <id/template/t> .")
    assert {c.slug for c in chains.listed(store).chains} == {"c", "d"}
