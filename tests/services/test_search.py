"""Search by name over a small graph of known content."""

import pytest

from kg.services.search import Hit, fold, search
from kg.store.embedded import EmbeddedStore

ID = "https://w3id.org/zone-kg/id/"
KG = "https://w3id.org/zone-kg/ontology#"
GRAPH = """
@base <https://w3id.org/zone-kg/> .
@prefix kg: <https://w3id.org/zone-kg/ontology#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

<id/zone/a> a kg:DevelopmentZone ; skos:prefLabel "甲开发区"@zh , "Jia Zone"@en ; kg:fullName "甲市经济技术开发区"@zh .
<id/enterprise/b> a kg:Enterprise ; skos:prefLabel "开发区供热公司"@zh ; kg:misprint "开法区供热公司"@zh .
<id/enterprise/c> a kg:Enterprise ; skos:prefLabel "新开发区公司"@zh ; kg:aliasName "ＰＥＴ膜公司"@zh .
<id/product/d> a kg:Product ; skos:prefLabel "酱油"@zh .
<id/product/e> a kg:Product ; skos:prefLabel "酱料"@zh .
<scheme/indicator/f> a skos:Concept ; skos:prefLabel "开发区"@zh .
<id/claim/1> a kg:Claim ; kg:modality <scheme/modality/actual> ; rdf:object <id/product/e> .
<scheme/indicator> a skos:ConceptScheme ; skos:prefLabel "开发区指标"@zh .
"""


@pytest.fixture(scope="module")
def names():
    with EmbeddedStore.open(None) as store:
        store.load_graph(None, GRAPH.encode("utf-8"), "text/turtle", replace=False)
        yield store


def found(store, text, **options):
    return [hit.iri.rpartition("/")[2] for hit in search(store, text, **options)]


def test_whole_names_come_first_then_beginnings_then_parts_and_shorter_ones_before_longer(names):
    assert found(names, "开发区") == ["f", "b", "a", "c"]


def test_a_hit_says_what_matched_and_where(names):
    assert search(names, "经济技术") == [
        Hit(f"{ID}zone/a", "甲开发区", f"{KG}DevelopmentZone", "甲市经济技术开发区", 2, 6, 4 / 9)
    ]


def test_of_equal_names_the_better_connected_comes_first(names):
    assert found(names, "酱") == ["e", "d"]


def test_the_label_is_in_the_readers_language(names):
    assert [hit.label for hit in search(names, "甲市", language="en")] == ["Jia Zone"]


@pytest.mark.parametrize("text", ["pet", "ＰＥＴ", "PET膜", " pet膜 "])
def test_width_and_case_make_no_difference(names, text):
    hit = search(names, text)[0]
    assert hit.iri == f"{ID}enterprise/c"
    assert hit.matched_label[hit.start : hit.end] == "ＰＥＴ膜公司"[: len(text.strip())]


def test_misprints_are_names(names):
    assert [(h.iri, h.matched_label) for h in search(names, "开法区")] == [(f"{ID}enterprise/b", "开法区供热公司")]


@pytest.mark.parametrize("text", ["", "  ", "\u3000", "不存在", "x" * 10_000, "\0", "开.区"])
def test_nothing_is_found_without_a_fuss(names, text):
    assert search(names, text) == []


def test_the_limit_holds(names):
    assert found(names, "开发区", limit=2) == ["f", "b"]
    assert search(names, "开发区", limit=0) == []


def test_a_write_is_seen_by_the_next_search():
    with EmbeddedStore.open(None) as store:
        assert search(store, "新来") == []
        store.load_graph(None, f'<urn:x> a <{KG}Product> ; <{KG}aliasName> "新来的"@zh .'.encode(), "text/turtle",
                         replace=False)  # fmt: skip
        assert [hit.label for hit in search(store, "新来")] == ["urn:x".rpartition(":")[2]]


def test_offsets_point_into_the_original():
    text = "㎏ e\u0301  Ａ"
    folded, offsets = fold(text)
    assert folded == "kg é a"
    assert offsets == (0, 0, 1, 2, 4, 6, 7)
    assert text[offsets[3] : offsets[4]] == "e\u0301"


def test_the_shipped_graph_is_found_by_a_part_of_a_name(store):
    assert "大同经开区" in {hit.label for hit in search(store, "同经开")}
