"""Clicks on the explorer: what they show, what they leave where it is, and the query that says the same."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import NamedNode

from kg.errors import NotFound
from kg.model.label import local_name
from kg.model.vocabulary import ENTITY_SEGMENTS, ID
from kg.services import exploration, links, viewstate
from kg.services.placement import HEIGHT
from kg.services.selection import CERTAINTIES, MODALITIES
from kg.services.viewstate import BOXES_MAX, ViewState
from kg.store.embedded import EmbeddedStore

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture(scope="module")
def nary() -> Iterator[EmbeddedStore]:
    with EmbeddedStore.open(None) as opened:
        opened.load_graph(None, (DATA / "nary.ttl").read_bytes(), "text/turtle", replace=True)
        yield opened


@pytest.fixture(scope="module")
def haino(store: EmbeddedStore) -> str:
    known = links.read(store).classes
    return next(iri.removeprefix(ID) for iri in sorted(known) if "hainuokeji" in iri)


@pytest.fixture
def seen(store: EmbeddedStore, haino: str) -> ViewState:
    state = exploration.add(store, ViewState(), [haino])
    return exploration.expand(store, state, haino).state


def asked(store: EmbeddedStore, state: ViewState) -> tuple[set[str], dict[tuple[str, str, str], set[str]]]:
    """Run a state's query, and return its entities, and its links with their facts."""
    entities: set[str] = set()
    found: dict[tuple[str, str, str], set[str]] = {}
    for row in store.select(exploration.sparql(store, state, "zh")):
        value = {name: term.value for name, term in row.items() if isinstance(term, NamedNode)}
        if "entity" in value:
            entities.add(value["entity"])
        else:
            entities |= {value["source"], value["target"]}
            found.setdefault((value["source"], local_name(value["kind"]), value["target"]), set()).add(value["fact"])
    return entities, found


def agree(store: EmbeddedStore, state: ViewState) -> None:
    picture = exploration.picture(store, state)
    entities, found = asked(store, state)
    assert {e.iri for e in picture.entities} == entities
    assert {(li.source, li.kind, li.target): set(li.facts) for li in picture.links} == found


def overlapping(store: EmbeddedStore, state: ViewState) -> list[tuple[str, str]]:
    entities = exploration.picture(store, state).entities
    return [
        (a.iri, b.iri)
        for a, b in combinations(entities, 2)
        if abs(a.box.x - b.box.x) < (a.width + b.width) / 2 and abs(a.box.y - b.box.y) < HEIGHT
    ]


# --- the property: whatever is clicked, the query gives what is shown -------------------------------------------------

Click = Callable[[EmbeddedStore, list[ViewState], st.DataObject], None]


def _boxes(state: ViewState) -> list[str]:
    return [box.path for box in state.boxes]


def _add(store: EmbeddedStore, past: list[ViewState], data: st.DataObject) -> None:
    known = sorted(iri.removeprefix(ID) for iri in links.read(store).classes)
    past.append(exploration.add(store, past[-1], [data.draw(st.sampled_from(known))]))


def _expand(store: EmbeddedStore, past: list[ViewState], data: st.DataObject) -> None:
    if past[-1].boxes:
        path = data.draw(st.sampled_from(_boxes(past[-1])))
        kinds = data.draw(st.none() | st.sets(st.sampled_from(sorted(links.read(store).kinds())), max_size=4))
        limit = data.draw(st.integers(1, 12))
        past.append(exploration.expand(store, past[-1], path, kinds=kinds, limit=limit).state)


def _put_aside(_: EmbeddedStore, past: list[ViewState], data: st.DataObject) -> None:
    if past[-1].boxes:
        path = data.draw(st.sampled_from(_boxes(past[-1])))
        past.append(past[-1].with_boxes(replace(b, aside=not b.aside) if b.path == path else b for b in past[-1].boxes))


def _filter(store: EmbeddedStore, past: list[ViewState], data: st.DataObject) -> None:
    change = data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                "off": st.frozensets(st.sampled_from(sorted(ENTITY_SEGMENTS)), max_size=4),
                "modalities": st.none() | st.frozensets(st.sampled_from(MODALITIES), min_size=1, max_size=5),
                "certainties": st.none() | st.frozensets(st.sampled_from(CERTAINTIES), min_size=1, max_size=2),
                "kinds": st.none() | st.frozensets(st.sampled_from(sorted(links.read(store).kinds())), max_size=12),
                "as_of": st.none() | st.dates(date(2005, 1, 1), date(2031, 1, 1)),
            },
        )
    )
    past.append(replace(past[-1], **change))


def _undo(_: EmbeddedStore, past: list[ViewState], __: st.DataObject) -> None:
    if len(past) > 1:
        past.pop()


CLICKS: tuple[Click, ...] = (_add, _add, _expand, _expand, _expand, _put_aside, _filter, _undo)


@given(st.lists(st.sampled_from(CLICKS), min_size=1, max_size=10), st.data())
@settings(deadline=None, max_examples=120)
def test_the_query_gives_exactly_what_is_shown_whatever_was_clicked(
    store: EmbeddedStore, clicks: list[Click], data: st.DataObject
) -> None:
    past = [ViewState()]
    for click in clicks:
        before = past[-1]
        click(store, past, data)
        after = past[-1]
        agree(store, after)
        if click is not _undo:
            # Nothing that stood has moved, and nothing covers anything.
            assert all(after.by_path[b.path].x == b.x and after.by_path[b.path].y == b.y for b in before.boxes)
        assert overlapping(store, after) == []
        assert viewstate.decode(after.encoded()) == after


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_the_query_agrees_on_every_class_of_fact(nary: EmbeddedStore, data: st.DataObject) -> None:
    every = sorted(iri.removeprefix(ID) for iri in links.read(nary).classes)
    past = [exploration.add(nary, ViewState(), every)]
    agree(nary, past[-1])
    for _ in range(3):
        _filter(nary, past, data)
        agree(nary, past[-1])


