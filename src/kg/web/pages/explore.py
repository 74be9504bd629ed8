"""The explorer: a page that works by its buttons alone, and the same in JSON for its script and for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from kg.errors import InvalidState
from kg.model.vocabulary import ID, KG
from kg.services import analytics, clicks, exploration, explore, links, viewstate
from kg.services.exploration import Expansion
from kg.services.explore import Names
from kg.services.selection import Selection
from kg.services.viewstate import ViewState
from kg.web import i18n, payload, present
from kg.web.pages import explored, ways
from kg.web.pages.common import blueprint, link
from kg.web.pages.told import told
from kg.web.present import Presenter
from kg.web.problem import RequestRefused
from kg.web.state import state as service

#: Bytes of a request: a state, and what to do with it.
BODY_MAX_BYTES: Final = 128 * 1024
#: Beyond so many boxes the page has its table only where the table is what is looked at.
TABLED_MAX: Final = 100
_JSON: Final = "application/json"
#: The keys of the graph, and what each does, in the order in which they are listed.
KEYS: Final = (
    (("←", "↑", "→", "↓"), "move"),
    (("Enter",), "details"),
    (("E",), "expand"),
    (("Shift", "F10"), "menu"),
    (("Ctrl", "Enter"), "more"),
    (("P",), "pin"),
    (("Delete",), "hide"),
    (("Ctrl", "Z"), "undo"),
    (("Ctrl", "Shift", "Z"), "redo"),
    (("F",), "fit"),
    (("+", "−"), "zoom"),
    (("Shift", "←", "↑", "→", "↓"), "pan"),
    (("T",), "table"),
    (("L",), "path"),
    (("/",), "search"),
    (("Esc",), "close"),
)


@blueprint.get("/explore")
def explore_page() -> AnyResponse | str:
    """Show the explorer: with the state of the address, with a saved one, with something to start from, or empty."""
    return _page(_asked())


@blueprint.post("/explore")
def explore_click() -> AnyResponse | str:
    """Do what a button says, for pages without a script; the address afterwards is that of the new state."""
    given = viewstate.parse(request.form.get("state", '{"v":1}'))
    command = request.form.get("do", "")
    if verb := request.form.get("verb", ""):
        # A form with a field of its own: the verb beside it, the object in it.
        command = f"{verb} {request.form.get('object', '')}"
    outcome = clicks.apply(service().store, given, command)
    packed = outcome.state.encoded()
    if len(packed) <= explored.ADDRESS_MAX:
        return redirect(link("/explore", state=packed), HTTPStatus.SEE_OTHER)
    return _page(outcome.state, outcome.expansion)


@blueprint.route("/explore/graph.json", methods=["GET", "POST"])
@told
def explore_graph() -> Response:
    """Return what a state shows; with `do`, the state after that command."""
    given, body = _given()
    outcome = clicks.Outcome(given)
    for command in _commands(body):
        outcome = clicks.apply(service().store, outcome.state, command)
    return _answer(explored.payload(outcome.state, outcome.expansion, parts=bool(body.get("parts"))))


@blueprint.post("/explore/expand.json")
@told
def explore_expand() -> Response:
    """Expand an entity (`of`), by some `kinds` of link, up to a `limit` of neighbours."""
    given, body = _given()
    kinds, limit = body.get("kinds"), body.get("limit", exploration.EXPAND)
    if kinds is not None and not (isinstance(kinds, list) and all(isinstance(k, str) for k in kinds[:100])):
        raise InvalidState("a list of kinds of link is expected", "kinds")
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= exploration.EXPAND_MAX:
        raise InvalidState(f"give a whole number from 1 to {exploration.EXPAND_MAX}", "limit")
    path = viewstate.entity_path(body.get("of"), "of")
    chosen = None if kinds is None else set(kinds[:100])
    found = exploration.expand(service().store, given, path, kinds=chosen, limit=limit)
    return _answer(explored.payload(found.state, found))


@blueprint.route("/explore/paths.json", methods=["GET", "POST"])
@told
def explore_paths() -> Response:
    """Return the paths between two entities, each step with its evidence, or why there is none."""
    given, body = _given()
    if body.get("from") or body.get("to"):
        asked = {"from": body.get("from"), "to": body.get("to"), "kinds": body.get("kinds")}
        asked |= {"hops": int(body["hops"])} if str(body.get("hops", "")).isdigit() else {}
        given = viewstate.from_json({**given.as_json(), "path": {k: v for k, v in asked.items() if v is not None}})
    found = clicks.routes(service().store, given)
    if found is None:
        raise InvalidState("give from and to, entities such as enterprise/x", "from")
    return _answer(ways.as_json(found))


@blueprint.route("/explore/measures.json", methods=["GET", "POST"])
@told
def explore_measures() -> Response:
    """Return the measures of a state's entities, over all links that its filters let through."""
    given, _ = _given()
    store = service().store
    found = analytics.analyse(store, given.filters)
    boxes = [box for box in given.boxes if box.iri in found.by_entity]
    return _answer(
        {
            "entities": {
                box.path: {
                    "degree": (m := found.by_entity[box.iri]).degree,
                    "degreeShare": m.degree_share,
                    "betweenness": m.betweenness,
                    "community": m.community,
                    "articulation": m.articulation,
                }
                for box in boxes
            },
            "computedOver": len(found.by_entity),
            "estimatedFrom": found.pivots,
        }
    )


