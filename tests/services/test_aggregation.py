"""Groups: who is in which, what lies between them, where they stand, and what the query says of them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import pytest
from pyoxigraph import NamedNode

from kg.errors import NotFound
from kg.model.label import local_name
from kg.model.vocabulary import ID
from kg.services import aggregation, clicks, exploration, links
from kg.services.explore import Names
from kg.services.placement import HEIGHT
from kg.services.projection import ASIDE
from kg.services.viewstate import GROUPINGS, Groups, ViewState
from kg.store.embedded import EmbeddedStore


def grouped(store: EmbeddedStore, state: ViewState) -> tuple[exploration.Picture, aggregation.Aggregate]:
    picture = exploration.picture(store, state)
    return picture, aggregation.aggregate(store, state, picture.names, {e.iri for e in picture.entities})


@pytest.mark.parametrize("by", GROUPINGS)
def test_each_entity_is_in_one_group_and_lines_are_the_links_between_groups(store: EmbeddedStore, by: str) -> None:
    _, found = grouped(store, ViewState(groups=Groups("all", by)))
    inside = Counter(iri for group in found.groups for iri in group.members)
    assert set(inside) == set(links.read(store).classes)
    assert set(inside.values()) == {1}
    of = {iri: group.key for group in found.groups for iri in group.members}
    state = ViewState()
    expected: Counter[frozenset[str]] = Counter()
    counted = exploration.Counted(store, state)
    for link in {id(li): li for iri in of for li in counted.of(iri)}.values():
        if of[link.source] != of[link.target]:
            expected[frozenset({of[link.source], of[link.target]})] += 1
    assert {frozenset({li.source, li.target}): li.count for li in found.lines} == expected


@pytest.mark.parametrize("by", GROUPINGS)
def test_opening_moves_nothing_and_covers_nothing(store: EmbeddedStore, by: str) -> None:
    state = ViewState(groups=Groups("all", by))
    _, before = grouped(store, state)
    key = before.groups[0].key
    opened = aggregation.open_group(store, state, key, limit=25)
    picture, after = grouped(store, opened.state)
    places = {g.key: (g.x, g.y) for g in before.groups}
    assert all((g.x, g.y) == places[g.key] for g in after.groups)
    assert len(opened.added) == min(25, len(before.groups[0].members))
    left = next((len(g.members) for g in after.groups if g.key == key), 0)
    assert left == len(before.groups[0].members) - len(opened.added)
    boxes = [(e.box.x, e.box.y, e.width) for e in picture.entities] + [(g.x, g.y, g.width) for g in after.groups]
    overlapping = [
        (a, b) for a, b in combinations(boxes, 2) if abs(a[0] - b[0]) < (a[2] + b[2]) / 2 and abs(a[1] - b[1]) < HEIGHT
    ]
    assert overlapping == []


def test_a_group_that_is_opened_again_and_again_ends(store: EmbeddedStore) -> None:
    state = ViewState(groups=Groups("all", "class"))
    key = "class:Enterprise"
    for _ in range(20):
        try:
            state = aggregation.open_group(store, state, key).state
        except NotFound:
            break
    picture, after = grouped(store, state)
    assert key not in {g.key for g in after.groups}
    assert set(picture.classes) == {"Enterprise"}


@pytest.mark.parametrize("by", GROUPINGS)
def test_the_query_gives_the_members_and_every_link_among_them(store: EmbeddedStore, by: str) -> None:
    state = aggregation.open_group(store, ViewState(groups=Groups("all", by)), _first(store, by)).state
    state = replace(state, off=frozenset({"Measure"}))
    picture, found = grouped(store, state)
    further = [iri for group in found.groups for iri in group.members]
    rows = store.select(exploration.sparql(store, state, "zh", further))
    entities = {row["entity"].value for row in rows if isinstance(row.get("entity"), NamedNode)}  # type: ignore[union-attr]
    assert entities == {e.iri for e in picture.entities} | set(further)
    seen = {
        (row["source"].value, local_name(row["kind"].value), row["target"].value)  # type: ignore[union-attr]
        for row in rows
        if "source" in row
    }
    every = {
        (li.source, li.kind, li.target)
        for li in links.read(store).links
        if li.source in entities and li.target in entities and li.kind not in ASIDE
    }
    assert seen == every
    where = {iri: group.key for group in found.groups for iri in group.members}
    where |= {e.iri: e.box.path for e in picture.entities}
    expected = Counter(frozenset({where[a], where[b]}) for a, _, b in seen if where[a] != where[b])
    drawn = {frozenset({li.source, li.target}): li.count for li in found.lines}
    boxes = {e.box.path for e in picture.entities}
    # Links between two entities of the picture are drawn one by one, and not counted.
    assert drawn == {ends: n for ends, n in expected.items() if not ends <= boxes}


def _first(store: EmbeddedStore, by: str) -> str:
    return grouped(store, ViewState(groups=Groups("all", by)))[1].groups[0].key


def test_a_zone_and_a_chain_have_their_members(store: EmbeddedStore) -> None:
    known = links.read(store)
    zone = max(known.zones, key=lambda z: (len(known.zones[z]), z))
    assert set(aggregation.members(store, zone.removeprefix(ID))) == set(known.zones[zone])
    chain = next(iri for iri in sorted(known.classes) if "kongxinboli" in iri and "/chain/" in iri)
    inside = aggregation.members(store, chain.removeprefix(ID))
    assert chain in inside
    assert {known.classes[i] for i in inside} >= {"IndustryChain", "ChainSegment", "Enterprise"}
    assert not any(known.classes[i] == "DevelopmentZone" and i != chain for i in inside)
    for wrong in ("zone/none", "chain/none"):
        with pytest.raises(NotFound):
            aggregation.members(store, wrong)


def test_a_small_set_is_shown_whole_and_a_large_one_in_groups(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = links.read(store)
    zone = min((z for z in known.zones if len(known.zones[z]) > 5), key=lambda z: len(known.zones[z])).removeprefix(ID)
    whole = clicks.apply(store, ViewState(), f"whole {zone}").state
    assert {b.iri for b in whole.boxes} == set(known.zones[f"{ID}{zone}"])
    assert whole.groups is None
    monkeypatch.setattr(aggregation, "WHOLE_MAX", 5)
    large = clicks.apply(store, whole, f"whole {zone}").state
    assert large.groups is not None
    assert large.boxes == whole.boxes
    # The groups stand beside what is there.
    _, found = grouped(store, replace(large, boxes=large.boxes[:1]))
    assert min(g.x for g in found.groups) > max(b.x for b in whole.boxes)


@pytest.fixture(scope="module")
def many() -> Iterator[EmbeddedStore]:
    """Two thousand firms, each a zone's: too much to draw, and too many groups."""
    triples = [
        "@prefix kg: <https://w3id.org/zone-kg/ontology#> .",
        "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .",
        "@base <https://w3id.org/zone-kg/> .",
    ]
    for n in range(2000):
        zone = n % 700
        triples.append(f"<id/enterprise/e-{n}> a kg:Enterprise . <id/zone/z-{zone}> a kg:DevelopmentZone .")
        triples.append(
            f"<id/claim/k-{n}> a kg:Claim ; rdf:subject <id/enterprise/e-{n}> ; rdf:predicate kg:inZone ;"
            f" rdf:object <id/zone/z-{zone}> ; kg:modality <scheme/modality/actual> ."
        )
    with EmbeddedStore.open(None) as opened:
        opened.load_graph(None, "\n".join(triples).encode(), "text/turtle", replace=True)
        yield opened


def test_of_too_many_groups_the_smallest_are_one(many: EmbeddedStore) -> None:
    _, found = grouped(many, ViewState(groups=Groups("all", "zone")))
    assert len(found.groups) == aggregation.GROUPS_MAX
    assert sum(len(g.members) for g in found.groups) == 2700
    rest = next(g for g in found.groups if g.key == "zone:rest")
    assert len(rest.members) > 300
    opened = aggregation.open_group(many, ViewState(groups=Groups("all", "zone")), "zone:rest")
    assert len(opened.added) == 30


def test_an_empty_graph_has_no_groups() -> None:
    with EmbeddedStore.open(None) as empty:
        assert grouped(empty, ViewState(groups=Groups("all", "class")))[1].groups == []
        assert aggregation.aggregate(empty, ViewState(), Names()) == aggregation.Aggregate()