def test_the_whole_graph_agrees(store: EmbeddedStore) -> None:
    every = sorted(iri.removeprefix(ID) for iri in links.read(store).classes)
    state = exploration.add(store, ViewState(), every)
    agree(store, state)
    agree(store, replace(state, kinds=frozenset(links.read(store).kinds())))
    assert overlapping(store, state) == []


# --- single clicks ----------------------------------------------------------------------------------------------------


def test_an_expansion_says_what_stays_hidden(store: EmbeddedStore, haino: str) -> None:
    state = exploration.add(store, ViewState(), [haino])
    (alone,) = exploration.picture(store, state).entities
    some = exploration.expand(store, state, haino, limit=5)
    assert len(some.added) == 5
    assert sum(some.left.values()) == alone.more - 5
    assert not some.full
    rest = exploration.expand(store, some.state, haino)
    assert len(rest.added) == alone.more - 5
    assert rest.left == {}
    picture = exploration.picture(store, rest.state)
    assert picture.entities[0].more == 0
    assert sum(picture.left.values()) > 0


def test_hidden_neighbours_are_counted_by_kind_of_link_and_by_class(store: EmbeddedStore, haino: str) -> None:
    (alone,) = exploration.picture(store, exploration.add(store, ViewState(), [haino])).entities
    theirs = [li for li in links.read(store).links if f"{ID}{haino}" in (li.source, li.target)]
    near = {li.other(f"{ID}{haino}") for li in theirs if li.kind not in exploration.ASIDE}
    assert alone.more == len(near) == sum(alone.classes.values())
    assert set(alone.kinds) == {li.kind for li in theirs} - exploration.ASIDE
    assert sum(alone.kinds.values()) >= alone.more


def test_one_kind_of_link_is_expanded_alone(store: EmbeddedStore, haino: str) -> None:
    state = exploration.add(store, ViewState(), [haino])
    found = exploration.expand(store, state, haino, kinds={"produces"})
    picture = exploration.picture(store, found.state)
    assert {b.path.partition("/")[0] for b in found.added} == {"product"}
    assert picture.entities[0].kinds.get("produces") is None


def test_what_was_put_aside_comes_back_to_its_place(store: EmbeddedStore, seen: ViewState, haino: str) -> None:
    gone = seen.boxes[3]
    aside = seen.with_boxes(replace(b, aside=True) if b.path == gone.path else b for b in seen.boxes)
    picture = exploration.picture(store, aside)
    assert gone.path not in {e.box.path for e in picture.entities}
    assert [b.path for b in picture.away] == [gone.path]
    back = exploration.expand(store, aside, haino)
    assert [b.path for b in back.added] == [gone.path]
    assert back.state == seen


def test_a_filter_of_facts_leaves_what_was_asked_for_by_name(store: EmbeddedStore, seen: ViewState, haino: str) -> None:
    intended = replace(seen, modalities=frozenset({"intended"}))
    picture = exploration.picture(store, intended)
    assert haino in {e.box.path for e in picture.entities}
    assert all(li.modalities == ["intended"] for li in picture.links)
    assert len(picture.entities) < len(seen.boxes)
    # The counts say what there would be without this one filter.
    assert picture.modalities == exploration.picture(store, seen).modalities


def test_a_class_that_is_left_out_is_still_counted(store: EmbeddedStore, seen: ViewState) -> None:
    whole = exploration.picture(store, seen)
    off = exploration.picture(store, replace(seen, off=frozenset({"Product"})))
    assert off.classes == whole.classes
    assert whole.classes["Product"] == len(whole.entities) - len(off.entities)


def test_an_entity_that_the_graph_does_not_know_is_named(store: EmbeddedStore, seen: ViewState) -> None:
    strange = seen.with_boxes([*seen.boxes, viewstate.Box("enterprise/none-00000000", 5000, 5000)])
    picture = exploration.picture(store, strange)
    assert [b.path for b in picture.unknown] == ["enterprise/none-00000000"]
    agree(store, strange)
    with pytest.raises(NotFound):
        exploration.add(store, seen, ["enterprise/none-00000000"])
    with pytest.raises(NotFound):
        exploration.expand(store, seen, "enterprise/none-00000000")


def test_a_full_state_takes_no_more(store: EmbeddedStore, haino: str) -> None:
    state = exploration.add(store, ViewState(), [haino])
    others = [viewstate.Box(f"product/none-{n:08x}", n * 300, 9000) for n in range(BOXES_MAX - 2)]
    full = state.with_boxes([*state.boxes, *others])
    found = exploration.expand(store, full, haino)
    assert len(found.added) == 1
    assert found.full
    assert len(found.state.boxes) == BOXES_MAX
    assert len(exploration.add(store, found.state, ["zone/" + _zone(store)]).boxes) == BOXES_MAX


def _zone(store: EmbeddedStore) -> str:
    return min(links.read(store).zones).rpartition("/")[2]


def test_the_query_says_its_question_in_the_readers_language(store: EmbeddedStore, seen: ViewState) -> None:
    assert exploration.sparql(store, seen, "zh").startswith("# 图中有哪些实体")
    assert exploration.sparql(store, seen, "en").startswith("# Which entities are in the picture")
    assert "$" not in exploration.sparql(store, seen, "en").replace('"^.*[#/:]"', "")
