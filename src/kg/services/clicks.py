"""Commands of the explorer in words: what a button says is what is done, with a script or without one.

Notes
-----
A command is a verb with its objects, such as ``expand enterprise/x produces``. Each makes a new state of an old one;
none changes the graph. `VERBS` lists them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from kg.errors import InvalidState, NotFound
from kg.model.vocabulary import ID
from kg.services import aggregation, exploration, links, paths, viewstate
from kg.services.exploration import EXPAND, EXPAND_MAX, Expansion
from kg.services.placement import WIDTH_MAX
from kg.services.projection import ASIDE
from kg.services.selection import CERTAINTIES, MODALITIES
from kg.services.viewstate import BOXES_MAX, Route, ViewState, entity_path
from kg.store.protocol import Reader

#: Characters of one command.
COMMAND_MAX: Final = 20_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state after a command, and what an expansion brought and left."""

    state: ViewState
    expansion: Expansion | None = None


Verb = Callable[[Reader, ViewState, Sequence[str]], ViewState | Expansion]


def apply(store: Reader, state: ViewState, command: str) -> Outcome:
    """Do what a command says.

    Raises
    ------
    InvalidState
        If it is no command, or its objects aren't what it takes.
    NotFound
        If it names an entity that the graph or the state doesn't have.
    """
    verb, *words = command[:COMMAND_MAX].split() or [""]
    if verb not in VERBS:
        raise InvalidState(f"{verb[:40]!r} is no command; there are {', '.join(VERBS)}", "do")
    least, most, act = VERBS[verb]
    if not least <= len(words) <= most:
        raise InvalidState(f"{verb} takes {least} to {most} words", "do")
    found = act(store, state, words)
    after = found.state if isinstance(found, Expansion) else found
    known = after.by_path
    if strangers := [path for path in after.selected if path not in known or known[path].aside]:
        after = replace(after, selected=tuple(path for path in after.selected if path not in strangers))
    if isinstance(found, Expansion):
        return Outcome(after, replace(found, state=after))
    return Outcome(after)


def _add(store: Reader, state: ViewState, words: Sequence[str]) -> ViewState:
    named = [entity_path(word, "do") for word in words]
    return replace(exploration.add(store, state, named), selected=(named[-1],))


def _expand(store: Reader, state: ViewState, words: Sequence[str]) -> Expansion:
    path, kind, limit = (*words, *("*", str(EXPAND))[len(words) - 1 :])
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit[:9]) <= EXPAND_MAX:
        raise InvalidState(f"the limit is a whole number from 1 to {EXPAND_MAX}", "do")
    return exploration.expand(store, state, path, kinds=None if kind == "*" else {kind}, limit=int(limit))


def _flagged(state: ViewState, words: Sequence[str], flags: Mapping[str, bool]) -> ViewState:
    wanted = set(words)
    if unknown := wanted - set(state.by_path):
        raise NotFound("box", min(unknown), "Add the entity first.")
    # mypy can't see which fields the flags are.
    return state.with_boxes(replace(b, **flags) if b.path in wanted else b for b in state.boxes)  # type: ignore[arg-type]


def _hide(_: Reader, state: ViewState, words: Sequence[str]) -> ViewState:
    return _flagged(state, words, {"aside": True})


def _only(_: Reader, state: ViewState, words: Sequence[str]) -> ViewState:
    kept = _flagged(state, words, {"aside": False})
    return kept.with_boxes(b if b.path in words else replace(b, aside=True) for b in kept.boxes)


def _show(_: Reader, state: ViewState, words: Sequence[str]) -> ViewState:
    return _flagged(state, words, {"aside": False})


def _show_all(_: Reader, state: ViewState, __: Sequence[str]) -> ViewState:
    return state.with_boxes(replace(box, aside=False) for box in state.boxes)


def _pin(_: Reader, state: ViewState, words: Sequence[str]) -> ViewState:
    every = all(state.by_path[word].pinned for word in words if word in state.by_path)
    return _flagged(state, words, {"pinned": not every})


def _classes(_: Reader, state: ViewState, words: Sequence[str]) -> ViewState:
    wanted = viewstate.from_json({"v": 1, "filters": {"off": list(words)}}).off
    return replace(state, off=state.off - wanted if wanted <= state.off else state.off | wanted)


