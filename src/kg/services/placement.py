"""Places of boxes on the explorer's plane: new ones around their parent, without moving or covering any other.

Notes
-----
A place is the middle of a box in whole pixels. The width of a box follows from its longest label in any language, so
that the places hold whichever language is read. Nothing here is drawn by chance: the same input gives the same places.

New boxes stand on an ellipse around their parent: the smallest that has room for all of them in the fan that faces
away from what is already there, or all around where nothing is. Many stand on several. The boxes are handed out by
angle, so that what was given side by side stands side by side. A force layout would move what a reader has in mind, and
cost ten times as much.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

HEIGHT: Final = 28
#: Space that is kept free around a box, to the sides and above and below.
GAP_X: Final = 28
GAP_Y: Final = 16
WIDTH_MIN: Final = 64
WIDTH_MAX: Final = 232
#: Seal, padding and border of a box.
_FRAME: Final = 42
#: Width of a 汉字 and of an ASCII character in a drawing's labels, in pixels.
_WIDE, _NARROW = 13.0, 7.4
#: The half axes of the first ellipse, and how much each further one is larger.
_FIRST: Final = (210.0, 150.0)
_STEP: Final = (64.0, 66.0)
#: Slots are tried this far apart on an ellipse, in pixels.
_STRIDE: Final = 12.0
_CELL: Final = 256
#: What stands farther away than this doesn't turn new boxes away from itself, in pixels.
_NEAR: Final = 1200.0
#: How far to each side of the free direction new boxes stand, in radians.
_FAN: Final = 1.9
#: Ellipses that are tried for all new boxes together before they are spread over several.
_ONE_RING: Final = 7

Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class NewBox:
    """What is to be placed: its name and its width in pixels."""

    name: str
    width: int


def label_width(text: str) -> float:
    """Return the width of a text in a drawing, in pixels: the widest that a browser's fonts make it."""
    return sum(_NARROW if character.isascii() else _WIDE for character in text)


def box_width(labels: Iterable[str]) -> int:
    """Return the width of a box that holds the longest of the labels; longer ones than fit are cut.

    >>> box_width(["海诺科技"])
    94
    """
    return min(WIDTH_MAX, max(WIDTH_MIN, math.ceil(_FRAME + max(map(label_width, labels), default=0))))


@dataclass
class Plane:
    """The boxes that stand already, found by where they are."""

    _cells: dict[Point, list[tuple[int, int, int]]] = field(default_factory=lambda: defaultdict(list))
    places: dict[str, Point] = field(default_factory=dict)

    def put(self, name: str, at: Point, width: int) -> None:
        """Put a box, whatever stands there."""
        self.places[name] = at
        for cell in _cells_of(at, width):
            self._cells[cell].append((*at, width))

    def free(self, at: Point, width: int) -> bool:
        """Whether a box would keep its distance to every other."""
        x, y = at
        return not any(
            abs(ox - x) < (width + other) / 2 + GAP_X and abs(oy - y) < HEIGHT + GAP_Y
            for cell in _cells_of(at, width)
            for ox, oy, other in self._cells.get(cell, ())
        )


