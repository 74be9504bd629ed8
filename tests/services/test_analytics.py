"""Measures on graphs of known answers, beside brute force, and on the shipped base."""

import subprocess
import sys
from pathlib import Path

import networkx as nx
import pytest

from kg.model.vocabulary import ID
from kg.services import analytics, links, projection
from kg.services.projection import Filters
from kg.services.selection import Selection
from kg.store.embedded import EmbeddedStore
from services.link_graphs import e

DATA = Path(__file__).parent.parent / "data"


def test_the_kite_has_the_values_that_are_known_of_it(kite: EmbeddedStore) -> None:
    found = analytics.measures(kite)
    assert {iri.rpartition("/")[2]: m.degree for iri, m in found.items()} == {
        "andre": 4,
        "beverley": 4,
        "carol": 3,
        "diane": 6,
        "ed": 3,
        "fernando": 5,
        "garth": 5,
        "heather": 3,
        "ike": 2,
        "jane": 1,
    }
    assert found[e("diane")].degree_share == pytest.approx(6 / 9)
    assert found[e("heather")].betweenness == pytest.approx(14 / 36)
    assert found[e("ike")].betweenness == pytest.approx(8 / 36)
    assert found[e("jane")].betweenness == 0
    assert [iri for iri, m in found.items() if m.articulation] == [e("heather"), e("ike")]


def test_rankings_put_diane_and_heather_first_and_give_their_links(kite: EmbeddedStore) -> None:
    connected = analytics.ranking(kite, "degree")
    bridging = analytics.ranking(kite, "betweenness")
    assert connected.rows[0].entity == e("diane")
    assert bridging.rows[0].entity == e("heather")
    assert (connected.definition, bridging.definition) == ("degree", "betweenness")
    assert len(connected.rows[0].links) == 6
    assert connected.rows[0].one_document
    assert not bridging.rows[0].one_document
    assert bridging.rows[0].documents == [f"{ID}document/one", f"{ID}document/two"]
    assert (connected.total, connected.entities) == (10, 10)
    # Whom no shortest path leads through bridges nothing.
    assert e("jane") not in {row.entity for row in bridging.rows}


def test_a_ranking_lists_of_one_kind_or_zone_with_the_same_values(store: EmbeddedStore) -> None:
    every = {row.entity: row.value for row in analytics.ranking(store, max_rows=500).rows}
    zone = next(z for z in links.read(store).zones if "gaoping" in z)
    enterprises = analytics.ranking(store, kind="Enterprise", max_rows=500)
    of_zone = analytics.ranking(store, zone=zone, max_rows=500)
    classes = links.read(store).classes
    assert {classes[row.entity] for row in enterprises.rows} == {"Enterprise"}
    assert {row.entity for row in of_zone.rows} <= links.read(store).zones[zone]
    for row in [*enterprises.rows, *of_zone.rows]:
        assert every[row.entity] == row.value
    assert [row.value for row in of_zone.rows] == sorted((row.value for row in of_zone.rows), reverse=True)


def test_the_base_has_the_degree_that_counting_by_hand_gives(store: EmbeddedStore) -> None:
    found = analytics.measures(store)
    for row in analytics.ranking(store, max_rows=20).rows:
        neighbours = {link.other(row.entity) for link in row.links}
        assert found[row.entity].degree == len(neighbours) == row.value


def test_the_rows_asked_for_have_a_limit(store: EmbeddedStore) -> None:
    assert len(analytics.ranking(store, max_rows=10**9).rows) <= analytics.ROWS_MAX
    assert len(analytics.ranking(store, max_rows=-3).rows) == 1


def test_a_measure_that_is_none_counts_as_degree(kite: EmbeddedStore) -> None:
    assert analytics.ranking(kite, "<script>").definition == "degree"


