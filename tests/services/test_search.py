"""Search by name over a small graph of known content."""

import threading
import time

import pytest

from kg.errors import QueryFailed
from kg.services.search import Hit, search
from kg.store.embedded import EmbeddedStore
from kg.store.protocol import Result

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
<id/place/g> a kg:Place ; skos:prefLabel "重庆"@zh ; kg:fullName "重庆市"@zh .
<id/financial/h> a kg:FinancialInstitution , kg:Organization ; skos:prefLabel "长治银行"@zh .
<id/project/i> a kg:Project ; skos:prefLabel "“70MW光伏”项目"@zh , "Photovoltaics (70 MW)"@en .
<id/product/j> a kg:Product ; skos:prefLabel "铝材"@zh .
"""


@pytest.fixture(scope="module")
def names():
    with EmbeddedStore.open(None) as store:
        store.load_graph(None, GRAPH.encode("utf-8"), "text/turtle", replace=False)
        yield store


def found(store, text, **options):
    return [hit.iri.rpartition("/")[2] for hit in search(store, text, **options)]


def matched(store, text, **options):
    """The name of each hit with brackets around what matched, and how it did."""
    return [
        (
            f"{h.matched_label[: h.start]}[{h.matched_label[h.start : h.end]}]{h.matched_label[h.end :]}",
            h.how,
            h.spelling,
        )
        for h in search(store, text, **options)
    ]


def test_whole_names_come_first_then_beginnings_then_parts_and_shorter_ones_before_longer(names):
    assert found(names, "开发区") == ["f", "b", "a", "c"]


def test_a_hit_says_what_matched_and_where(names):
    assert search(names, "经济技术") == [
        Hit(
            f"{ID}zone/a", "甲开发区", f"{KG}DevelopmentZone", "甲市经济技术开发区", 2, 6, 2 + 4 / 9,
            how="name", spelling="", matched_property="fullName", label_language="zh", matched_language="zh",
        )
    ]  # fmt: skip


def test_of_equal_names_the_better_connected_comes_first(names):
    assert found(names, "酱") == ["e", "d"]


def test_the_label_is_in_the_readers_language(names):
    assert [(h.label, h.label_language) for h in search(names, "甲市", language="en")] == [("Jia Zone", "en")]


@pytest.mark.parametrize("text", ["pet", "ＰＥＴ", "PET膜", " pet膜 ", "Pét\u200f"])
def test_width_case_accents_and_marks_of_direction_make_no_difference(names, text):
    hit = search(names, text)[0]
    assert hit.iri == f"{ID}enterprise/c"
    assert hit.matched_label[hit.start : hit.end] == ("ＰＥＴ膜" if "膜" in text else "ＰＥＴ")


def test_misprints_are_names(names):
    assert [(h.iri, h.matched_label) for h in search(names, "开法区")] == [(f"{ID}enterprise/b", "开法区供热公司")]


def test_one_character_finds_every_name_that_holds_it(names):
    assert found(names, "区") == ["f", "a", "c", "b"]
    assert found(names, "材") == ["j"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("cqs", [("[重庆市]", "spelling", "chong qing shi")]),
        ("chongqing", [("[重庆]", "spelling", "chong qing")]),
        ("zhongqing", [("[重庆]", "spelling", "zhong qing")]),
        ("czyh", [("[长治银行]", "spelling", "chang zhi yin hang")]),
        ("changzhiyinhang", [("[长治银行]", "spelling", "chang zhi yin hang")]),
        ("zhangzhi", [("[长治]银行", "spelling", "zhang zhi")]),
        ("yinhang", [("长治[银行]", "spelling", "yin hang")]),
        ("yinh", [("长治[银行]", "spelling", "yin hang")]),
        ("yin'hang", [("长治[银行]", "spelling", "yin hang")]),
        ("lvcai", [("[铝材]", "spelling", "lv cai")]),
        ("lucai", [("[铝材]", "spelling", "lu cai")]),
        ("lücai", [("[铝材]", "spelling", "lu cai")]),
        ("petm", [("[ＰＥＴ膜]公司", "spelling", "p e t mo")]),
        ("70mwgf", [("[“70MW光伏]”项目", "spelling", "7 0 m w guang fu")]),
        ("光fxm", [("“70MW[光伏”项目]", "spelling", "guang fu xiang mu")]),
        ("jkf", [("[甲开发]区", "spelling", "jia kai fa")]),
        ("kjf", []),
    ],
)
def test_letters_spell_names_by_syllables_and_initials(names, typed, expected):
    assert [hit for hit in matched(names, typed) if hit[1] != "near"] == expected


def test_a_name_as_written_comes_before_a_spelling_of_the_same_reach(names):
    assert matched(names, "j") == [
        ("[J]ia Zone", "name", ""),
        ("[酱]料", "spelling", "jiang"),
        ("[酱]油", "spelling", "jiang"),
    ]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("犟油", [("[酱油]", "sound", "")]),
        ("開發區", ["[开发区]", "甲[开发区]", "[开发区]供热公司", "新[开发区]公司"]),
        ("长治很行", [("[长治银行]", "near", "")]),
        ("长银行", [("[长治银行]", "near", "")]),
        ("长治银杭行", [("[长治银行]", "near", "")]),
        ("治长银行", [("[长治银行]", "near", "")]),
        ("Photovoltiacs", [("[Photovoltaics] (70 MW)", "near", "")]),
        ("Photvoltaic", [("[Photovoltaic]s (70 MW)", "near", "")]),
        ("chognqing", [("[重庆]", "near", "chong qing")]),
        ("chongqng", [("[重庆]", "near", "chong qing")]),
    ],
)
def test_where_nothing_matches_the_same_sound_does_and_then_what_is_a_typing_error_away(names, typed, expected):
    hits = matched(names, typed)
    if isinstance(expected[0], str):
        assert {hit[0] for hit in hits} == set(expected)
        assert {hit[1] for hit in hits} == {"sound"}
    else:
        assert hits == expected


def test_a_class_is_told_the_same_whichever_name_matched(names):
    assert {h.kind for text in ("长治", "czyh") for h in search(names, text)} == {f"{KG}FinancialInstitution"}


@pytest.mark.parametrize(
    "text", ["", "  ", "\u3000", "不存在", "x" * 10_000, "\0", "\ud800", "\u200f\u202e", "开*区域外"]
)
def test_nothing_is_found_without_a_fuss(names, text):
    assert search(names, text) == []


@pytest.mark.parametrize(
    "text",
    [
        *("*", "?", "开*", "开?区", "chars:开", "+开 -发", "开 AND 发", "NOT 开", '"开发区', "开发区~2", "开^9", "("),
        *("[a TO z]", "/.*/", "\\", "\x02开", "开\x03", "\x01", "甲\0开", "\ud83d开\udc00", "\u202e区发开", "'" * 300),
        *("%", "_", "{}", "<b>", "a" * 200),
        *("开发区" * 5_000, "hainuo" * 2_000, "shanxi'an" * 25, " ".join("甲" * 5000), "\u0301" * 5000, "\ufdfa" * 300),
    ],
)  # fmt: skip
def test_no_character_has_a_special_meaning_or_does_harm(names, text):
    hits = search(names, text, limit=1000)
    assert len({h.iri for h in hits}) == len(hits) <= 12
    for hit in hits:
        assert 0 <= hit.start < hit.end <= len(hit.matched_label)
    if text in {"*", "?", "\\", "%", "_", "{}", "/.*/", "\x01"}:
        assert hits == []


def test_the_limit_holds(names):
    assert found(names, "开发区", limit=2) == ["f", "b"]
    assert search(names, "开发区", limit=0) == []


def test_a_resource_with_many_names_takes_one_place():
    names = " , ".join(f'"甲{number}号"@zh' for number in range(300))
    graph = f"<urn:x> a <{KG}Product> ; <{KG}aliasName> {names} .\n"
    graph += f'<urn:y> a <{KG}Product> ; <{KG}aliasName> "甲乙丙丁戊"@zh .'
    with EmbeddedStore.open(None) as store:
        store.load_graph(None, graph.encode("utf-8"), "text/turtle", replace=False)
        assert [h.iri for h in search(store, "甲", limit=3)] == ["urn:x", "urn:y"]


def test_a_write_is_seen_by_the_next_search():
    with EmbeddedStore.open(None) as store:
        assert search(store, "新来") == []
        store.load_graph(None, f'<urn:x> a <{KG}Product> ; <{KG}aliasName> "新来的"@zh .'.encode(), "text/turtle",
                         replace=False)  # fmt: skip
        hits = search(store, "新来")
        assert [hit.label for hit in hits] == ["urn:x".rpartition(":")[2]]
        assert hits.current


def test_readers_and_a_writer_do_each_other_no_harm():
    failures = []

    def read(store):
        try:
            for _ in range(15):
                for text in ("甲", "jia", "甲1号", "x"):
                    assert all(hit.kind == f"{KG}Product" for hit in search(store, text))
        except Exception as error:  # noqa: BLE001 - told by the test
            failures.append(error)

    with EmbeddedStore.open(None) as store:
        readers = [threading.Thread(target=read, args=(store,)) for _ in range(4)]
        for reader in readers:
            reader.start()
        for number in range(20):
            store.update(f'INSERT DATA {{ <urn:{number}> a <{KG}Product> ; <{KG}aliasName> "甲{number}号"@zh }}')
        for reader in readers:
            reader.join()
        assert failures == []
        assert [h.iri for h in search(store, "甲19")] == ["urn:19"]
        until = time.monotonic() + 10
        while len(hits := search(store, "甲", limit=50)) < 20 or not hits.current:
            assert time.monotonic() < until


def test_names_that_break_off_are_no_index():
    class Broken:
        version = "1"

        def query(self, _operation, media_type):
            return Result("select", media_type, iter([b"?resource\t?class\t?property\t?label\t?facts\n<urn:x>\t<urn"]))

    with pytest.raises(QueryFailed, match="read whole"):
        search(Broken(), "x")