def _toggled(now: frozenset[str] | None, every: Sequence[str], word: str) -> frozenset[str] | None:
    if word not in every:
        raise InvalidState(f"{word[:40]!r} isn't among {', '.join(every)}", "do")
    chosen = frozenset(every) if now is None else now
    chosen = chosen - {word} if word in chosen else chosen | {word}
    # Without the last one nothing would be left: all come back.
    return None if not chosen or chosen == frozenset(every) else chosen


def _modality(_: Reader, state: ViewState, words: Sequence[str]) -> ViewState:
    return replace(state, modalities=_toggled(state.modalities, MODALITIES, words[0]))


def _certainty(_: Reader, state: ViewState, words: Sequence[str]) -> ViewState:
    return replace(state, certainties=_toggled(state.certainties, CERTAINTIES, words[0]))


def _kind(store: Reader, state: ViewState, words: Sequence[str]) -> ViewState:
    every = [kind for kind in links.read(store).kinds() if kind not in ASIDE or kind in (state.kinds or ())]
    if words[0] in ASIDE:
        # What nobody asked for yet comes to the rest.
        every = sorted({*every, words[0]})
        return replace(state, kinds=frozenset(every) if state.kinds is None else state.kinds ^ {words[0]})
    return replace(state, kinds=_toggled(state.kinds, every, words[0]))


def _sole(store: Reader, state: ViewState, words: Sequence[str]) -> ViewState:
    what, word = words
    if what == "modality" and word in MODALITIES:
        return replace(state, modalities=frozenset({word}))
    if what == "certainty" and word in CERTAINTIES:
        return replace(state, certainties=frozenset({word}))
    if what == "kind" and word in links.read(store).kinds():
        return replace(state, kinds=frozenset({word}))
    raise InvalidState(f"{what[:40]!r} has no {word[:40]!r}", "do")


def _day(_: Reader, state: ViewState, words: Sequence[str]) -> ViewState:
    try:
        return replace(state, as_of=date.fromisoformat(words[0]) if words else None)
    except ValueError:
        raise InvalidState("give a day such as 2025-12-31", "do") from None


def _facts(_: Reader, state: ViewState, words: Sequence[str]) -> ViewState:
    return replace(state, certainties=frozenset({"stated"}) if words[0] == "stated" else None)


def _unfiltered(_: Reader, state: ViewState, __: Sequence[str]) -> ViewState:
    return replace(state, off=frozenset(), modalities=None, certainties=None, kinds=None, as_of=None)


def _looks(name: str) -> Verb:
    def act(_: Reader, state: ViewState, words: Sequence[str]) -> ViewState:
        return viewstate.from_json({**state.as_json(), name: words[0]})

    return act


def _route(store: Reader, state: ViewState, words: Sequence[str]) -> ViewState:
    """Look for a path, and show the first that is found."""
    if not words:
        return replace(state, route=None)
    ends = [entity_path(word, "do") for word in words[:2]]
    if len(ends) != 2:
        raise InvalidState("a path has two ends", "do")
    before = state.route or Route("", "")
    return _shown(store, replace(state, route=replace(before, source=ends[0], target=ends[1], chosen=0)))


def _hops(store: Reader, state: ViewState, words: Sequence[str]) -> ViewState:
    hops = int(words[0]) if words[0].isascii() and words[0].isdigit() else 0
    return _shown(store, viewstate.from_json(_with_route(state, hops=hops, chosen=0)))


def _via(store: Reader, state: ViewState, words: Sequence[str]) -> ViewState:
    """Let the path use a kind of link alone, or beside those that are chosen; ``all`` lets it use each."""
    route = state.route
    if route is None:
        raise InvalidState("no path is looked for", "do")
    every = links.read(store).kinds()
    if words[0] != "all" and words[0] not in every:
        raise InvalidState(f"{words[0][:40]!r} isn't among {', '.join(every)}", "do")
    chosen = frozenset() if words[0] == "all" else (route.kinds or frozenset()) ^ {words[0]}
    return _shown(store, replace(state, route=replace(route, kinds=chosen or None, chosen=0)))


def _hubs(store: Reader, state: ViewState, _: Sequence[str]) -> ViewState:
    return _shown(
        store, viewstate.from_json(_with_route(state, hubs=state.route is None or not state.route.hubs, chosen=0))
    )


