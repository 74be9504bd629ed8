"""The geometry of chain drawings: no overlap, no route through a foreign box, stable, right angles only."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.services.layout import Box, Layout, Link, place


def overlaps(layout: Layout) -> list[tuple[str, str]]:
    """Pairs of boxes that share a point."""
    return [
        (a, b)
        for (a, p), (b, q) in itertools.combinations(layout.boxes.items(), 2)
        if p.x < q.right and q.x < p.right and p.y < q.y + q.height and q.y < p.y + p.height
    ]


def trespasses(layout: Layout) -> list[tuple[str, str, str]]:
    """Routes that touch a box which isn't an end of theirs, or that run through one which is."""
    found = []
    for route in layout.routes:
        for (x1, y1), (x2, y2) in itertools.pairwise(route.points):
            left, right, top, bottom = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
            for name, box in layout.boxes.items():
                margin = 1 if name in (route.link.source, route.link.target) else 0
                if (
                    left <= box.right - margin
                    and box.x + margin <= right
                    and top <= box.y + box.height - margin
                    and box.y + margin <= bottom
                ):
                    found.append((route.link.source, route.link.target, name))
    return found


def shared_lines(layout: Layout) -> list[tuple[str, str]]:
    """Pairs of links of different trunks that lie on one another over some length: they couldn't be told apart."""
    found = []
    pieces = [
        (route.link, *sorted(((x1, y1), (x2, y2))))
        for route in layout.routes
        for (x1, y1), (x2, y2) in itertools.pairwise(route.points)
    ]
    for (one, a, b), (other, c, d) in itertools.combinations(pieces, 2):
        if (one.source, one.group) == (other.source, other.group):
            continue
        same_column = a[0] == b[0] == c[0] == d[0] and min(b[1], d[1]) > max(a[1], c[1])
        same_row = a[1] == b[1] == c[1] == d[1] and min(b[0], d[0]) > max(a[0], c[0])
        if one.source == other.source or one.target == other.target:
            same_row = False  # links of one box leave and arrive at one point
        if same_column or same_row:
            found.append((f"{one.source}→{one.target}", f"{other.source}→{other.target}"))
    return found


@st.composite
def chains(draw: st.DrawFn, most: int = 40) -> tuple[int, int, list[Box], list[Link]]:
    columns, lanes = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    count = draw(st.integers(0, most))
    boxes = [Box(f"b{n}", draw(st.integers(0, lanes - 1)), draw(st.integers(0, columns - 1))) for n in range(count)]
    links = []
    if count > 1:
        ends = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1), st.sampled_from(["solid", "dashed"]))
        links = [Link(f"b{a}", f"b{b}", g) for a, b, g in draw(st.lists(ends, max_size=60)) if a != b]
    return columns, lanes, boxes, links


@given(chains())
@settings(max_examples=150, deadline=None)
def test_geometry(chain: tuple[int, int, list[Box], list[Link]]) -> None:
    layout = place(*chain)
    assert overlaps(layout) == []
    assert trespasses(layout) == []
    assert shared_lines(layout) == []
    assert layout == place(*chain), "the same input gives the same drawing"
    for route in layout.routes:
        assert all((x1 == x2) != (y1 == y2) for (x1, y1), (x2, y2) in itertools.pairwise(route.points))
        assert all(0 <= x <= layout.width and 0 <= y <= layout.height for x, y in route.points)


@pytest.mark.parametrize("count", [5, 50, 300])
def test_sizes(count: int) -> None:
    """A drawing grows with its boxes and not faster."""
    boxes = [Box(f"b{n}", n % 6, n % 5) for n in range(count)]
    links = [Link(f"b{n}", f"b{n * 7 % count}") for n in range(count) if n != n * 7 % count]
    layout = place(5, 6, boxes, links)
    assert overlaps(layout) == []
    assert trespasses(layout) == []
    assert shared_lines(layout) == []
    assert layout.width < 1200 + 30 * count
    assert layout.height < 700 + 60 * count


def test_an_empty_stage_keeps_its_place() -> None:
    layout = place(3, 2, [Box("a", 0, 0), Box("b", 0, 2)], [Link("a", "b")])
    assert len(layout.columns) == 3
    assert layout.columns[1].end - layout.columns[1].start == layout.boxes["a"].width


def test_a_straight_link_has_no_corner() -> None:
    layout = place(2, 1, [Box("a", 0, 0), Box("b", 0, 1)], [Link("a", "b")])
    assert len(layout.routes[0].points) == 2


@pytest.mark.parametrize(
    ("boxes", "links"),
    [
        ([Box("a", 0, 0), Box("a", 0, 1)], []),
        ([Box("a", 0, 2)], []),
        ([Box("a", 0, 0)], [Link("a", "a")]),
        ([Box("a", 0, 0)], [Link("a", "b")]),
    ],
)
def test_nonsense_is_refused(boxes: list[Box], links: list[Link]) -> None:
    with pytest.raises(ValueError, match=r"."):
        place(2, 1, boxes, links)


def test_the_checks_can_fail() -> None:
    """Each check finds what it is for in a drawing made wrong on purpose."""
    layout = place(2, 1, [Box("a", 0, 0), Box("b", 0, 1), Box("c", 0, 0)], [Link("a", "b")])
    layout.boxes["c"] = layout.boxes["a"]
    assert overlaps(layout)
    assert trespasses(layout)
    layout = place(2, 1, [Box("a", 0, 0), Box("b", 0, 1), Box("c", 0, 0), Box("d", 0, 1)], [Link("a", "b")])
    twin = layout.routes[0]
    layout.routes.append(type(twin)(Link("c", "d"), twin.points))
    assert shared_lines(layout)
