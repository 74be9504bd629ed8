from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from kg.services.placement import GAP_X, GAP_Y, HEIGHT, NewBox, Plane, Point, around, box_width, spread

WIDTHS = st.integers(64, 232)


def overlapping(places: dict[str, Point], widths: dict[str, int]) -> list[tuple[str, str]]:
    return [
        (a, b)
        for a, b in combinations(places, 2)
        if abs(places[a][0] - places[b][0]) < (widths[a] + widths[b]) / 2 and abs(places[a][1] - places[b][1]) < HEIGHT
    ]


@given(st.lists(WIDTHS, min_size=1, max_size=60), st.lists(WIDTHS, max_size=60))
@settings(deadline=None, max_examples=60)
def test_new_boxes_cover_nothing_and_move_nothing(first: list[int], second: list[int]) -> None:
    plane = Plane()
    widths = {"root": 100} | {f"a{n}": w for n, w in enumerate(first)} | {f"b{n}": w for n, w in enumerate(second)}
    plane.put("root", (0, 0), 100)
    around(plane, "root", [NewBox(f"a{n}", w) for n, w in enumerate(first)])
    before = dict(plane.places)
    around(plane, "a0", [NewBox(f"b{n}", w) for n, w in enumerate(second)])
    assert {name: plane.places[name] for name in before} == before
    assert set(plane.places) == set(widths)
    assert overlapping(plane.places, widths) == []


def test_boxes_keep_their_distance_from_each_other() -> None:
    plane = Plane()
    plane.put("root", (0, 0), 100)
    found = around(plane, "root", [NewBox(str(n), 100) for n in range(40)])
    for (ax, ay), (bx, by) in combinations(found.values(), 2):
        assert abs(ax - bx) >= 100 + GAP_X or abs(ay - by) >= HEIGHT + GAP_Y


def test_an_only_neighbour_stands_on_the_far_side_of_what_is_there() -> None:
    plane = Plane()
    plane.put("left", (-300, 0), 100)
    plane.put("parent", (0, 0), 100)
    (place,) = around(plane, "parent", [NewBox("new", 100)]).values()
    assert place == (210, 0)


def test_what_is_given_side_by_side_stands_side_by_side() -> None:
    import math

    plane = Plane()
    plane.put("root", (0, 0), 100)
    found = around(plane, "root", [NewBox(str(n), 90) for n in range(12)])
    turns = [math.atan2(y, x) for x, y in found.values()]
    steps = [(b - a) % (2 * math.pi) for a, b in pairwise(turns)]
    assert all(0 < step < math.pi / 2 for step in steps)


def test_the_same_input_gives_the_same_places() -> None:
    def once() -> dict[str, Point]:
        boxes = [NewBox(str(n), 64 + n * 7 % 160) for n in range(200)]
        near = {str(n): [str(m) for m in range(200) if m != n and m % (n + 2) == 0] for n in range(200)}
        return spread(Plane(), boxes, near)

    assert once() == once()
    assert len(once()) == 200


def test_what_is_linked_to_nothing_is_placed_as_well() -> None:
    found = spread(Plane(), [NewBox("a", 80), NewBox("b", 80), NewBox("c", 80)], {"a": ["b"], "b": ["a"]})
    assert overlapping(found, dict.fromkeys(found, 80)) == []
    assert found["a"] == (0, 0)
    assert set(found) == {"a", "b", "c"}


def test_a_width_holds_the_longest_label_within_bounds() -> None:
    assert box_width([]) == 64
    assert box_width(["海诺", "Haino Technology"]) == box_width(["Haino Technology"]) > box_width(["海诺"])
    assert box_width(["长" * 10_000]) == 232