def _along(store: Reader, state: ViewState, words: Sequence[str]) -> ViewState:
    if not words[0].isascii() or not words[0].isdigit():
        raise InvalidState("give the number of a path", "do")
    after = viewstate.from_json(_with_route(state, chosen=int(words[0])))
    found = routes(store, after)
    if found is None or int(words[0]) >= len(found.found):
        raise InvalidState("there is no such path", "do")
    return _shown(store, after)


def _shown(store: Reader, state: ViewState) -> ViewState:
    """Return the state with the entities of its chosen path, where there is one."""
    found = routes(store, state)
    if found is None or state.route is None or not found.found:
        return state
    chosen = found.found[min(state.route.chosen, len(found.found) - 1)]
    return exploration.add(store, state, [iri.removeprefix(ID) for iri in chosen.entities], root=False)


def _with_route(state: ViewState, **change: object) -> dict[str, object]:
    if state.route is None:
        raise InvalidState("no path is looked for", "do")
    value = state.as_json()
    return {**value, "path": {**value["path"], **change}}


def _whole(store: Reader, state: ViewState, words: Sequence[str]) -> ViewState:
    """Show all of a zone or a chain: box by box where they are few, else as groups."""
    of, by = words[0], words[1] if len(words) == 2 else "class"
    viewstate.from_json({"v": 1, "groups": {"of": of, "by": by}})
    every = aggregation.members(store, of)
    missing = [iri.removeprefix(ID) for iri in every if iri.removeprefix(ID) not in state.by_path]
    if len(words) == 1 and len(every) <= aggregation.WHOLE_MAX and len(state.boxes) + len(missing) <= BOXES_MAX:
        shown = exploration.add(store, state, [iri.removeprefix(ID) for iri in every], root=False)
        return shown if of == "all" else _flagged_root(shown, of)
    right = max((box.x for box in state.boxes), default=None)
    at = [0, 0] if right is None else [right + 4 * WIDTH_MAX, 0]
    return viewstate.from_json({**state.as_json(), "groups": {"of": of, "by": by, "at": at}})


def _flagged_root(state: ViewState, path: str) -> ViewState:
    return state.with_boxes(replace(box, root=box.root or box.path == path) for box in state.boxes)


def _open(store: Reader, state: ViewState, words: Sequence[str]) -> Expansion:
    return aggregation.open_group(store, state, words[0])


def _ungroup(_: Reader, state: ViewState, __: Sequence[str]) -> ViewState:
    return replace(state, groups=None)


def routes(store: Reader, state: ViewState) -> paths.Paths | None:
    """Return the paths that a state looks for; None where it looks for none."""
    if state.route is None:
        return None
    kinds = state.kinds if state.route.kinds is None else state.route.kinds
    return paths.paths(
        store,
        f"{ID}{state.route.source}",
        f"{ID}{state.route.target}",
        replace(state.filters, kinds=kinds),
        max_hops=state.route.hops,
        avoid_hubs=not state.route.hubs,
    )


#: Each verb with the fewest and the most words that it takes.
VERBS: Final[Mapping[str, tuple[int, int, Verb]]] = {
    "add": (1, 200, _add),
    "expand": (1, 3, _expand),
    "hide": (1, BOXES_MAX, _hide),
    "only": (1, BOXES_MAX, _only),
    "show": (1, BOXES_MAX, _show),
    "show-all": (0, 0, _show_all),
    "pin": (1, BOXES_MAX, _pin),
    "class": (1, 60, _classes),
    "modality": (1, 1, _modality),
    "certainty": (1, 1, _certainty),
    "kind": (1, 1, _kind),
    "sole": (2, 2, _sole),
    "day": (0, 1, _day),
    "facts": (1, 1, _facts),
    "unfiltered": (0, 0, _unfiltered),
    "mode": (1, 1, _looks("mode")),
    "colour": (1, 1, _looks("colour")),
    "size": (1, 1, _looks("size")),
    "route": (0, 2, _route),
    "hops": (1, 1, _hops),
    "along": (1, 1, _along),
    "via": (1, 1, _via),
    "hubs": (0, 0, _hubs),
    "whole": (1, 2, _whole),
    "open": (1, 1, _open),
    "ungroup": (0, 0, _ungroup),
}
