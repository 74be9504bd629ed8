import base64
import json
import zlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import InvalidState
from kg.services.viewstate import BOXES_MAX, Box, Groups, Route, ViewState, decode, from_json, parse

WHOLE = {
    "v": 1,
    "boxes": [["enterprise/e-1", 10, -20, 2], ["zone/z-1", 0, 0]],
    "filters": {
        "asOf": "2025-12-31",
        "certainties": ["stated"],
        "kinds": ["produces", "suppliesTo"],
        "modalities": ["planned"],
        "off": ["Product"],
    },
    "groups": {"of": "all", "by": "class", "at": [0, 0]},
    "mode": "table",
    "colour": "community",
    "size": "degree",
    "selected": ["zone/z-1"],
    "path": {"from": "enterprise/e-1", "to": "zone/z-1", "kinds": ["inZone"], "hops": 3, "chosen": 1},
    "name": "海诺",
}


def test_a_whole_state_is_read_and_written_back() -> None:
    state = from_json(WHOLE)
    assert state.boxes[0] == Box("enterprise/e-1", 10, -20, root=True)
    assert state.as_of == date(2025, 12, 31)
    assert state.groups == Groups("all", "class")
    assert state.route == Route("enterprise/e-1", "zone/z-1", frozenset({"inZone"}), 3, 1)
    assert state.as_json() == WHOLE
    assert decode(state.encoded()) == state


def test_one_state_has_one_text() -> None:
    shuffled = {key: WHOLE[key] for key in reversed(WHOLE)}
    shuffled["filters"] = {**WHOLE["filters"], "kinds": ["suppliesTo", "produces", "produces"]}  # type: ignore[dict-item]
    assert from_json(shuffled).text() == from_json(WHOLE).text()
    assert from_json({"v": 1, "boxes": [], "filters": {}, "mode": "graph", "name": ""}).text() == '{"v":1}'


paths = st.from_regex(r"(enterprise|zone|product)/[a-z][a-z0-9-]{0,30}", fullmatch=True)
boxes = st.builds(
    Box, paths, st.integers(-9999, 9999), st.integers(-9999, 9999), st.booleans(), st.booleans(), st.booleans()
)


@given(st.lists(boxes, unique_by=lambda box: box.path, max_size=40), st.sampled_from(["", "一个图", "A view"]))
def test_any_state_comes_back_from_its_text_and_from_its_address(given_boxes: list[Box], name: str) -> None:
    state = ViewState(boxes=tuple(given_boxes), name=name)
    assert parse(state.text()) == state
    assert decode(state.encoded()) == state
    assert parse(state.text()).text() == state.text()


def test_plain_json_may_stand_in_an_address() -> None:
    text = from_json(WHOLE).text()
    assert decode("0" + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")) == from_json(WHOLE)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"v": 2}, "v"),
        ({"v": True}, None),
        ({"extra": 1}, ""),
        ({"boxes": {}}, "boxes"),
        ({"boxes": [["enterprise/e-1", 1]]}, "boxes[0]"),
        ({"boxes": [["enterprise/e-1", 1.5, 2]]}, "boxes[0]"),
        ({"boxes": [["enterprise/e-1", True, 2]]}, "boxes[0]"),
        ({"boxes": [["enterprise/e-1", 100_001, 2]]}, "boxes[0]"),
        ({"boxes": [["enterprise/e-1", 1, 2, 8]]}, "boxes[0]"),
        ({"boxes": [["claim/e-1", 1, 2]]}, "boxes[0]"),
        ({"boxes": [["enterprise/../x", 1, 2]]}, "boxes[0]"),
        ({"boxes": [["enterprise/e> <x", 1, 2]]}, "boxes[0]"),
        ({"boxes": [["enterprise/e", 1, 2], ["enterprise/e", 3, 4]]}, "boxes[1]"),
        ({"boxes": [["enterprise/e", 1, 2]] * (BOXES_MAX + 1)}, "boxes"),
        ({"selected": ["enterprise/other"]}, "selected"),
        ({"filters": {"modalities": ["certain"]}}, "filters.modalities"),
        ({"filters": {"kinds": ["a b"]}}, "filters.kinds"),
        ({"filters": {"asOf": "20251231"}}, "filters.asOf"),
        ({"filters": {"asOf": "2025-13-31"}}, "filters.asOf"),
        ({"filters": {"off": "Product"}}, "filters.off"),
        ({"groups": {"of": "enterprise/e-1", "by": "class"}}, "groups.of"),
        ({"groups": {"of": "all", "by": "size"}}, "groups.by"),
        ({"groups": {"of": "all", "by": "class", "at": [1]}}, "groups.at"),
        ({"mode": "film"}, "mode"),
        ({"mode": ["graph"]}, "mode"),
        ({"path": {"from": "enterprise/e-1"}}, "path.to"),
        ({"path": {"from": "enterprise/e-1", "to": "zone/z-1", "hops": 9}}, "path.hops"),
        ({"name": "x" * 81}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"name": None}, "name"),
    ],
)
def test_what_is_no_state_is_refused_with_its_place(change: dict[str, object], where: str | None) -> None:
    if where is None:
        assert from_json({**WHOLE, **change}).text() == from_json(WHOLE).text()
        return
    with pytest.raises(InvalidState) as caught:
        from_json({**WHOLE, "selected": [], **change})
    assert caught.value.where == where


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, '{"v":NaN}', "\ud800"])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(InvalidState):
        parse(text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("text", ["", "1", "1!!!", "2e30", "1AAAA", "0e30x", "1" + "A" * 9])
def test_what_is_no_packed_state_is_refused(text: str) -> None:
    with pytest.raises(InvalidState):
        decode(text)


def test_a_state_that_unpacks_to_much_is_refused_before_it_is_unpacked() -> None:
    packing = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packing.compress(b" " * 50_000_000) + packing.flush()
    with pytest.raises(InvalidState) as caught:
        decode("1" + base64.urlsafe_b64encode(data).decode())
    assert caught.value.too_large


def test_a_thousand_boxes_fit_into_a_state() -> None:
    value = {"v": 1, "boxes": [[f"enterprise/{'n' * 20}-{n:08x}", -2000, 2000, 3] for n in range(BOXES_MAX)]}
    assert len(from_json(json.loads(json.dumps(value))).boxes) == BOXES_MAX
