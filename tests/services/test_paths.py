"""The path finder: the shortest simple paths with their facts, or the reason why there is none."""

from itertools import pairwise
from pathlib import Path as File

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.model.vocabulary import ID
from kg.services import links, paths, projection
from kg.services.links import Link, Support
from kg.services.paths import HOPS_MAX, PATHS_MAX, Step
from kg.services.projection import Filters
from kg.services.selection import Selection
from kg.store.embedded import EmbeddedStore
from services.link_graphs import claim, e, load

DATA = File(__file__).parent.parent / "data"


def names(found: paths.Path) -> str:
    return " ".join(iri.rpartition("/")[2] for iri in found.entities)


def test_the_shortest_come_first_and_each_step_has_its_fact(kite: EmbeddedStore) -> None:
    found = paths.paths(kite, e("jane"), e("fernando"), max_paths=3)
    assert names(found.found[0]) == "jane ike heather fernando"
    assert [len(p.steps) for p in found.found] == [3, 4, 5]
    assert [step.links[0].facts for step in found.found[0].steps] == [
        [f"{ID}claim/k17"],
        [f"{ID}claim/k16"],
        [f"{ID}claim/k14"],
    ]
    assert [step.direction for step in found.found[0].steps] == ["backward", "backward", "backward"]
    assert (found.nothing, found.complete) == (None, True)


def test_a_path_says_whether_it_rests_on_one_document(kite: EmbeddedStore) -> None:
    one = paths.paths(kite, e("andre"), e("carol"), max_paths=1).found[0]
    two = paths.paths(kite, e("jane"), e("heather"), max_paths=1).found[0]
    assert (one.documents, one.one_document) == ([f"{ID}document/one"], True)
    assert (two.documents, two.one_document) == ([f"{ID}document/one", f"{ID}document/two"], False)


def test_numbers_beyond_the_limits_are_taken_as_the_nearest(kite: EmbeddedStore) -> None:
    assert len(paths.paths(kite, e("andre"), e("garth"), max_paths=10**9, max_hops=10**9).found) == PATHS_MAX
    assert len(paths.paths(kite, e("andre"), e("beverley"), max_paths=-5, max_hops=-5).found) == 1


def test_the_direction_of_a_step() -> None:
    def step(*links: tuple[str, str, str]) -> str:
        return Step("a", "b", [Link(s, k, t, (Support("f"),)) for s, k, t in links]).direction

    assert step(("a", "suppliesTo", "b")) == "forward"
    assert step(("b", "suppliesTo", "a")) == "backward"
    assert step(("a", "suppliesTo", "b"), ("b", "produces", "a")) == "both"
    assert step(("a", "partnerOf", "b")) == "both"


def test_who_is_unknown_is_named(kite: EmbeddedStore) -> None:
    nothing = paths.paths(kite, e("jane"), e("nobody")).nothing
    assert nothing
    assert (nothing.reason, nothing.entities) == ("unknown", [e("nobody")])


@pytest.mark.parametrize(
    "hostile", ["", "x", "a b", "<script>", "https://w3id.org/zone-kg/id/enterprise/a> ?p ?o", "\x00"]
)
def test_what_cannot_be_an_iri_is_unknown(kite: EmbeddedStore, hostile: str) -> None:
    nothing = paths.paths(kite, e("jane"), hostile).nothing
    assert nothing
    assert (nothing.reason, nothing.entities) == ("unknown", [hostile])


def test_an_entity_is_not_linked_with_itself(kite: EmbeddedStore) -> None:
    nothing = paths.paths(kite, e("jane"), e("jane")).nothing
    assert nothing
    assert nothing.reason == "same"


def test_a_known_entity_without_links_is_named(empty: EmbeddedStore) -> None:
    load(empty, f"<{e('alone')}> a kg:Enterprise .", claim("1", "a", "suppliesTo", "b"))
    nothing = paths.paths(empty, e("a"), e("alone")).nothing
    assert nothing
    assert (nothing.reason, nothing.entities) == ("unlinked", [e("alone")])