@blueprint.get("/explore/drawer")
def explore_drawer() -> str:
    """Return what the drawer shows of an entity (`of`), or of the links between two (`from`, `to`)."""
    selection = Selection.from_args(request.args)
    if request.args.get("from"):
        ends = [f"{ID}{viewstate.entity_path(request.args.get(name), name)}" for name in ("from", "to")]
        return _link_drawer(ends[0], ends[1], selection)
    path = viewstate.entity_path(request.args.get("of"), "of")
    view = explore.entity(service().store, f"{ID}{path}")
    presenter = Presenter(view.names, i18n.language())
    facts = selection.keep(view.facts)
    shown = replace(view, facts=facts)
    neighbours = [(iri, presenter.row(fact, view.iri), fact) for iri, fact in shown.neighbours()]
    return render_template(
        "_explore_drawer.html",
        view=shown,
        path=path,
        p=presenter,
        groups=presenter.groups(facts, view.iri),
        neighbours=[
            (presenter.entity(iri, modality=fact.modality), row, iri.removeprefix(ID))
            for iri, row, fact in neighbours
            if presenter.names[iri].class_name in present.KINDS
        ],
        alternatives=explore.alternative_names(view.statements),
        documents=[(d, sum(d in {p.document for p in f.evidence} for f in facts)) for d in shown.documents()],
        zones=[presenter.entity(z) for z in _zones_of(view.iri, presenter)],
        hidden=len(view.facts) - len(facts),
    )


def _zones_of(iri: str, presenter: Presenter) -> list[str]:
    found = [z for z, inside in links.read(service().store).zones.items() if iri in inside and z != iri]
    presenter.names.load(service().store, found)
    return sorted(found)


def _link_drawer(one: str, other: str, selection: Selection) -> str:
    store = service().store
    given = ViewState(
        kinds=frozenset(links.read(store).kinds()),
        modalities=selection.modalities or None,
        certainties=selection.certainties or None,
        as_of=selection.as_of,
    )
    counted = exploration.Counted(store, given)
    between = [li for li in counted.of(one) if li.other(one) == other]
    facts = explore.load_facts(store, sorted({f for li in between for f in li.facts}))
    names = Names().load(store, {one, other, *explore.named_in(facts), *(f"{KG}{li.kind}" for li in between)})
    presenter = Presenter(names, i18n.language())
    by_iri = {fact.iri: presenter.row(fact) for fact in facts}
    return render_template(
        "_explore_link.html",
        p=presenter,
        ends=(presenter.entity(one), presenter.entity(other)),
        links=[(presenter.label(f"{KG}{li.kind}"), li, [by_iri[f] for f in li.facts if f in by_iri]) for li in between],
        one=one,
        documents=links.documents_of(between),
    )


