"""The form in which texts are compared, and the way back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.services.folding import fold, span


def test_offsets_point_into_the_original():
    text = "㎏ e\u0301  Ａ"
    folded, offsets = fold(text)
    assert folded == "kg e a"
    assert offsets == (0, 0, 1, 2, 4, 6, 7)
    assert text[slice(*span(offsets, 3, 4))] == "e\u0301"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＡＢＣ１２３", "abc123"), ("Straße", "strasse"), ("İstanbul", "istanbul"), ("\tа \n б\u3000", "а б"),
        ("海诺　科技", "海诺科技"), ("海诺 PET", "海诺 pet"), ("甲\u200f\u202e乙\x00\x03丙", "甲乙丙"),
        ("\ud800x", "x"), ("", ""), (" \u0301 ", ""),
    ],
)  # fmt: skip
def test_what_makes_no_difference(text, folded):
    assert fold(text)[0] == folded


TEXTS = st.text(st.one_of(st.characters(), st.sampled_from("海诺科技 aAé㎏Ａ\u3000\u0301\u200f\x00 ")), max_size=30)


@given(TEXTS, st.data())
def test_the_folded_part_of_a_text_is_a_part_of_the_folded_text(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    whole, offsets = fold(text)
    part = fold(text[start:end])[0]
    assert part in whole
    assert len(offsets) == len(whole) + 1
    if part:
        at = whole.find(part)
        begin, until = span(offsets, at, at + len(part))
        assert 0 <= begin < until <= len(text)
        assert part in fold(text[begin:until])[0]