def test_entities_of_different_components_are_apart(empty: EmbeddedStore) -> None:
    load(
        empty,
        claim("1", "a", "suppliesTo", "b"),
        claim("2", "b", "suppliesTo", "c"),
        claim("3", "x", "suppliesTo", "y"),
    )
    nothing = paths.paths(empty, e("a"), e("y")).nothing
    assert nothing
    assert (nothing.reason, nothing.sizes) == ("apart", (3, 2))


def chain(length: int) -> list[str]:
    return [claim(f"{n}", f"n{n}", "suppliesTo", f"n{n + 1}") for n in range(length)]


def test_a_path_beyond_the_limit_is_too_far_and_is_shown(empty: EmbeddedStore) -> None:
    load(empty, *chain(5))
    nothing = paths.paths(empty, e("n0"), e("n5"), max_hops=4).nothing
    assert nothing
    assert (nothing.reason, nothing.hops) == ("far", 5)
    assert nothing.opened
    assert names(nothing.opened) == "n0 n1 n2 n3 n4 n5"
    assert len(paths.paths(empty, e("n0"), e("n5"), max_hops=5).found) == 1


def test_the_longest_path_asked_for_is_the_longest_found(empty: EmbeddedStore) -> None:
    load(empty, *chain(HOPS_MAX + 1))
    assert paths.paths(empty, e("n0"), e(f"n{HOPS_MAX}"), max_hops=99).found
    nothing = paths.paths(empty, e("n0"), e(f"n{HOPS_MAX + 1}"), max_hops=99).nothing
    assert nothing
    assert nothing.reason == "far"


def test_a_filter_that_hides_the_only_way_says_what_would_open_it(empty: EmbeddedStore) -> None:
    load(
        empty,
        claim("1", "a", "suppliesTo", "b"),
        claim("2", "b", "hostedBy", "c", "planned"),
        # A longer way round, with more that is left out.
        claim("3", "a", "developed", "d"),
        claim("4", "d", "produces", "c"),
    )
    filters = Filters(kinds=frozenset({"suppliesTo"}), selection=Selection(modalities=frozenset({"actual"})))
    nothing = paths.paths(empty, e("a"), e("c"), filters).nothing
    assert nothing
    assert nothing.reason == "filtered"
    assert (nothing.kinds, nothing.modalities, nothing.certainties) == (("hostedBy",), ("planned",), ())
    assert nothing.limits == ("kinds", "modalities")
    assert nothing.opened
    assert names(nothing.opened) == "a b c"
    opened = Filters(
        kinds=frozenset({"suppliesTo", *nothing.kinds}),
        selection=Selection(modalities=frozenset({"actual", *nothing.modalities})),
    )
    assert paths.paths(empty, e("a"), e("c"), opened).found


def test_kinds_that_are_left_out_by_default_may_open_a_way(empty: EmbeddedStore) -> None:
    load(empty, claim("1", "a", "possiblySameAs", "b"))
    nothing = paths.paths(empty, e("a"), e("b")).nothing
    assert nothing
    assert (nothing.reason, nothing.kinds) == ("filtered", ("possiblySameAs",))


def test_a_filter_on_classes_or_zones_is_named(empty: EmbeddedStore) -> None:
    load(empty, f"<{e('a')}> a kg:Enterprise . <{e('b')}> a kg:Fund .", claim("1", "a", "suppliesTo", "b"))
    by_class = paths.paths(empty, e("a"), e("b"), Filters(classes=frozenset({"Enterprise"}))).nothing
    by_zone = paths.paths(empty, e("a"), e("b"), Filters(zone=f"{ID}zone/z")).nothing
    assert by_class
    assert (by_class.reason, by_class.limits) == ("filtered", ("classes",))
    assert by_zone
    assert (by_zone.reason, by_zone.limits) == ("filtered", ("zone",))


