"""Positions of an industry chain: stages as columns, kinds as lanes, right-angled routes through gutters.

Boxes stand in cells (lane × column) and routes run only where no box can stand: in the vertical gutters between columns
and in the horizontal channels between lanes. That no route crosses a foreign box is therefore a property of the
construction, and not of a search.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

BOX_WIDTH = 208
BOX_HEIGHT = 44
BOX_GAP = 8
LANE_PADDING = 14
LANE_HEADER = 88
COLUMN_HEADER = 48
TRACK = 8
GUTTER_MARGIN = 14
PORT_SHIFT = 7
CORNER = 7


@dataclass(frozen=True, slots=True)
class Box:
    """What is to be placed: its lane and column are indices into the layout's lanes and columns.

    In a cell a lower `rank` stands above a higher one, whatever the links are.
    """

    id: str
    lane: int
    column: int
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """A connection to be routed. `group` keeps apart what must not share a trunk (solid and dashed lines, say)."""

    source: str
    target: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Rect:
    """A placed box, in pixels from the drawing's upper left corner."""

    x: int
    y: int
    width: int = BOX_WIDTH
    height: int = BOX_HEIGHT

    @property
    def right(self) -> int:
        """The x of the right side."""
        return self.x + self.width

    @property
    def middle(self) -> int:
        """The y of the horizontal centre line."""
        return self.y + self.height // 2

    @property
    def centre(self) -> int:
        """The x of the vertical centre line."""
        return self.x + self.width // 2


@dataclass(frozen=True, slots=True)
class Span:
    """The extent of a column (x) or of a lane (y), in pixels."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Route:
    """A placed link: its corner points from the source's side to the target's side, right angles only."""

    link: Link
    points: tuple[tuple[int, int], ...]

    def path(self, radius: int = CORNER) -> str:
        """Return the route as SVG path data with rounded corners."""
        first, *_ = self.points
        parts = [f"M{first[0]} {first[1]}"]
        for before, here, after in zip(self.points, self.points[1:], self.points[2:], strict=False):
            r = min(radius, _distance(before, here) // 2, _distance(here, after) // 2)
            a, b = _towards(here, before, r), _towards(here, after, r)
            parts.append(f"L{a[0]} {a[1]}Q{here[0]} {here[1]} {b[0]} {b[1]}")
        last = self.points[-1]
        parts.append(f"L{last[0]} {last[1]}")
        return "".join(parts)


@dataclass(frozen=True, slots=True)
class Layout:
    """The drawing's geometry, in pixels."""

    boxes: dict[str, Rect]
    routes: list[Route]
    columns: list[Span]
    lanes: list[Span]
    width: int
    height: int


