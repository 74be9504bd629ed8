"""Drawings of chains: a column for each stage, silent ones too; what hasn't happened is told apart."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.services.chains import Chain
from kg.services.drawing import Drawing, bands, draw
from kg.services.lineup import LANES, Choice, lineup
from kg.services.selection import Selection
from kg.store.embedded import EmbeddedStore
from services.chain_graphs import made, two_zones
from services.test_layout import overlaps, shared_lines, trespasses


@pytest.fixture
def store() -> Iterator[EmbeddedStore]:
    with EmbeddedStore.open(None) as opened:
        two_zones(opened)
        yield opened


def local(iri: str) -> str:
    return iri.rpartition("/")[2]


def test_every_stage_has_a_column_and_every_part_a_box(store: EmbeddedStore) -> None:
    drawing = draw(lineup(store, "c"))
    assert len(drawing.layout.columns) == 4
    assert {(local(b.stage.iri), local(b.entity)) for b in drawing.boxes} == {
        *(("1", "1"), ("melt", "melt"), ("form", "form"), ("use", "use")),
        *(("melt", "e"), ("melt", "u"), ("melt", "g")),
        *(("form", "w"), ("form", "e"), ("form", "p"), ("form", "g"), ("use", "f")),
    }
    assert [local(b.entity) for b in drawing.boxes if b.silent] == ["1"]


def test_lanes_and_columns_hold_their_boxes(store: EmbeddedStore) -> None:
    line = lineup(store, "c")
    drawing = draw(line)
    lane = dict(zip(LANES, drawing.layout.lanes, strict=True))
    for box in drawing.boxes:
        span = lane[box.standing.lane if box.standing else "main"]
        assert span.start <= box.rect.y < box.rect.y + box.rect.height <= span.end
        column = drawing.layout.columns[[s.iri for s in line.stages].index(box.stage.iri)]
        assert (box.rect.x, box.rect.right) == (column.start, column.end)


def test_a_lane_that_nobody_reports_is_told_from_one_that_the_choice_empties(store: EmbeddedStore) -> None:
    drawing = draw(lineup(store, "c", Choice(zones=frozenset({"east"}))))
    assert drawing.silent_lanes == {"fund"}
    assert drawing.empty_lanes == {"academia", "platform"}
    words = [band.label for band in bands(drawing, LANES, ["x"] * 4, "未见报道", "没有") if band.kind == "silent"]
    assert sorted(words) == ["未见报道", "没有", "没有"]


def test_a_stage_stands_above_those_who_take_part_in_it(store: EmbeddedStore) -> None:
    drawing = draw(lineup(store, "c"))
    stages = [b.rect.y for b in drawing.boxes if b.standing is None]
    assert len(set(stages)) == 1
    assert all(b.rect.y > stages[0] for b in drawing.boxes if b.standing)


def test_what_has_not_happened_has_lines_of_its_own(store: EmbeddedStore) -> None:
    drawing = draw(lineup(store, "c"))
    assert sorted((n.kind, n.sure, bool(n.fact)) for n in drawing.lines) == [
        ("main", True, True),
        ("main", True, True),
        *([("role", False, True)] * 3),  # the university, the planned part and the planned project
        *([("role", True, True)] * 5),
        ("template", False, False),  # from the silent stage
    ]


def test_a_line_ends_at_the_boxes_that_it_joins(store: EmbeddedStore) -> None:
    drawing = draw(lineup(store, "c"))
    rects = {box.id: box.rect for box in drawing.boxes}
    for line in drawing.lines:
        for end, (x, y) in ((line.source, line.points[0]), (line.target, line.points[-1])):
            assert x in {rects[end].x, rects[end].right}
            assert rects[end].y < y < rects[end].y + rects[end].height


def test_a_chain_without_stages_is_empty(store: EmbeddedStore) -> None:
    store.update(
        "INSERT DATA { <https://w3id.org/zone-kg/id/chain/bare> a <https://w3id.org/zone-kg/ontology#IndustryChain> }"
    )
    drawing = draw(lineup(store, "bare"))
    assert (drawing.boxes, drawing.lines) == ([], [])
    assert Chain("urn:x").slug


def sound(drawing: Drawing) -> None:
    assert overlaps(drawing.layout) == []
    assert trespasses(drawing.layout) == []
    assert shared_lines(drawing.layout) == []


@given(st.integers(5, 60), st.integers(1, 8), st.integers(0, 99), st.frozensets(st.sampled_from(["actual", "planned"])))
@settings(max_examples=25, deadline=None)
def test_any_chain_is_drawn_without_overlap(count: int, stages: int, seed: int, modalities: frozenset[str]) -> None:
    with EmbeddedStore.open(None) as opened:
        made(opened, count, seed=seed, stages=stages)
        line = lineup(opened, "c", Choice(Selection(modalities=modalities)))
        drawing = draw(line)
        sound(drawing)
        assert drawing == draw(line), "the same line-up gives the same drawing"
        assert len(drawing.boxes) == len(line.boxes) + len(line.stages)


@pytest.mark.parametrize("count", [5, 50, 300])
def test_five_to_three_hundred_boxes(count: int) -> None:
    with EmbeddedStore.open(None) as opened:
        made(opened, count)
        drawing = draw(lineup(opened, "c"))
    sound(drawing)
    widths = [box.rect.width for box in drawing.boxes]
    assert drawing.layout.width < 6 * (max(widths) + 60 + 8 * 60) + 200, "gutters stay narrow: trunks are shared"
    assert drawing.layout.height < 900 + count * 30, "as deep as its fullest cells, and not deeper"
