"""The drawing of a chain's line-up: stages as columns, kinds as lanes, placed by `layout.place`.

The pages' SVG and the interactive view are made of the same positions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from kg.model.vocabulary import KG
from kg.services.canvas import Band
from kg.services.chains import Stage
from kg.services.layout import BOX_WIDTH, COLUMN_HEADER, Box, Layout, Link, Rect, place
from kg.services.lineup import LANES, LineUp, Standing

#: A silent stage has no boxes below it: its column needs no more than its name.
SILENT_WIDTH: Final = 116
_SURE: Final = "actual"


@dataclass(frozen=True, slots=True)
class DrawnBox:
    """A box: a segment or silent stage (`standing` is None), or who and what stands on one."""

    id: str
    stage: Stage
    standing: Standing | None
    rect: Rect

    @property
    def silent(self) -> bool:
        """Whether no document speaks of it."""
        return self.standing is None and self.stage.silent

    @property
    def modality(self) -> str:
        """The code of its modality."""
        return self.standing.modality if self.standing else self.stage.modality

    @property
    def entity(self) -> str:
        """The IRI of what the box shows."""
        return self.standing.entity if self.standing else self.stage.iri


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A line, from box to box.

    Attributes
    ----------
    kind
        ``main``: from stage to stage. ``template``: the same where only the usual stages, and no document, put the one
        before the other. ``role``: from a stage to who or what stands on it.
    sure
        Whether what it says has happened.
    fact
        The fact that it shows; empty where none does.
    """

    source: str
    target: str
    kind: Literal["main", "template", "role"]
    sure: bool
    fact: str
    path: str
    points: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A placed line-up, in pixels; `columns` and `lanes` of the layout are in the order of the stages and of `LANES`.

    Attributes
    ----------
    silent_lanes
        Lanes in which no document puts anything.
    empty_lanes
        Lanes in which the choice leaves nothing.
    """

    boxes: Sequence[DrawnBox]
    lines: Sequence[DrawnLine]
    layout: Layout
    silent_lanes: frozenset[str]
    empty_lanes: frozenset[str]


def draw(line: LineUp) -> Drawing:
    """Draw a line-up.

    Parameters
    ----------
    line
        The boxes of a chain under a choice.

    Returns
    -------
    Drawing
        One column for each stage, a silent one included; one box for each segment and for each entity on it. An entity
        that stands on three segments has three boxes, as it has three facts.
    """
    boxes: list[Box] = []
    links: list[Link] = []
    drawn: dict[str, tuple[Stage, Standing | None]] = {}
    facts: dict[tuple[str, str], str] = {}
    for column, stage in enumerate(line.stages):
        boxes.append(Box(stage.iri, 0, column))
        drawn[stage.iri] = (stage, None)
        for standing in line.on(stage.iri):
            boxes.append(Box(standing.id, LANES.index(standing.lane), column, rank=1))
            drawn[standing.id] = (stage, standing)
            links.append(Link(stage.iri, standing.id, "role" if standing.modality == _SURE else "role open"))
            facts[stage.iri, standing.id] = standing.facts[0].iri
    orders = {(f.subject, f.object): f.iri for f in line.view.facts if f.predicate == f"{KG}precedes"}
    steps = []
    for one, other in pairwise(line.stages):
        if other.link:
            stated = "main" if one.firm and other.firm else "main open"
            steps.append(Link(one.iri, other.iri, stated if other.link == "stated" else "template"))
            facts[one.iri, other.iri] = orders.get((one.iri, other.iri), "")
    widths = [SILENT_WIDTH if stage.silent else BOX_WIDTH for stage in line.stages]
    layout = place(len(line.stages), len(LANES), boxes, [*steps, *links], widths=widths)
    lines = [
        DrawnLine(
            route.link.source,
            route.link.target,
            "template" if route.link.group == "template" else "main" if "main" in route.link.group else "role",
            "open" not in route.link.group and route.link.group != "template",
            facts[route.link.source, route.link.target],
            route.path(),
            route.points,
        )
        for route in layout.routes
    ]
    silent = set(LANES[1:]) - {box.lane for box in line.everyone}
    empty = set(LANES[1:]) - {box.lane for box in line.boxes} - silent
    return Drawing(
        [DrawnBox(name, *drawn[name], rect) for name, rect in layout.boxes.items()],
        lines,
        layout,
        frozenset(silent),
        frozenset(empty),
    )


def bands(drawing: Drawing, lanes: Sequence[str], columns: Sequence[str], silent: str, empty: str) -> list[Band]:
    """Return the lanes and columns behind the boxes, for the interactive view.

    Parameters
    ----------
    lanes, columns
        Their names, in the order of the drawing.
    silent, empty
        What stands in a lane in which no document puts anything, and in one in which the choice leaves nothing.
    """
    layout = drawing.layout
    found = []
    for name, lane, span in zip(LANES, lanes, layout.lanes, strict=True):
        found.append(Band(lane, 0, span.start, layout.width, span.end - span.start))
        if layout.columns and name in drawing.silent_lanes | drawing.empty_lanes:
            left, right = layout.columns[0].start, layout.columns[-1].end
            words = silent if name in drawing.silent_lanes else empty
            height = span.end - span.start - 24
            found.append(Band(words, left, span.start + 12, right - left, height, "silent"))
    for words, column in zip(columns, layout.columns, strict=True):
        found.append(Band(words, column.start, 0, column.end - column.start, COLUMN_HEADER, "column"))
    return found