def _asked(*, start: bool = True) -> ViewState:
    """Return the state that an address asks for."""
    if packed := request.args.get("state"):
        return viewstate.decode(packed)
    if name := request.args.get("saved"):
        item = service().shelf.open(name)
        return replace(item.state, name=item.name)
    if not start:
        return ViewState()
    store = service().store
    found = ViewState()
    added = [viewstate.entity_path(path, "add") for path in request.args.getlist("add")[:20]]
    if added:
        found = clicks.apply(store, found, f"add {' '.join(added)}").state
        if len(added) == 1:
            found = exploration.expand(store, found, added[0]).state
    for of in request.args.getlist("of")[:1]:
        found = clicks.apply(store, found, f"whole {of.replace(' ', '')}").state
    return found


def _given() -> tuple[ViewState, Mapping[str, Any]]:
    """Return the state that a request for JSON brings, and the rest of what it brings."""
    if request.method == "GET":
        return _asked(start=False), request.args.to_dict()
    if request.mimetype != _JSON:
        raise RequestRefused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body isn't JSON.", f"Send it with Content-Type: {_JSON}."
        )
    payload.check_encoding()
    raw = payload.body(BODY_MAX_BYTES)
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise InvalidState("it is no JSON", "") from None
    if not isinstance(body, dict):
        raise InvalidState("an object with a state is expected", "")
    return viewstate.from_json(body.get("state", {"v": 1})), body


def _commands(body: Mapping[str, Any]) -> Sequence[str]:
    given = body.get("do", [])
    wanted = [given] if isinstance(given, str) else given
    if not isinstance(wanted, list) or len(wanted) > 20 or not all(isinstance(c, str) for c in wanted):
        raise InvalidState("a command, or a list of up to 20, is expected", "do")
    return wanted


def _answer(value: Mapping[str, Any], status: int = HTTPStatus.OK) -> Response:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status=status, content_type=_JSON)


def _page(state: ViewState, expansion: Expansion | None = None) -> str:
    view = explored.view_of(state)
    return render_template(
        "explore.html",
        **explored.context(view),
        data=explored.canvas_of(view).page_data(),
        message=explored.said(expansion) if expansion else "",
        query=explored.query_of(view),
        starts=_starts() if not state.boxes and not state.groups else None,
        saving=service().shelf.allowed,
        keys=KEYS,
        tabled=state.mode == "table" or len(view.picture.entities) <= TABLED_MAX,
        address=link("/explore", state=packed) if len(packed := state.encoded()) <= explored.ADDRESS_MAX else "",
    )


def _starts() -> dict[str, Any]:
    """Return where a reader may start from: examples of the graph."""
    store = service().store
    known = links.read(store)
    degree = exploration.adjacency(store)
    zones = sorted((z for z in known.zones if len(known.zones[z]) > 1), key=lambda z: (-len(known.zones[z]), z))
    chains = sorted((i for i, c in known.classes.items() if c == "IndustryChain"), key=lambda i: (-len(degree[i]), i))
    firms = sorted((i for i, c in known.classes.items() if c == "Enterprise"), key=lambda i: (-len(degree[i]), i))
    names = Names().load(store, [*zones[:6], *chains[:6], *firms[:6]])
    p = Presenter(names, i18n.language())
    return {
        "zones": [(p.entity(i), i.removeprefix(ID)) for i in zones[:6]],
        "chains": [(p.entity(i), i.removeprefix(ID)) for i in chains[:6]],
        "firms": [(p.entity(i), i.removeprefix(ID)) for i in firms[:6]],
        "entities": len(known.classes),
    }
