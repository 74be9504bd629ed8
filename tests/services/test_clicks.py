"""The explorer's commands: what each makes of a state, and what none takes."""

from datetime import date

import pytest

from kg.errors import InvalidState, NotFound
from kg.model.vocabulary import ID
from kg.services import clicks, exploration, links
from kg.services.projection import ASIDE
from kg.services.viewstate import ViewState
from kg.store.embedded import EmbeddedStore


@pytest.fixture(scope="module")
def haino(store: EmbeddedStore) -> str:
    return next(i.removeprefix(ID) for i in sorted(links.read(store).classes) if "hainuokeji" in i)


@pytest.fixture
def seen(store: EmbeddedStore, haino: str) -> ViewState:
    return do(store, ViewState(), f"add {haino}", f"expand {haino}")


def do(store: EmbeddedStore, state: ViewState, *commands: str) -> ViewState:
    for command in commands:
        state = clicks.apply(store, state, command).state
    return state


def test_what_is_added_is_a_root_and_selected(store: EmbeddedStore, haino: str) -> None:
    state = do(store, ViewState(), f"add {haino}")
    assert state.boxes[0].root
    assert state.selected == (haino,)
    assert do(store, state, f"add {haino}") == state


def test_an_expansion_may_name_a_kind_and_a_limit(store: EmbeddedStore, haino: str) -> None:
    state = do(store, ViewState(), f"add {haino}")
    assert len(do(store, state, f"expand {haino} * 4").boxes) == 5
    only = do(store, state, f"expand {haino} produces")
    assert {b.path.partition("/")[0] for b in only.boxes[1:]} == {"product"}
    outcome = clicks.apply(store, state, f"expand {haino} * 4")
    assert outcome.expansion is not None
    assert outcome.expansion.state == outcome.state


def test_hiding_keeps_the_place_and_ends_the_selection(store: EmbeddedStore, seen: ViewState, haino: str) -> None:
    hidden = do(store, seen, f"hide {haino}")
    assert hidden.by_path[haino].aside
    assert hidden.selected == ()
    assert do(store, hidden, f"show {haino}").by_path[haino] == seen.by_path[haino]
    assert do(store, hidden, "show-all").boxes == seen.boxes
    alone = do(store, seen, f"only {haino}")
    assert [b.path for b in alone.boxes if not b.aside] == [haino]


def test_pinning_is_a_switch(store: EmbeddedStore, seen: ViewState, haino: str) -> None:
    assert do(store, seen, f"pin {haino}").by_path[haino].pinned
    assert do(store, seen, f"pin {haino}", f"pin {haino}") == seen


def test_filters_are_switches_that_come_back(store: EmbeddedStore, seen: ViewState) -> None:
    assert do(store, seen, "class Product Brand").off == {"Product", "Brand"}
    assert do(store, seen, "class Product", "class Product") == seen
    without = do(store, seen, "modality planned")
    assert without.modalities is not None
    assert "planned" not in without.modalities
    assert do(store, without, "modality planned") == seen
    assert do(store, seen, "sole modality planned").modalities == {"planned"}
    assert do(store, seen, "sole modality planned", "modality planned") == seen, "nothing would be left: all come back"
    assert do(store, seen, "sole certainty stated") == do(store, seen, "facts stated")
    assert do(store, seen, "facts stated", "facts all") == seen
    assert do(store, seen, "day 2025-06-30").as_of == date(2025, 6, 30)
    assert do(store, seen, "day 2025-06-30", "day") == seen
    kinds = do(store, seen, "kind produces").kinds
    assert kinds is not None
    assert "produces" not in kinds
    assert not kinds & ASIDE
    filtered = do(store, seen, "class Product", "sole kind produces", "day 2025-06-30", "facts stated")
    assert do(store, filtered, "unfiltered") == seen