def hub_and_detour() -> list[str]:
    spokes = [claim(f"s{n}", "hub", "suppliesTo", f"spoke{n}") for n in range(paths.HUB_DEGREE)]
    return [*spokes, claim("1", "a", "suppliesTo", "hub"), claim("2", "hub", "suppliesTo", "b"), *detour()]


def detour() -> list[str]:
    return [
        claim("3", "a", "suppliesTo", "c"),
        claim("4", "c", "suppliesTo", "d"),
        claim("5", "d", "suppliesTo", "b"),
    ]


def test_hubs_are_avoided_on_the_way_but_may_be_an_end(empty: EmbeddedStore) -> None:
    load(empty, *hub_and_detour())
    assert [names(p) for p in paths.paths(empty, e("a"), e("b")).found] == ["a hub b", "a c d b"]
    assert [names(p) for p in paths.paths(empty, e("a"), e("b"), avoid_hubs=True).found] == ["a c d b"]
    assert names(paths.paths(empty, e("a"), e("hub"), avoid_hubs=True).found[0]) == "a hub"


def test_a_way_through_hubs_alone_names_them(empty: EmbeddedStore) -> None:
    load(empty, *hub_and_detour())
    nothing = paths.paths(empty, e("a"), e("b"), avoid_hubs=True, max_hops=2).nothing
    assert nothing
    assert (nothing.reason, nothing.entities, nothing.hops) == ("hubs", [e("hub")], 2)


def test_a_search_that_costs_too_much_stops_and_says_so(kite: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "VISITED_MAX", 100)
    found = paths.paths(kite, e("andre"), e("garth"), max_paths=10)
    assert 0 < len(found.found) < 10
    assert not found.complete


@settings(max_examples=60, deadline=None)
@given(
    st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda p: p[0] != p[1]), max_size=18),
    st.integers(1, PATHS_MAX),
    st.integers(1, HOPS_MAX),
)
def test_the_paths_are_the_shortest_of_all_simple_paths(
    pairs: set[tuple[int, int]], max_paths: int, max_hops: int
) -> None:
    plain = nx.Graph(sorted(pairs))
    with EmbeddedStore.open(None) as store:
        load(store, *(claim(f"{n}", f"{a}", "suppliesTo", f"{b}") for n, (a, b) in enumerate(sorted(pairs))))
        found = paths.paths(store, e("0"), e("1"), max_paths=max_paths, max_hops=max_hops)
    expected = []
    if 0 in plain and 1 in plain:
        expected = sorted(len(p) - 1 for p in nx.all_simple_paths(plain, 0, 1, cutoff=max_hops))
    assert [len(p.steps) for p in found.found] == expected[:max_paths]
    assert len({names(p) for p in found.found}) == len(found.found)
    for path in found.found:
        assert len(set(path.entities)) == len(path.entities)
        assert all(
            plain.has_edge(int(a.rpartition("/")[2]), int(b.rpartition("/")[2])) for a, b in pairwise(path.entities)
        )
        assert all(step.links for step in path.steps)
    assert (found.nothing is None) == bool(expected)
    if found.nothing and found.nothing.reason == "far":
        assert found.nothing.hops == nx.shortest_path_length(plain, 0, 1) > max_hops


def test_hainuo_and_the_raw_material_upstream(store: EmbeddedStore) -> None:
    iris = {iri.rpartition("/")[2].rpartition("-")[0]: iri for iri in links.read(store).entities}
    found = paths.paths(store, iris["hainuokeji"], iris["zhongguohaiyangshiyoujituan"])
    first = found.found[0]
    assert len(first.steps) <= 3
    assert all(link.supports and all(s.documents for s in link.supports) for s in first.steps for link in s.links)
    assert first.one_document


def test_the_same_question_has_the_same_answer(store: EmbeddedStore) -> None:
    ends = sorted(projection.project(store).graph)
    once = paths.paths(store, ends[3], ends[-3], max_paths=10)
    again = paths.paths(store, ends[3], ends[-3], max_paths=10)
    assert [p.entities for p in once.found] == [p.entities for p in again.found]