def _cells_of(at: Point, width: int) -> Iterable[Point]:
    x, y = at
    reach_x, reach_y = (width + GAP_X) // 2 + GAP_X, HEIGHT // 2 + GAP_Y
    for column in range((x - reach_x) // _CELL, (x + reach_x) // _CELL + 1):
        for row in range((y - reach_y) // _CELL, (y + reach_y) // _CELL + 1):
            yield column, row


def around(plane: Plane, parent: str, boxes: Sequence[NewBox]) -> dict[str, Point]:
    """Place boxes around one that stands already, and put them on the plane.

    Parameters
    ----------
    parent
        Name of a box on the plane.
    boxes
        In the order in which they shall stand around it.

    Returns
    -------
    dict
        Their places. No box comes nearer to another than the gaps, and none that stood already has moved.
    """
    if not boxes:
        return {}
    centre = plane.places[parent]
    away = _away(plane, parent)
    # All slots are as wide as the widest box: the handing out by angle needs them to be alike.
    slots = _slots(plane, centre, max(box.width for box in boxes), len(boxes), away)
    slots.sort(key=lambda slot: _turn(centre, slot, -math.pi / 2 if away is None else away))
    found = {}
    for box, slot in zip(boxes, slots, strict=True):
        plane.put(box.name, slot, box.width)
        found[box.name] = slot
    return found


def apart(plane: Plane, box: NewBox) -> Point:
    """Place a box that belongs to none on the plane: in the middle, else right of everything, and put it there."""
    if not plane.places:
        at = (0, 0)
    else:
        right = max(x for x, _ in plane.places.values()) + WIDTH_MAX + 4 * GAP_X
        middle = sorted(y for _, y in plane.places.values())[len(plane.places) // 2]
        at = (right, middle)
        while not plane.free(at, box.width):
            at = (at[0] + _CELL, middle)
    plane.put(box.name, at, box.width)
    return at


def spread(
    plane: Plane, boxes: Sequence[NewBox], neighbours: Mapping[str, Sequence[str]], parent: str | None = None
) -> dict[str, Point]:
    """Place many boxes at once: each around the first of its neighbours that stands, the others in the order given.

    Parameters
    ----------
    neighbours
        For each box the names of those it is linked to; names that are neither on the plane nor in `boxes` don't count.
    parent
        A box on the plane around which stand first all those that it is linked to.

    Notes
    -----
    A walk in breadth from what stands: what is linked to it is placed around it, then what is linked to those. What is
    linked to nothing comes last, right of the rest, and a new walk starts from it.
    """
    left = {box.name: box for box in boxes}
    order = {box.name: n for n, box in enumerate(boxes)}
    found: dict[str, Point] = {}
    waiting = [parent] if parent else [name for name in plane.places if name in neighbours]
    while left:
        if not waiting:
            name = next(iter(left))
            found[name] = apart(plane, left.pop(name))
            waiting = [name]
        following: list[str] = []
        for centre in waiting:
            mine = sorted({n for n in neighbours.get(centre, ()) if n in left}, key=order.__getitem__)
            found |= around(plane, centre, [left.pop(n) for n in mine])
            following += mine
        waiting = following
        if parent and not waiting:
            parent, waiting = None, [n for n in plane.places if n in neighbours and n not in found]
    return found


def _away(plane: Plane, parent: str) -> float | None:
    """Return the angle that faces away from what stands near a box; None where nothing does."""
    x, y = plane.places[parent]
    pull_x = pull_y = 0.0
    for name, (ox, oy) in plane.places.items():
        distance = math.hypot(ox - x, oy - y)
        if name != parent and 0 < distance < _NEAR:
            # The nearer, the heavier: the farther ones are many.
            pull_x += (ox - x) / distance**2
            pull_y += (oy - y) / distance**2
    return math.atan2(-pull_y, -pull_x) if abs(pull_x) + abs(pull_y) > 1e-9 else None


def _slots(plane: Plane, centre: Point, width: int, count: int, away: float | None) -> list[Point]:
    middle, reach = (-math.pi / 2, math.pi) if away is None else (away, _FAN)
    mine = Plane()
    for ring in range(_ONE_RING):
        here = _ring(plane, Plane(), centre, width, ring, middle, reach)
        if len(here) >= count:
            return _evenly(here, count, centre, middle)
    # Too many for one ellipse: several, one around the other.
    ring = 1
    found: list[Point] = []
    while len(found) < count:
        here = _ring(plane, mine, centre, width, ring, middle, reach)
        found += _evenly(here, min(count - len(found), len(here)), centre, middle)
        ring += 1
    return found


def _ring(plane: Plane, mine: Plane, centre: Point, width: int, ring: int, middle: float, reach: float) -> list[Point]:
    """Return the free slots of an ellipse, and put them on a plane of their own."""
    a, b = (_FIRST[0] + _STEP[0] * ring, _FIRST[1] + _STEP[1] * ring)
    steps = max(24, int(math.pi * (a + b) * (reach / math.pi) / _STRIDE))
    here: list[Point] = []
    for step in range(steps):
        # From the free side outwards, one step to the left, one to the right.
        turn = middle + (step + 1) // 2 * (1 if step % 2 else -1) * 2 * reach / steps
        at = (round(centre[0] + a * math.cos(turn)), round(centre[1] + b * math.sin(turn)))
        if plane.free(at, width) and mine.free(at, width):
            mine.put(f"{ring} {step}", at, width)
            here.append(at)
    return here


def _evenly(slots: list[Point], count: int, centre: Point, middle: float) -> list[Point]:
    """Return so many of the slots, spread over all of them."""
    slots.sort(key=lambda slot: _turn(centre, slot, middle))
    return [slots[(2 * n + 1) * len(slots) // (2 * count)] for n in range(count)]


def _turn(centre: Point, slot: Point, away: float) -> tuple[float, int, int]:
    """Return where a slot lies on the way around, counted from the side that is opposite to `away`."""
    turn = math.atan2(slot[1] - centre[1], slot[0] - centre[0]) - (away - math.pi)
    return (round(turn % (2 * math.pi), 6), *slot)
