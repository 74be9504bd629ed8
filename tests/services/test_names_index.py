"""The index of names against a scan, over names that nobody would give."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.services import pinyin
from kg.services.folding import fold
from kg.services.misspelling import respelt
from kg.services.name_entry import SOUNDS_MAX, Name
from kg.services.names_index import NamesIndex

TEXTS = st.text(
    st.one_of(
        st.sampled_from("ab海诺长 AbＡ"),
        st.sampled_from('"*:+-()~^\\\t\x01\x02\x03\x00\u200f\ud800㎏é'),
        st.characters(),
    ),
    min_size=1,
    max_size=14,
)


def built(texts):
    return NamesIndex.build(Name(f"urn:{number}", "urn:k", 0, text, "zh", number) for number, text in enumerate(texts))


def numbers(matches):
    return [int(match.name.iri.removeprefix("urn:")) for match in matches]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(TEXTS.map(lambda text: text.encode("utf-8", "ignore").decode("utf-8")), min_size=1, max_size=12), st.data()
)
def test_a_part_finds_the_names_that_hold_it_and_no_others(texts, data):
    index = built(texts)
    text = data.draw(st.sampled_from(texts))
    start = data.draw(st.integers(0, len(text)))
    wanted = fold(text[start : data.draw(st.integers(start, len(text)))])[0]
    if not wanted:
        return
    folded = [fold(each)[0] for each in texts]
    matches = list(index.holding(wanted))
    assert set(numbers(matches)) == {n for n, each in enumerate(folded) if wanted in each}
    assert set(numbers(index.beginning(wanted))) == {n for n, each in enumerate(folded) if each.startswith(wanted)}
    assert [match.key for match in matches] == sorted(match.key for match in matches)
    for match in matches:
        assert wanted in fold(match.name.text[match.start : match.end])[0]


def test_pairs_in_another_order_are_no_part_of_a_name():
    # All of the first 300 names hold the pairs of what is wanted, and not the text itself.
    index = built([*(f"ab{chr(0x4E00 + number)}ba" for number in range(300)), "a longer name with aba in it"])
    assert numbers(index.holding("aba")) == [300]


def test_names_come_in_the_order_of_length_properness_links_and_kind():
    names = [
        Name("urn:long", "urn:k", 0, "甲乙丙丁", "", 99), Name("urn:printed", "urn:k", 5, "甲乙丙", "", 99),
        Name("urn:alias", "urn:k", 3, "甲乙丙", "", 1), Name("urn:label", "urn:k", 0, "甲乙丙", "", 1),
        Name("urn:linked", "urn:k", 0, "甲乙丙", "", 2**30),
    ]  # fmt: skip
    assert [m.name.iri for m in NamesIndex.build(names).holding("乙")] == [
        *("urn:linked", "urn:label", "urn:alias", "urn:printed", "urn:long"),
    ]


@pytest.mark.parametrize("size", [10_000, 70_000])
def test_a_name_of_any_length_is_found(size):
    index = built(["海诺" * (size // 2) + "尾", "长" * size, "a" * size])
    assert numbers(index.holding("诺尾")) == [0]
    assert numbers(index.beginning("长长")) == [1]
    assert numbers(index.holding("aaa")) == [2]
    assert numbers(index.spelt_beginning("hainuohn")) == [0]
    assert len(index.labels(["urn:0"])["urn:0"][0].value) == size + 1


def test_a_build_that_isnt_wanted_any_more_ends():
    asked = []
    index = NamesIndex.build(
        (Name("urn:x", "urn:k", 0, f"甲{n}", "", 0) for n in range(5000)), lambda: asked.append(1) or len(asked) < 2
    )
    assert index.names == 2000


CHARACTERS = "海诺科技长治重庆银行铝绿女儿安西先鹅耳"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(CHARACTERS, min_size=1, max_size=8), min_size=1, max_size=6), st.data())
def test_however_a_part_is_spelt_it_is_found(texts, data):
    index = built(texts)
    number = data.draw(st.integers(0, len(texts) - 1))
    sounds = pinyin.sounds(texts[number])
    first = data.draw(st.integers(0, len(sounds) - 1))
    part = sounds[first : data.draw(st.integers(first + 1, len(sounds)))]
    typed = "".join(
        data.draw(st.sampled_from([*sound.readings, *(reading[0] for reading in sound.initials)])) for sound in part
    )
    found = index.spelt_beginning(typed) if first == 0 else index.spelt(typed)
    if first == 0 or len(typed) > 1:
        assert number in numbers(found), typed


@settings(max_examples=40, deadline=None)
@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=5, max_size=10))
def test_letters_that_are_put_right_are_syllables_one_error_away(typed):
    for letters in respelt(typed):
        assert pinyin.fewest_syllables(letters) > 0
        assert letters != typed
        assert abs(len(letters) - len(typed)) <= 1


def test_what_is_read_of_a_name_has_an_end():
    assert len(pinyin.sounds("长" * 1000)) == 1000
    assert numbers(built(["长" * 1000]).spelt("c" * SOUNDS_MAX)) == [0]