def test_communities_are_a_partition_in_order_of_size(store: EmbeddedStore) -> None:
    analysis = analytics.analyse(store)
    members = [iri for community in analysis.communities for iri in community.members]
    assert sorted(members) == sorted(analysis.projection.graph)
    sizes = [len(community.members) for community in analysis.communities]
    assert sizes == sorted(sizes, reverse=True)
    assert [c.number for c in analysis.communities] == list(range(1, len(sizes) + 1))
    assert 0.3 < analysis.modularity <= 1
    for community in analysis.communities:
        inside = set(community.members)
        assert all(link.source in inside and link.target in inside for link in community.links)
        assert {analysis.by_entity[iri].community for iri in inside} == {community.number}


TWO_CLIQUES = """
@prefix kg: <https://w3id.org/zone-kg/ontology#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@base <https://w3id.org/zone-kg/> .
"""


def test_two_groups_joined_by_one_link_are_two_communities(empty: EmbeddedStore) -> None:
    groups = ["abcde", "vwxyz"]
    pairs = [(p, q) for group in groups for p in group for q in group if p < q] + [("a", "z")]
    claims = [
        f"<id/claim/{p}{q}> a kg:Claim ; rdf:subject <{e(p)}> ; rdf:predicate kg:connectedTo ; rdf:object <{e(q)}> ; "
        "kg:modality <scheme/modality/actual> ."
        for p, q in pairs
    ]
    empty.load_graph(None, (TWO_CLIQUES + "\n".join(claims)).encode(), "text/turtle", replace=True)
    found = [{iri.rpartition("/")[2] for iri in c.members} for c in analytics.analyse(empty).communities]
    assert found == [set(group) for group in groups]


PROGRAM = """
import sys
from pathlib import Path
from kg.services import analytics
from kg.store.embedded import EmbeddedStore
store = EmbeddedStore.open(None)
store.load_graph(None, Path(sys.argv[1]).read_bytes(), "text/turtle", replace=True)
print([list(c.members) for c in analytics.analyse(store).communities])
print([(r.entity, r.value) for r in analytics.ranking(store, "betweenness").rows])
"""


def test_another_process_finds_the_same() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM, DATA / "kite.ttl"],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1


def test_a_large_graph_is_estimated_and_says_from_how_many_points(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = projection.project(store).graph
    plain = nx.Graph((n, m) for n, m in nx.convert_node_labels_to_integers(nx.Graph(list(graph.edges))).edges)
    exact, none = analytics._betweenness(plain)
    assert none is None
    monkeypatch.setattr(analytics, "EXACT_STEPS", 100 * (len(plain) + plain.number_of_edges()))
    estimate, pivots = analytics._betweenness(plain)
    assert pivots == 100
    assert estimate == analytics._betweenness(plain)[0]
    top = sorted(exact, key=lambda n: -exact[n])[:5]
    assert len(set(top) & set(sorted(estimate, key=lambda n: -estimate[n])[:8])) >= 4


def test_filters_decide_what_is_counted(store: EmbeddedStore) -> None:
    everything, actual = (
        analytics.measures(store),
        analytics.measures(store, Filters(selection=Selection(modalities=frozenset({"actual"})))),
    )
    assert len(actual) < len(everything)
    assert all(everything[iri].degree >= m.degree for iri, m in actual.items())


def test_an_empty_graph_has_no_measures(empty: EmbeddedStore) -> None:
    assert analytics.measures(empty) == {}
    assert analytics.ranking(empty).rows == []
    assert analytics.analyse(empty).communities == []


def test_what_was_computed_is_kept_until_the_graph_changes(kite: EmbeddedStore) -> None:
    first = analytics.analyse(kite)
    assert analytics.analyse(kite) is first
    kite.update("DELETE WHERE { <https://w3id.org/zone-kg/id/claim/k17> ?p ?o }")
    assert e("jane") not in analytics.measures(kite)


def test_the_kinds_are_counted_for_the_filter(kite: EmbeddedStore) -> None:
    assert analytics.kinds(kite) == {"Enterprise": 10}
