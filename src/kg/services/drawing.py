"""The drawing of an industry chain: stages as columns, kinds as lanes, placed by `layout.place`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from kg.services.chains import Chain
from kg.services.layout import Box, Layout, Link, Rect, place

#: The lanes from top to bottom, and the classes that stand in each; what is in none stands in the first: the products,
#: technologies and facilities that a stage works on and with. A facility is no project: a furnace has no stages.
LANES: Final = ("main", "enterprise", "academia", "project", "platform", "fund")
_LANE_OF: Final = MappingProxyType(
    {
        "Enterprise": "enterprise",
        "Organization": "enterprise",
        "GovernmentBody": "enterprise",
        "ServiceAgency": "enterprise",
        "DevelopmentZone": "enterprise",
        "Person": "academia",
        "University": "academia",
        "ResearchInstitute": "academia",
        "ResearchTeam": "academia",
        "Project": "project",
        "Platform": "platform",
        "Fund": "fund",
        "FinancialInstitution": "fund",
    }
)
_SOLID: Final = "actual"


@dataclass(frozen=True, slots=True)
class DrawnBox:
    """A box: a segment or silent stage (`member` is None), or one who takes part in a segment."""

    stage: str
    member: str | None
    modality: str
    silent: bool
    rect: Rect


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A line: of the main line from stage to stage, or from a stage to one who takes part; `sure` is what has happened.

    `template` says that only the usual stages, and no document, put the one before the other.
    """

    path: str
    main: bool
    sure: bool
    template: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """A placed chain, in pixels; `columns` and `lanes` are in the order of the stages and of `LANES`."""

    boxes: Sequence[DrawnBox]
    lines: Sequence[DrawnLine]
    layout: Layout
    empty_lanes: frozenset[str]


def draw(chain: Chain, classes: Mapping[str, str], flows: Mapping[str, Iterable[tuple[str, str]]]) -> Drawing:
    """Draw a chain.

    Parameters
    ----------
    chain
        The chain with its stages from upstream to downstream.
    classes
        The class (local name) of each member.
    flows
        What goes into and comes out of each segment: pairs of product and modality.

    Returns
    -------
    Drawing
        One column for each stage, a silent one included; one box for each segment and for each member of it. An entity
        that takes part in three segments has three boxes, as it has three facts.
    """
    boxes: list[Box] = []
    links: list[Link] = []
    drawn: dict[str, tuple[str, str | None, str, bool]] = {}
    for column, stage in enumerate(chain.stages):
        boxes.append(Box(stage.iri, 0, column))
        drawn[stage.iri] = (stage.iri, None, stage.modality, stage.silent)
        members = {**dict(flows.get(stage.iri, ())), **stage.members}
        for member, modality in sorted(members.items(), key=lambda m: (m[1] != _SOLID, m[0])):
            name = f"{stage.iri} {member}"
            boxes.append(Box(name, LANES.index(_LANE_OF.get(classes.get(member, ""), "main")), column, rank=1))
            drawn[name] = (stage.iri, member, modality, False)
            links.append(Link(stage.iri, name, "sure" if modality == _SOLID else "open"))
    steps = []
    for one, other in zip(chain.stages, chain.stages[1:], strict=False):
        if other.link:
            stated = "main" if one.firm and other.firm else "main open"
            group = stated if other.link == "stated" else "template"
            steps.append(Link(one.iri, other.iri, group))
    layout = place(len(chain.stages), len(LANES), boxes, [*steps, *links])
    lines = [
        DrawnLine(
            route.path(),
            main=route.link.group in {"main", "main open", "template"},
            sure=route.link.group in {"main", "sure"},
            template=route.link.group == "template",
        )
        for route in layout.routes
    ]
    filled = {LANES[box.lane] for box in boxes}
    return Drawing(
        [DrawnBox(*drawn[name], rect) for name, rect in layout.boxes.items()],
        lines,
        layout,
        frozenset(LANES) - filled,
    )
