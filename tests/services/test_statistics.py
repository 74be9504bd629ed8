"""Counts of a small graph of known content."""

from kg.services.statistics import Summary, summarise
from kg.store.embedded import EmbeddedStore

GRAPH = """
@base <https://w3id.org/zone-kg/> .
@prefix kg: <https://w3id.org/zone-kg/ontology#> .

<id/zone/a> a kg:DevelopmentZone .
<id/enterprise/b> a kg:Enterprise .
<id/enterprise/c> a kg:Enterprise .
<id/document/d> a kg:NewsArticle .
<id/ev/d-1-2> a kg:Evidence ; kg:source <id/document/d> .
<id/claim/1> a kg:Claim ; kg:modality <scheme/modality/actual> ; kg:evidence <id/ev/d-1-2> .
<id/claim/2> a kg:Claim ; kg:modality <scheme/modality/planned> ; kg:evidence <id/ev/d-1-2> .
<id/obs/3> a kg:IndicatorObservation ; kg:modality <scheme/modality/target> .
"""


def test_a_small_graph_is_counted():
    with EmbeddedStore.open(None) as store:
        store.load_graph(None, GRAPH.encode("utf-8"), "text/turtle", replace=False)
        store.load_graph("urn:g", b"<urn:a> <urn:b> 1, 2 .", "text/turtle", replace=False)
        assert summarise(store) == Summary(
            triples=14,
            triples_named=2,
            graphs_named=1,
            documents=1,
            evidence=1,
            entities={"DevelopmentZone": 1, "Enterprise": 2},
            facts={"Claim": {"actual": 1, "planned": 1}, "IndicatorObservation": {"target": 1}},
        )


def test_an_empty_store_has_nothing():
    with EmbeddedStore.open(None) as store:
        assert summarise(store) == Summary(0, 0, 0, 0, 0, {}, {})