def test_what_is_left_out_by_default_comes_to_the_rest_when_it_is_asked_for(
    store: EmbeddedStore, seen: ViewState
) -> None:
    aside = next(kind for kind in links.read(store).kinds() if kind in ASIDE)
    more = do(store, seen, f"kind {aside}")
    assert more.kinds == {kind for kind in links.read(store).kinds() if kind not in ASIDE} | {aside}


def test_a_path_brings_its_entities_into_the_picture(store: EmbeddedStore, haino: str) -> None:
    known = sorted(links.read(store).classes)
    far = next(i.removeprefix(ID) for i in known if "zhongbeidaxue" in i)
    other = next(i.removeprefix(ID) for i in known if "zhongguohaiyang" in i)
    state = do(store, ViewState(), f"add {far}", f"add {other}", f"route {far} {other}")
    found = clicks.routes(store, state)
    assert found is not None
    assert haino in state.by_path
    assert not state.by_path[haino].root
    assert {iri.removeprefix(ID) for iri in found.found[0].entities} <= set(state.by_path)
    second = do(store, state, "along 1")
    assert second.route is not None
    assert second.route.chosen == 1
    assert {iri.removeprefix(ID) for iri in found.found[1].entities} <= set(second.by_path)
    assert do(store, state, "route").route is None


def test_a_path_uses_the_kinds_of_link_that_are_allowed(store: EmbeddedStore) -> None:
    known = sorted(links.read(store).classes)
    far = next(i.removeprefix(ID) for i in known if "zhongbeidaxue" in i)
    other = next(i.removeprefix(ID) for i in known if "zhongguohaiyang" in i)
    state = do(store, ViewState(), f"route {far} {other}", "via partnerOf")
    found = clicks.routes(store, state)
    assert found is not None
    assert all(li.kind == "partnerOf" for path in found.found for step in path.steps for li in step.links)
    more = clicks.routes(store, do(store, state, "via suppliesTo"))
    assert more is not None
    assert {li.kind for path in more.found for step in path.steps for li in step.links} == {"partnerOf", "suppliesTo"}
    assert do(store, state, "via partnerOf").route == do(store, state, "via all").route
    reset = do(store, state, "via all")
    assert reset.route is not None
    assert reset.route.kinds is None
    direct = do(store, reset, "hubs")
    around = clicks.routes(store, direct)
    assert direct.route is not None
    assert not direct.route.hubs
    assert around is not None
    degree = exploration.adjacency(store)
    inner = {iri for path in around.found for iri in path.entities[1:-1]}
    assert all(len({li.other(iri) for li in degree[iri]}) <= 40 for iri in inner)
    assert do(store, direct, "hubs").route == reset.route
    longer = do(store, reset, "hops 6").route
    assert longer is not None
    assert longer.hops == 6


@pytest.mark.parametrize(
    "command",
    [
        *(
            "",
            "dance",
            "add",
            "expand",
            "hide",
            "class",
            "sole modality",
            "sole film planned",
            "modality",
            "modality x",
        ),
        *(
            "day x",
            "day 2025-13-01",
            "mode film",
            "colour x",
            "size x",
            "route enterprise/a",
            "hops 3",
            "hops x",
            "along x",
        ),
        *(
            "via produces",
            "hubs",
            "whole",
            "whole x",
            "expand enterprise/a * 0",
            "expand enterprise/a * x",
            "add claim/x",
        ),
        *("expand enterprise/a * ٣", "facts", "kind nothing", "add <x>"),
    ],
)
def test_what_is_no_command_is_refused(store: EmbeddedStore, command: str) -> None:
    with pytest.raises(InvalidState):
        clicks.apply(store, ViewState(), command)


@pytest.mark.parametrize(
    "command",
    ["add enterprise/none", "expand enterprise/none", "hide enterprise/none", "pin enterprise/none", "open x:y"],
)
def test_what_is_not_there_is_not_found(store: EmbeddedStore, command: str) -> None:
    with pytest.raises(NotFound):
        clicks.apply(store, ViewState(), command)
