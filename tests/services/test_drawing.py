"""Drawings of chains: a column for each stage, silent ones too; what hasn't happened is told apart."""

from kg.services.chains import Chain, Stage
from kg.services.drawing import LANES, draw

CHAIN = Chain(
    "urn:chain",
    stages=[
        Stage("urn:raw", "upstream", silent=True),
        Stage("urn:make", "midstream", members={"urn:firm": "actual", "urn:plan": "planned"}, link="template"),
        Stage("urn:use", "downstream", members={"urn:firm": "actual"}, link="stated"),
    ],
)
CLASSES = {"urn:firm": "Enterprise", "urn:plan": "Project", "urn:bead": "Product"}


def test_every_stage_has_a_column_and_every_part_a_box():
    drawing = draw(CHAIN, CLASSES, {"urn:make": [("urn:bead", "actual")]})
    assert len(drawing.layout.columns) == 3
    assert {(b.stage, b.member) for b in drawing.boxes} == {
        ("urn:raw", None),
        ("urn:make", None),
        ("urn:make", "urn:firm"),
        ("urn:make", "urn:plan"),
        ("urn:make", "urn:bead"),
        ("urn:use", None),
        ("urn:use", "urn:firm"),
    }
    assert [b.stage for b in drawing.boxes if b.silent] == ["urn:raw"]


def test_lanes_and_columns_hold_their_boxes():
    drawing = draw(CHAIN, CLASSES, {"urn:make": [("urn:bead", "actual")]})
    lane = dict(zip(LANES, drawing.layout.lanes, strict=True))
    lanes = {"urn:firm": "enterprise", "urn:plan": "project", "urn:bead": "main", None: "main"}
    for box in drawing.boxes:
        assert lane[lanes[box.member]].start <= box.rect.y < lane[lanes[box.member]].end
        column = drawing.layout.columns[[s.iri for s in CHAIN.stages].index(box.stage)]
        assert box.rect.x == column.start
    assert drawing.empty_lanes == {"academia", "platform", "fund"}


def test_a_stage_stands_above_those_who_take_part_in_it():
    drawing = draw(CHAIN, CLASSES, {"urn:make": [("urn:bead", "actual")]})
    stages = [b.rect.y for b in drawing.boxes if b.member is None]
    assert len(set(stages)) == 1
    assert all(b.rect.y > stages[0] for b in drawing.boxes if b.member)


def test_what_has_not_happened_has_lines_of_its_own():
    drawing = draw(CHAIN, CLASSES, {})
    assert sorted((line.main, line.sure, line.template) for line in drawing.lines) == [
        (False, False, False),  # to the planned project
        (False, True, False),
        (False, True, False),
        (True, False, True),  # from the silent stage
        (True, True, False),
    ]


def test_a_facility_is_no_project():
    stage = Stage("urn:make", "midstream", members={"urn:furnace": "actual"})
    drawing = draw(Chain("urn:chain", stages=[stage]), {"urn:furnace": "Facility"}, {})
    assert drawing.empty_lanes == set(LANES) - {"main"}


def test_a_chain_without_stages_is_empty():
    drawing = draw(Chain("urn:chain"), {}, {})
    assert drawing.boxes == []
    assert drawing.lines == []
