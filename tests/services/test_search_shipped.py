"""Search over the shipped graph: what analysts type, and what must be found whatever the graph holds."""

import random

import pytest
from pypinyin import Style, lazy_pinyin

from kg import paths
from kg.services.search import search
from kg.store.embedded import EmbeddedStore

ID = "https://w3id.org/zone-kg/id/"


@pytest.fixture(scope="module")
def names(store: EmbeddedStore) -> list[tuple[str, str, str]]:
    """Each name: its resource, its text, and the local name of the property that gives it."""
    found = [
        (s["resource"].value, s["label"].value, s["property"].value.rpartition("#")[2])
        for s in store.select(paths.query("search/names.rq"))
    ]
    assert len(found) > 1500
    return found


def first(store, text, **options):
    return search(store, text, 1, **options)[0]


@pytest.mark.parametrize(
    ("initials", "label"),
    [
        ("hnkj", "海诺科技"), ("htxn", "海泰新能"), ("dhsp", "东海食品"), ("ytsd", "云通时代"), ("pshb", "品森环保"),
        ("yrdt", "雅瑞地毯"), ("jdkj", "京东科技"), ("sdkj", "三帝科技"), ("nyyh", "农业银行"), ("lytkj", "领域通科技"),
    ],
)  # fmt: skip
def test_initials_find_enterprises(store, initials, label):
    hit = first(store, initials)
    assert (hit.label, hit.how) == (label, "spelling")
    assert hit.matched_label[hit.start : hit.end] == hit.matched_label


@pytest.mark.parametrize(
    ("typed", "label", "marked", "how"),
    [
        ("hainuo", "海诺科技", "海诺", "spelling"),
        ("hainuokeji", "海诺科技", "海诺科技", "spelling"),
        ("诺", "海诺科技", "诺", "name"),
        ("诺科", "海诺科技", "诺科", "name"),
        ("海诺料技", "海诺科技", "海诺科技", "near"),
        ("hianuokeji", "海诺科技", "海诺科技", "near"),
        ("同经开", "大同经开区", "同经开", "name"),
        ("dtjkq", "大同经开区", "大同经开区", "spelling"),
        ("changzhishi", "长治市", "长治市", "spelling"),
        ("czs", "长治市", "长治市", "spelling"),
        ("yinhang", "农业银行", "银行", "spelling"),
        ("海糯科技", "海诺科技", "海诺科技", "sound"),
        ("農業銀行", "农业银行", "农业银行", "sound"),
    ],
)
def test_what_is_typed_finds_what_is_meant(store, typed, label, marked, how):
    hit = first(store, typed)
    assert (hit.label, hit.matched_label[hit.start : hit.end], hit.how) == (label, marked, how)


def test_english_labels_are_found_and_forgiven(store):
    assert {h.label for h in search(store, "datong univ", language="en")} >= {"Datong University's contest project"}
    hit = first(store, "Shanxi Univresity", language="en")
    assert (hit.label, hit.how) == ("Shanxi University", "near")


def test_every_misprint_and_printed_form_finds_what_it_stands_for(store, names):
    forms = [(iri, text) for iri, text, known_by in names if known_by in {"misprint", "printedForm", "aliasName"}]
    assert len(forms) > 50
    for iri, text in forms:
        assert iri in {h.iri for h in search(store, text, 50)}, text
    alias = next(h for h in search(store, "京东") if h.label == "京东科技")
    assert alias.matched_property in {"prefLabel", "fullName"}


def test_every_part_of_every_name_finds_it(store, names):
    chosen = random.Random(4)
    for iri, text, _ in chosen.sample(names, 300):
        start = chosen.randrange(len(text))
        end = chosen.randint(start + 1, min(len(text), start + 12))
        if part := text[start:end].strip():
            hits = search(store, part, 5000)
            assert iri in {h.iri for h in hits}, (text, part)
            assert all(0 <= h.start < h.end <= len(h.matched_label) for h in hits)


def test_every_name_comes_first_where_it_is_typed_whole(store, names):
    for _, text, _ in names[::6]:
        hits = search(store, text, 3)
        assert hits[0].score == 7, text


def test_the_reading_that_each_name_has_in_context_finds_it(store, names):
    # pypinyin's dictionary of phrases is the oracle: the search itself reads character by character.
    chinese = [(iri, text) for iri, text, _ in names if text and all("\u4e00" <= c <= "\u9fff" for c in text)]
    assert len(chinese) > 500
    missed = []
    for iri, text in chinese[::4]:
        for style, longest in ((Style.NORMAL, 16), (Style.FIRST_LETTER, 24)):
            typed = "".join(lazy_pinyin(text[:longest], style=style, v_to_u=False))
            if iri not in {h.iri for h in search(store, typed, 1000)}:
                missed.append((text, typed))
    assert missed == []


def test_the_order_is_that_of_reach_then_length_then_links(store):
    hits = search(store, "大同", 100)
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
    assert hits[0].label == "大同市"
    assert len({h.iri for h in hits}) == len(hits) > 10