def place(
    columns: int, lanes: int, boxes: Sequence[Box], links: Iterable[Link], *, widths: Sequence[int] | None = None
) -> Layout:
    """Place the boxes of a chain and route its links.

    Parameters
    ----------
    columns, lanes
        How many stages and kinds the drawing has; an empty one keeps its place, so that silence is seen.
    boxes
        In the order of preference; the order inside a cell is improved so that fewer routes cross.
    links
        Between ids of `boxes`; a link that names another id, or one box twice, raises.
    widths
        Of the boxes of each column; `BOX_WIDTH` everywhere where it is left out.

    Returns
    -------
    Layout
        Boxes don't overlap; a route touches no box but its own two; the same input gives the same output.

    Raises
    ------
    ValueError
        For an id given twice, an unknown id, a loop, or a lane or column out of range.

    Notes
    -----
    The order inside a cell is by the mean position of the neighbours (the barycentre heuristic of Sugiyama et al. 1981,
    https://doi.org/10.1109/TSMC.1981.4308636), two sweeps, ties by the given order. Vertical tracks in a gutter and
    horizontal tracks in a channel are coloured greedily by interval; links of one source and group share a trunk.

    Examples
    --------
    >>> drawing = place(2, 1, [Box("a", 0, 0), Box("b", 0, 1)], [Link("a", "b")])
    >>> drawing.boxes["a"].right < drawing.boxes["b"].x
    True
    """
    links = list(dict.fromkeys(links))
    widths = widths or [BOX_WIDTH] * columns
    cells = _cells(columns, lanes, boxes, links)
    wires = [_wire(link, cells.where) for link in links]

    # Heights first: a channel's tracks need only which gutters they join, and not where those lie.
    channels = _tracks(((w.channel, w.trunk, w.gutters[0], w.gutters[1]) for w in wires if w.channel is not None), 1)
    lane_spans: list[Span] = []
    channel_top: list[int] = []
    y = COLUMN_HEADER
    for lane in range(lanes + 1):
        channel_top.append(y + LANE_PADDING // 2)
        used = channels.count[lane]
        y += used * TRACK + LANE_PADDING if used else 0
        if lane < lanes:
            deepest = max((len(cells.members[lane, column]) for column in range(columns)), default=0)
            depth = max(deepest * (BOX_HEIGHT + BOX_GAP) - BOX_GAP, BOX_HEIGHT) + 2 * LANE_PADDING
            lane_spans.append(Span(y, y + depth))
            y += depth
    tops = {
        box: lane_spans[lane].start + LANE_PADDING + row * (BOX_HEIGHT + BOX_GAP)
        for (lane, _), members in cells.members.items()
        for row, box in enumerate(members)
    }
    for wire in wires:
        if wire.channel is not None:
            wire.channel_y = channel_top[wire.channel] + channels.track[wire.channel, wire.trunk] * TRACK
    ports = _ports(wires, {box: top + BOX_HEIGHT // 2 for box, top in tops.items()})

    # Then widths: a gutter is as wide as the tracks that its vertical stretches need.
    gutters = _tracks((stretch for wire in wires for stretch in _verticals(wire, ports)), TRACK)
    column_spans: list[Span] = []
    gutter_left: list[int] = []
    x = LANE_HEADER
    for column in range(columns + 1):
        gutter_left.append(x)
        x += 2 * GUTTER_MARGIN + max(gutters.count[column] - 1, 0) * TRACK
        if column < columns:
            column_spans.append(Span(x, x + widths[column]))
            x += widths[column]
    rects = {box.id: Rect(column_spans[box.column].start, tops[box.id], widths[box.column]) for box in boxes}
    routes = [_route(wire, rects, ports, gutters, gutter_left) for wire in wires]
    return Layout(rects, routes, column_spans, lane_spans, x, y)


_Trunk: TypeAlias = tuple[str, str]
_Side: TypeAlias = Literal["left", "right"]


@dataclass(slots=True)
class _Cells:
    where: dict[str, Box]
    members: dict[tuple[int, int], list[str]]


@dataclass(slots=True)
class _Wire:
    """A link on its way: which sides it leaves and enters, which gutters and which channel it uses."""

    link: Link
    leaves: _Side
    enters: _Side
    gutters: tuple[int, ...]
    channel: int | None
    channel_y: int = 0

    @property
    def trunk(self) -> _Trunk:
        return self.link.source, self.link.group


@dataclass(slots=True)
class _Tracks:
    """Tracks by place (a gutter or a channel) and trunk, and how many tracks each place needs."""

    count: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    track: dict[tuple[int, _Trunk], int] = field(default_factory=dict)


def _cells(columns: int, lanes: int, boxes: Sequence[Box], links: Sequence[Link]) -> _Cells:
    where = {box.id: box for box in boxes}
    if len(where) != len(boxes):
        raise ValueError("two boxes have the same id")
    members: dict[tuple[int, int], list[str]] = defaultdict(list)
    for box in boxes:
        if not (0 <= box.lane < lanes and 0 <= box.column < columns):
            raise ValueError(f"box {box.id!r} stands in lane {box.lane}, column {box.column} of {lanes} × {columns}")
        members[box.lane, box.column].append(box.id)
    neighbours: dict[str, list[str]] = defaultdict(list)
    for link in links:
        if link.source == link.target or link.source not in where or link.target not in where:
            raise ValueError(f"link {link.source!r} → {link.target!r} needs two different, known boxes")
        neighbours[link.source].append(link.target)
        neighbours[link.target].append(link.source)
    for _ in range(2):
        # Rows of different lanes are compared by lane first: a lane weighs more than any row inside one.
        height = {box: where[box].lane * 1_000_000 + row for cell in members.values() for row, box in enumerate(cell)}
        for cell in members.values():
            centres = {
                box: (
                    where[box].rank,
                    sum(height[near] for near in neighbours[box] or [box]) / len(neighbours[box] or [box]),
                )
                for box in cell
            }
            cell.sort(key=centres.__getitem__)
    return _Cells(where, members)


def _wire(link: Link, where: dict[str, Box]) -> _Wire:
    source, target = where[link.source], where[link.target]
    ahead = target.column - source.column
    if ahead == 0:  # around the right side
        return _Wire(link, "right", "right", (source.column + 1,), None)
    if ahead == 1:
        return _Wire(link, "right", "left", (source.column + 1,), None)
    if ahead == -1:
        return _Wire(link, "left", "right", (source.column,), None)
    # Farther away: over the channel above or below the source's lane, on the side where the target is.
    channel = source.lane + 1 if target.lane > source.lane else source.lane
    if ahead > 1:
        return _Wire(link, "right", "left", (source.column + 1, target.column), channel)
    return _Wire(link, "left", "right", (source.column, target.column + 1), channel)


def _tracks(stretches: Iterable[tuple[int, _Trunk, int, int]], margin: int) -> _Tracks:
    """Give each trunk, in each place, the lowest track on which it comes no nearer than `margin` to another.

    `stretches` are (place, trunk, from, to); those of one place and trunk are taken together.
    """
    spans: dict[int, dict[_Trunk, tuple[int, int]]] = defaultdict(dict)
    for where, trunk, one, other in stretches:
        low, high = spans[where].get(trunk, (one, one))
        spans[where][trunk] = (min(low, one, other), max(high, one, other))
    tracks = _Tracks()
    for where, intervals in spans.items():
        ends: list[int] = []
        for trunk, (start, end) in sorted(intervals.items(), key=lambda item: (item[1], item[0])):
            free = next((n for n, last in enumerate(ends) if last + margin <= start), len(ends))
            ends[free : free + 1] = [end]
            tracks.track[where, trunk] = free
        tracks.count[where] = len(ends)
    return tracks


def _ports(wires: Sequence[_Wire], middles: dict[str, int]) -> dict[tuple[str, _Side, bool], int]:
    """Return the y at which the links of a box's side leave (True) or enter (False) it.

    Links leave at the middle. Where links also enter on that side they do so a little below; and where stubs from
    both sides of one gutter would lie on one line without belonging together, the right one moves.
    """
    far_end: dict[tuple[str, _Side, bool], set[str]] = defaultdict(set)
    gutter: dict[tuple[str, _Side], int] = {}
    for wire in wires:
        source, target = wire.link.source, wire.link.target
        far_end[source, wire.leaves, True].add(target)
        far_end[target, wire.enters, False].add(source)
        gutter[source, wire.leaves] = wire.gutters[0]
        gutter[target, wire.enters] = wire.gutters[-1]
    ports = {}
    for box, side, leaving in far_end:
        shifted = not leaving and (box, side, True) in far_end
        ports[box, side, leaving] = middles[box] + (PORT_SHIFT if shifted else 0)
    taken = {
        (gutter[box, side], y): (box, leaving, far_end[box, side, leaving])
        for (box, side, leaving), y in ports.items()
        if side == "right"
    }
    for (box, side, leaving), y in list(ports.items()):
        if side == "right" or (gutter[box, side], y) not in taken:
            continue
        other, other_leaves, its_far_ends = taken[gutter[box, side], y]
        one_line = leaving != other_leaves and far_end[box, side, leaving] == {other} and its_far_ends == {box}
        if not one_line:
            ports[box, side, leaving] = middles[box] - (5 if leaving or y == middles[box] else 10)
    return ports


def _verticals(wire: _Wire, ports: dict[tuple[str, _Side, bool], int]) -> list[tuple[int, _Trunk, int, int]]:
    leave = ports[wire.link.source, wire.leaves, True]
    enter = ports[wire.link.target, wire.enters, False]
    if wire.channel is None:
        return [(wire.gutters[0], wire.trunk, leave, enter)]
    return [
        (wire.gutters[0], wire.trunk, leave, wire.channel_y),
        (wire.gutters[1], wire.trunk, wire.channel_y, enter),
    ]


def _route(
    wire: _Wire,
    rects: dict[str, Rect],
    ports: dict[tuple[str, _Side, bool], int],
    gutters: _Tracks,
    gutter_left: Sequence[int],
) -> Route:
    source, target = rects[wire.link.source], rects[wire.link.target]
    points = [(source.right if wire.leaves == "right" else source.x, ports[wire.link.source, wire.leaves, True])]
    for where, trunk, one, other in _verticals(wire, ports):
        x = gutter_left[where] + GUTTER_MARGIN + gutters.track[where, trunk] * TRACK
        points += [(x, one), (x, other)]
    points.append((target.right if wire.enters == "right" else target.x, ports[wire.link.target, wire.enters, False]))
    return Route(wire.link, tuple(_corners(points)))


def _corners(points: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Leave out points that lie on the straight line between their neighbours."""
    kept: list[tuple[int, int]] = []
    for point in points:
        if kept and point == kept[-1]:
            continue
        while len(kept) > 1 and (kept[-2][0] == kept[-1][0] == point[0] or kept[-2][1] == kept[-1][1] == point[1]):
            kept.pop()
        kept.append(point)
    return kept


def _distance(a: tuple[int, int], b: tuple[int, int]) -> int:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _towards(a: tuple[int, int], b: tuple[int, int], length: int) -> tuple[int, int]:
    """Return the point `length` away from a on the way to b, which lies straight above, below or beside it."""
    step = (b[0] > a[0]) - (b[0] < a[0]), (b[1] > a[1]) - (b[1] < a[1])
    return a[0] + step[0] * length, a[1] + step[1] * length
