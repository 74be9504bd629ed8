"""Which facts count as links: each class of fact, each filter, and nothing twice."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from pyoxigraph import NamedNode

from kg import paths
from kg.errors import QueryRefused
from kg.model.vocabulary import BASE, ID, KG
from kg.services import explore, links, projection
from kg.services.links import Link
from kg.services.projection import ASIDE, Filters
from kg.services.selection import Selection
from kg.store.embedded import EmbeddedStore

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture
def nary() -> Iterator[EmbeddedStore]:
    with EmbeddedStore.open(None) as opened:
        opened.load_graph(None, (DATA / "nary.ttl").read_bytes(), "text/turtle", replace=True)
        yield opened


def short(link: Link) -> str:
    return f"{link.source.removeprefix(ID)} {link.kind} {link.target.removeprefix(ID)}"


def all_kinds(store: EmbeddedStore) -> frozenset[str]:
    return frozenset(links.read(store).kinds())


WHOLE = [
    "award: enterprise/b event event/e",
    "certification: enterprise/a authority government/o",
    "chain: chain/c chainLeader enterprise/a",
    "chain: chain/c member enterprise/b",
    "claim: chain/c hasSegment segment/s",
    "claim: enterprise/a inZone zone/z",
    "claim: zone/z hasChain chain/c",
    "investment: fund/f investsIn project/p",
    "observation: zone/z setBy policy/l",
    "partnership: enterprise/a outcome product/g",
    "partnership: enterprise/a partnerOf enterprise/b",
    "partnership: enterprise/a partnerOf university/u",
    "partnership: enterprise/a topic project/p",
    "partnership: enterprise/b outcome product/g",
    "partnership: enterprise/b partnerOf university/u",
    "partnership: enterprise/b topic project/p",
    "partnership: university/u outcome product/g",
    "partnership: university/u topic project/p",
    "position: person/n worksFor enterprise/a",
    "status: fund/f authority government/o",
    "supply: enterprise/a product product/g",
    "supply: enterprise/a suppliesTo enterprise/b",
    "supply: product/g customer enterprise/b",
]


def test_each_class_of_fact_makes_the_links_that_the_table_says(nary: EmbeddedStore) -> None:
    found = sorted(short(link) for link in projection.project(nary).links)
    assert found == sorted(line.partition(": ")[2] for line in WHOLE)


def test_a_derived_triple_beside_its_fact_counts_once(nary: EmbeddedStore) -> None:
    between = projection.project(nary).between(f"{ID}enterprise/a", f"{ID}enterprise/b")
    assert [short(link) for link in between] == [
        "enterprise/a partnerOf enterprise/b",
        "enterprise/a suppliesTo enterprise/b",
    ]
    assert [link.facts for link in between] == [[f"{ID}partnership/1"], [f"{ID}supply/1"]]
    assert projection.project(nary).graph.edges[f"{ID}enterprise/a", f"{ID}enterprise/b"]["weight"] == 2


def test_a_link_keeps_every_fact_with_manner_and_documents(nary: EmbeddedStore) -> None:
    (link,) = projection.project(nary).between(f"{ID}zone/z", f"{ID}enterprise/a")
    assert [(s.fact.removeprefix(ID), s.modality, s.certainty, len(s.documents)) for s in link.supports] == [
        ("claim/in", "actual", "stated", 2),
        ("claim/in-again", "planned", "inferred", 1),
    ]
    assert links.documents_of([link]) == [f"{ID}document/one", f"{ID}document/three", f"{ID}document/two"]


def test_the_class_that_pages_show_is_the_class_that_counts(nary: EmbeddedStore) -> None:
    assert links.read(nary).classes[f"{ID}enterprise/a"] == "Enterprise"


def test_what_speaks_of_records_is_left_out_unless_it_is_named(nary: EmbeddedStore) -> None:
    assert "possiblySameAs" not in {link.kind for link in projection.project(nary).links}
    named = projection.project(nary, Filters(kinds=frozenset({"possiblySameAs"})))
    assert [short(link) for link in named.links] == ["enterprise/a possiblySameAs enterprise/b"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(kinds=frozenset()), []),
        (Filters(kinds=frozenset({"no-such-kind"})), []),
        (Filters(kinds=frozenset({"hasChain", "no-such-kind"})), ["zone/z hasChain chain/c"]),
        (Filters(Selection(modalities=frozenset({"intended"}))), ["fund/f investsIn project/p"]),
        (Filters(Selection(modalities=frozenset({"planned"}))), ["enterprise/a inZone zone/z"]),
        (Filters(Selection(certainties=frozenset({"inferred"}))), ["enterprise/a inZone zone/z"]),
        (Filters(Selection(certainties=frozenset({"conjecture"}))), []),
        (Filters(classes=frozenset({"Enterprise", "University"}), kinds=frozenset({"suppliesTo", "topic"})),
         ["enterprise/a suppliesTo enterprise/b"]),
        (Filters(Selection(modalities=frozenset({"actual"})), zone=f"{ID}zone/z"),
         ["chain/c chainLeader enterprise/a", "chain/c hasSegment segment/s",
          "enterprise/a inZone zone/z", "zone/z hasChain chain/c"]),
        (Filters(zone=f"{ID}zone/other"), []),
    ],
)  # fmt: skip
def test_filters_let_through_what_they_say(nary: EmbeddedStore, filters: Filters, expected: list[str]) -> None:
    assert sorted(short(link) for link in projection.project(nary, filters).links) == expected


def test_a_filter_keeps_of_a_link_only_the_facts_that_pass(nary: EmbeddedStore) -> None:
    planned = projection.project(nary, Filters(Selection(modalities=frozenset({"planned"}))))
    assert [link.facts for link in planned.links] == [[f"{ID}claim/in-again"]]


def test_what_has_ended_counts_only_on_a_day_before(nary: EmbeddedStore) -> None:
    kinds = frozenset({"inZone"})

    def sources(day: date | None) -> list[str]:
        links = projection.project(nary, Filters(kinds=kinds, selection=Selection(as_of=day))).links
        return [link.source.removeprefix(ID) for link in links]

    assert sources(None) == ["enterprise/a"]
    assert sources(date(2023, 1, 1)) == ["enterprise/a", "enterprise/b"]
    assert sources(date(2024, 6, 30)) == ["enterprise/a"]
    assert sources(date(2019, 12, 31)) == ["enterprise/a"]


def test_what_happened_later_than_the_day_is_left_out_and_a_plan_for_later_stays(nary: EmbeddedStore) -> None:
    links = projection.project(nary, Filters(selection=Selection(as_of=date(2025, 6, 29)))).links
    assert "suppliesTo" not in {link.kind for link in links}
    assert "setBy" in {link.kind for link in links}
    assert "suppliesTo" in {
        k.kind for k in projection.project(nary, Filters(selection=Selection(as_of=date(2025, 6, 30)))).links
    }


def test_nodes_stand_in_the_order_of_their_iris_and_the_graph_is_fixed(nary: EmbeddedStore) -> None:
    graph = projection.project(nary).graph
    assert list(graph) == sorted(graph)
    with pytest.raises(Exception, match=r"[Ff]rozen"):
        graph.add_edge("a", "b")


def test_made_up_names_make_no_further_projection(nary: EmbeddedStore) -> None:
    kinds = all_kinds(nary) - ASIDE
    assert projection.project(nary) is projection.project(nary, Filters(kinds=kinds | {"made-up"}))


def test_a_day_on_which_nothing_changes_makes_no_further_projection(nary: EmbeddedStore) -> None:
    def on(day: date) -> projection.Projection:
        return projection.project(nary, Filters(Selection(as_of=day)))

    assert on(date(2023, 1, 1)) is on(date(2023, 12, 31))
    assert on(date(2024, 6, 29)) is not on(date(2024, 6, 30))
    assert on(date(1900, 1, 1)) is on(date(1, 1, 1))
    assert on(date(2025, 6, 30)) is on(date(9999, 12, 31))


def test_only_so_many_projections_are_kept(nary: EmbeddedStore) -> None:
    first = projection.project(nary)
    kinds = sorted(all_kinds(nary))[: projection.KEPT]
    assert len(kinds) == projection.KEPT
    for kind in kinds:
        projection.project(nary, Filters(kinds=frozenset({kind})))
    assert projection.project(nary) is not first


def test_a_partnership_of_very_many_makes_no_links_among_them(nary: EmbeddedStore) -> None:
    partners = ", ".join(f"<id/enterprise/m{n}>" for n in range(links.PARTNERS_MAX + 1))
    nary.load_graph(
        None,
        f"@base <{BASE}> . @prefix kg: <{KG}> . <id/partnership/2> a kg:Partnership ; kg:partner {partners} ; "
        "kg:topic <id/project/p> ; kg:modality <scheme/modality/actual> .".encode(),
        "text/turtle",
        replace=False,
    )
    of_many = [link for link in projection.project(nary).links if f"{ID}partnership/2" in link.facts]
    assert {link.kind for link in of_many} == {"topic"}
    assert len(of_many) == links.PARTNERS_MAX + 1


def test_a_graph_too_large_is_refused_with_advice(nary: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "FACTS_MAX", 5)
    with pytest.raises(QueryRefused, match="at most 5") as refused:
        projection.project(nary)
    assert "SPARQL" in refused.value.advice


def test_an_empty_store_has_an_empty_projection() -> None:
    with EmbeddedStore.open(None) as empty:
        assert len(projection.project(empty).graph) == 0


def test_every_fact_of_the_base_that_names_two_entities_makes_a_link(store: EmbeddedStore) -> None:
    linked = {fact for link in links.read(store).links for fact in link.facts}
    entities = links.read(store).entities
    rows = store.select("PREFIX kg: <https://w3id.org/zone-kg/ontology#> SELECT ?fact { ?fact kg:modality ?m }")
    facts = explore.load_facts(store, [explore.iri_in(row, "fact") for row in rows])
    assert len(facts) > 800
    for fact in facts:
        named = [iri for iri in fact.entities() if links._is_entity(iri) and iri != fact.predicate]
        if len(named) > 1:
            assert fact.iri in linked, f"{fact.path} names {named}"
            assert entities.issuperset(named)


def test_every_kind_of_link_has_a_label_in_both_languages(store: EmbeddedStore) -> None:
    kinds = {*all_kinds(store), *(kind for links in links.ROLES.values() for *_, kind in links), "chainLeader"}
    rows = store.select(
        paths.query("explore/names.rq"), {"resources": [NamedNode(f"{KG}{kind}") for kind in sorted(kinds)]}
    )
    labelled = {
        (explore.iri_in(row, "resource").removeprefix(KG), row["label"].language) for row in rows if "label" in row
    }
    assert labelled >= {(kind, language) for kind in kinds for language in ("zh", "en")}


def test_what_belongs_to_a_zone_is_in_it_or_of_it_and_no_partner(store: EmbeddedStore) -> None:
    zones = links.read(store).zones
    gaoping = next(members for zone, members in zones.items() if "gaoping" in zone)
    slugs = {iri.rpartition("/")[2].rpartition("-")[0] for iri in gaoping}
    assert "hainuokeji" in slugs
    assert "kongxinboliweizhuchanyelian" in slugs
    assert "zhongguohaiyangshiyoujituan" not in slugs
