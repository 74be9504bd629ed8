"""The explorer: a page that works by its buttons alone, and the same in JSON for its script and for programs."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final

from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from kg.errors import InvalidState
from kg.model.label import Label
from kg.model.vocabulary import ID, KG
from kg.services import aggregation, analytics, clicks, console, exploration, explore, links, placement, viewstate
from kg.services.canvas import Canvas, Edge, Node
from kg.services.exploration import Entity, Expansion, Picture
from kg.services.explore import Fact, Names
from kg.services.paths import Nothing, Paths
from kg.services.selection import CERTAINTIES, MODALITIES, Selection
from kg.services.viewstate import GROUPINGS, PATH_HOPS_MAX, ViewState
from kg.web import i18n, operations, payload, present
from kg.web.i18n import t
from kg.web.pages.common import blueprint, link
from kg.web.present import Presenter
from kg.web.problem import RequestRefused
from kg.web.state import state as service

#: Bytes of a request: a state, and what to do with it.
BODY_MAX_BYTES: Final = 128 * 1024
#: Characters of a state that is kept in an address; a longer one is saved, or stays in the browser.
ADDRESS_MAX: Final = 6000
#: The kinds of the legend, by the name of their colour, with the seal's character in zh and en.
KINDS: Final = {
    "ent": ("企", "E"),
    "prod": ("品", "G"),
    "uni": ("校", "U"),
    "proj": ("项", "P"),
    "plat": ("台", "H"),
    "zone": ("区", "Z"),
    "cert": ("认", "A"),
    "pol": ("策", "L"),
    "fund": ("资", "F"),
    "doc": ("文", "D"),
}
#: Colours of communities: the kinds' own, so that they hold in both themes; the number stands beside.
_COMMUNITY_COLOURS: Final = ("ent", "proj", "prod", "uni", "fund", "cert", "plat", "pol", "zone", "doc")
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


@dataclass(frozen=True)
class View:
    """A state with everything that its page shows."""

    state: ViewState
    picture: Picture
    groups: aggregation.Aggregate
    presenter: Presenter
    measures: Mapping[str, analytics.Measure]

    @property
    def drawn(self) -> set[str]:
        """The IRIs of the entities that stand in the picture on their own."""
        return {e.iri for e in self.picture.entities}


# --- requests ---------------------------------------------------------------------------------------------------------


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
    if len(packed) <= ADDRESS_MAX:
        return redirect(link("/explore", state=packed), HTTPStatus.SEE_OTHER)
    return _page(outcome.state, outcome.expansion)


@blueprint.route("/explore/graph.json", methods=["GET", "POST"])
def explore_graph() -> Response:
    """Return what a state shows; with `do`, the state after that command."""
    given, body = _given()
    outcome = clicks.Outcome(given)
    for command in _commands(body):
        outcome = clicks.apply(service().store, outcome.state, command)
    return _answer(_payload(outcome.state, outcome.expansion, parts=bool(body.get("parts"))))


@blueprint.post("/explore/expand.json")
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
    return _answer(_payload(found.state, found))


@blueprint.route("/explore/paths.json", methods=["GET", "POST"])
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
    return _answer(_paths_json(found))


@blueprint.route("/explore/measures.json", methods=["GET", "POST"])
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


# --- what a state shows -----------------------------------------------------------------------------------------------


def view_of(state: ViewState) -> View:
    """Return a state with everything that its page shows, in the language of the request."""
    store = service().store
    picture = exploration.picture(store, state)
    groups = aggregation.aggregate(store, state, picture.names, {e.iri for e in picture.entities})
    measured = analytics.measures(store, state.filters) if state.colour != "class" or state.size != "none" else {}
    if state.route:
        picture.names.load(store, [f"{ID}{state.route.source}", f"{ID}{state.route.target}"])
    return View(state, picture, groups, Presenter(picture.names, i18n.language()), measured)


def query_of(view: View) -> str:
    """Return the query that gives exactly a view's entities and links, those inside of groups among them."""
    further = [iri for group in view.groups.groups for iri in group.members]
    return exploration.sparql(service().store, view.state, i18n.language(), further)


def canvas_of(view: View) -> Canvas:
    """Return a view as a drawing."""
    nodes = [_node(view, entity) for entity in view.picture.entities]
    nodes += [_group_node(view, group) for group in view.groups.groups]
    return Canvas(nodes, _edges(view), options={"draggable": True})


def _node(view: View, entity: Entity) -> Node:
    p, path = view.presenter, entity.box.path
    piece = p.entity(entity.iri, modality=entity.modality or "actual")
    class_name = _class(view, entity.iri)
    colour, seal = present.seal(class_name, p.language)
    more: dict[str, Any] = {
        "class": class_name,
        "more": entity.more,
        "kinds": [{"kind": k, "label": p.label(f"{KG}{k}").text, "n": n} for k, n in entity.kinds.items()],
        "pinned": entity.box.pinned,
        "root": entity.box.root,
        "iri": entity.iri,
    }
    width = placement.box_width([piece.label.text])
    height = placement.HEIGHT
    if measure := view.measures.get(entity.iri):
        if view.state.colour == "community":
            colour = _COMMUNITY_COLOURS[(measure.community - 1) % len(_COMMUNITY_COLOURS)]
            more["community"] = measure.community
        if view.state.size != "none":
            value = measure.value(view.state.size)
            most = max(m.value(view.state.size) for m in view.measures.values()) or 1
            more["value"] = value
            more["share"] = round((value / most) ** 0.5, 3)
    spoken = [piece.label.text, t(f"class.{class_name}")]
    if entity.modality and entity.modality != "actual":
        spoken.append(t(f"modality.{entity.modality}"))
    if entity.more:
        spoken.append(t("explore.more", n=entity.more))
    return Node(
        path,
        piece.label.text,
        entity.box.x,
        entity.box.y,
        width,
        height,
        colour,
        seal,
        entity.modality or "actual",
        spoken=t("list.comma").join(spoken),
        href=piece.href or "",
        more=more,
    )


def _class(view: View, iri: str) -> str:
    return exploration.class_of(service().store, view.picture.names, iri)


def group_label(view: View, group: aggregation.Group) -> str:
    """Return what a group is called."""
    by, _, value = group.key.partition(":")
    if value == "rest":
        return t("explore.rest")
    if by == "community":
        return t("explore.community", n=value) if value else t("explore.alone")
    return view.presenter.label(group.about).text if group.about else t(f"explore.none_{by}")


def _group_node(view: View, group: aggregation.Group) -> Node:
    by, _, value = group.key.partition(":")
    colour, seal = "doc", ""
    if by == "class" and value in present.KINDS:
        colour, seal = present.seal(value, view.presenter.language)
    elif by in {"zone", "chain"} and group.about:
        colour, seal = present.seal("DevelopmentZone" if by == "zone" else "IndustryChain", view.presenter.language)
    label = group_label(view, group)
    return Node(
        group.key,
        label,
        group.x,
        group.y,
        placement.box_width([f"{label} {len(group.members)}"]),
        placement.HEIGHT,
        colour,
        seal,
        tag=str(len(group.members)),
        spoken=f"{label}, {t('count.entities', n=len(group.members))}, {t('explore.group_open')}",
        strong=True,
        more={"group": True, "n": len(group.members)},
    )


def _edges(view: View) -> list[Edge]:
    """Return the lines: the links of one direction between two boxes are one line."""
    by_ends: dict[tuple[str, str, bool], list[links.Link]] = defaultdict(list)
    for li in view.picture.links:
        by_ends[li.source.removeprefix(ID), li.target.removeprefix(ID), li.directed].append(li)
    edges = []
    for (source, target, directed), together in by_ends.items():
        modalities = {m for li in together for m in li.modalities}
        certainties = {s.certainty for li in together for s in li.supports}
        named = t("list.comma").join(view.presenter.label(f"{KG}{li.kind}").text for li in together)
        edges.append(
            Edge(
                f"{source} {target}{' >' if directed else ''}",
                source,
                target,
                open="actual" not in modalities,
                arrow=directed,
                spoken=named,
                more={
                    "label": named,
                    "kinds": [li.kind for li in together],
                    "inferred": "stated" not in certainties,
                    "documents": len(links.documents_of(together)),
                },
            )
        )
    drawn = {e.box.path for e in view.picture.entities} | {g.key for g in view.groups.groups}
    edges += [
        Edge(f"{line.source} {line.target} #", line.source, line.target, more={"n": line.count})
        for line in view.groups.lines
        if line.source in drawn and line.target in drawn
    ]
    return edges


def _payload(state: ViewState, expansion: Expansion | None = None, *, parts: bool = False) -> dict[str, Any]:
    view = view_of(state)
    packed = state.encoded()
    value: dict[str, Any] = {
        "state": state.as_json(),
        "address": link("/explore", state=packed) if len(packed) <= ADDRESS_MAX else None,
        "canvas": canvas_of(view).page_data(),
        "links": [_link_json(li, view) for li in view.picture.links],
        "hidden": view.picture.left,
        "away": [box.path for box in view.picture.away],
        "unknown": [box.path for box in view.picture.unknown],
        "version": service().store.version,
        "sparql": query_of(view),
    }
    if expansion is not None:
        value["added"] = [box.path for box in expansion.added]
        value["said"] = said(expansion)
    if parts:
        shown = _context(view)
        value["parts"] = {
            name: render_template(f"_explore_{name}.html", **shown)
            for name in ("legend", "table", "route", "status", "tools")
        }
        # Links are in the table for the page's script.
        del value["links"]
    return value


def _link_json(li: links.Link, view: View) -> dict[str, Any]:
    return {
        "source": li.source.removeprefix(ID),
        "kind": li.kind,
        "label": view.presenter.label(f"{KG}{li.kind}").text,
        "target": li.target.removeprefix(ID),
        "directed": li.directed,
        "facts": [
            {
                "fact": s.fact.removeprefix(ID),
                "modality": s.modality,
                "certainty": s.certainty,
                "documents": [d.removeprefix(ID) for d in s.documents],
            }
            for s in li.supports
        ],
    }


def said(expansion: Expansion) -> str:
    """Return what an expansion brought and what it left, as a sentence."""
    text = t("explore.added", n=len(expansion.added))
    if expansion.left:
        kinds: dict[str, int] = defaultdict(int)
        for name, n in expansion.left.items():
            kinds[t(f"class.{name}") if i18n.has(f"class.{name}") else t("explore.in_group")] += n
        left = t("list.comma").join(f"{name} {n}" for name, n in sorted(kinds.items(), key=lambda k: -k[1]))
        text = f"{text}{t('explore.still', kinds=left)}"
    elif not expansion.added:
        text = t("explore.nothing_more")
    if expansion.full:
        text = f"{text}{t('explore.full', n=viewstate.BOXES_MAX)}"
    return text


def _page(state: ViewState, expansion: Expansion | None = None) -> str:
    view = view_of(state)
    return render_template(
        "explore.html",
        **_context(view),
        data=canvas_of(view).page_data(),
        message=said(expansion) if expansion else "",
        query=query_of(view),
        starts=_starts() if not state.boxes and not state.groups else None,
        saving=service().shelf.allowed,
        keys=KEYS,
        address=link("/explore", state=packed) if len(packed := state.encoded()) <= ADDRESS_MAX else "",
    )


@dataclass(frozen=True)
class Toggle:
    """A line of the legend: what it filters, how many there are, and whether they are shown."""

    command: str
    label: Label
    count: int
    on: bool
    code: str = ""
    colour: str = ""
    seal: str = ""
    hidden: int = 0


def _context(view: View) -> dict[str, Any]:
    state, p = view.state, view.presenter
    found = clicks.routes(service().store, state)
    degree: dict[str, int] = defaultdict(int)
    for li in view.picture.links:
        degree[li.source] += 1
        degree[li.target] += 1
    return {
        "view": view,
        "state": state,
        "text": state.text(),
        "p": p,
        "kinds": _kinds(view),
        "modalities": _coded("modality", MODALITIES, view.picture.modalities, state.modalities),
        "certainties": _coded("certainty", CERTAINTIES, view.picture.certainties, state.certainties),
        "link_kinds": _link_kinds(view),
        "degree": degree,
        "class_of": lambda iri: _class(view, iri),
        "group_label": lambda group: group_label(view, group),
        "groupings": GROUPINGS,
        "hops": range(1, PATH_HOPS_MAX + 1),
        "route": _route(view, found),
        "version": operations.base_version(service()) or service().store.version[:12],
        "data_as_of": console.as_of(service().store),
        "filtered": state.filters_facts or bool(state.off),
        "measure_rows": _ranked(view),
    }


def _kinds(view: View) -> list[Toggle]:
    store = service().store
    by_kind: dict[str, set[str]] = defaultdict(set)
    count: dict[str, int] = defaultdict(int)
    hidden: dict[str, int] = defaultdict(int)
    for name, n in view.picture.classes.items():
        colour = present.seal(name, "zh")[0]
        by_kind[colour].add(name)
        count[colour] += n
    for iri in {n for e in view.picture.entities for n in e.classes}:
        hidden[present.seal(iri, "zh")[0]] += 1
    for group in view.groups.groups:
        for iri in group.members:
            hidden[present.seal(links.read(store).classes.get(iri, ""), "zh")[0]] += 1
    every = {c: {n for n, (colour, _, _) in present.KINDS.items() if colour == c} for c in KINDS}
    off = {c: bool(every[c] & view.state.off) for c in KINDS}
    return [
        Toggle(
            f"class {' '.join(sorted(every[c] & view.state.off or every[c]))}",
            Label(t(f"explore.kind_{c}")),
            count[c],
            not off[c],
            c,
            c,
            KINDS[c][0 if view.presenter.language == "zh" else 1],
            hidden[c],
        )
        for c in KINDS
    ]


def _coded(verb: str, codes: Sequence[str], counts: Mapping[str, int], chosen: frozenset[str] | None) -> list[Toggle]:
    return [
        Toggle(
            f"{verb} {code}", Label(t(f"{verb}.{code}")), counts.get(code, 0), chosen is None or code in chosen, code
        )
        for code in codes
        if counts.get(code) or (chosen is not None and code in chosen)
    ]


def _link_kinds(view: View) -> list[Toggle]:
    chosen = view.state.kinds
    return [
        Toggle(f"kind {kind}", view.presenter.label(f"{KG}{kind}"), n, chosen is None or kind in chosen, kind)
        for kind, n in sorted(view.picture.kinds.items(), key=lambda k: (-k[1], k[0]))
    ]


def _ranked(view: View) -> list[tuple[Entity, analytics.Measure]]:
    if not view.measures:
        return []
    found = [(e, view.measures[e.iri]) for e in view.picture.entities if e.iri in view.measures]
    by = view.state.size if view.state.size != "none" else "degree"
    return sorted(found, key=lambda pair: (-pair[1].value(by), pair[0].iri))


@dataclass(frozen=True)
class RouteView:
    """The paths that are looked for, as the page shows them."""

    source: present.Piece
    target: present.Piece
    found: Paths
    steps: Sequence[tuple[Any, ...]]
    one_document: bool
    chosen: int
    reason: str
    nothing: Nothing | None


def _route(view: View, found: Paths | None) -> RouteView | None:
    if found is None or view.state.route is None:
        return None
    p = view.presenter
    store = service().store
    chosen = min(view.state.route.chosen, len(found.found) - 1)
    path = found.found[chosen] if found.found else (found.nothing.opened if found.nothing else None)
    supports = [s.fact for step in (path.steps if path else ()) for li in step.links for s in li.supports]
    facts: dict[str, Fact] = {f.iri: f for f in explore.load_facts(store, sorted(set(supports)))}
    named = explore.named_in(facts.values())
    p.names.load(
        store,
        {
            *(path.entities if path else ()),
            *named,
            *(found.nothing.entities if found.nothing else ()),
            *(f"{KG}{li.kind}" for step in (path.steps if path else ()) for li in step.links),
            *(f"{KG}{kind}" for kind in (found.nothing.kinds if found.nothing else ())),
        },
    )
    steps = []
    for step in path.steps if path else ():
        rows = []
        for li in step.links:
            shown = [p.row(facts[s.fact]) for s in li.supports if s.fact in facts]
            away = li.directed and li.source != step.source
            rows.append((p.label(f"{KG}{li.kind}"), li, away, shown))
        steps.append((p.entity(step.source), rows, p.entity(step.target)))
    return RouteView(
        p.entity(found.source),
        p.entity(found.target),
        found,
        steps,
        path.one_document if path else False,
        chosen,
        _reason(view, found.nothing) if found.nothing else "",
        found.nothing,
    )


def _reason(view: View, nothing: Nothing) -> str:
    p = view.presenter
    named = t("list.comma").join(p.label(iri).text for iri in nothing.entities)
    held = t("list.comma").join(
        [
            *(p.label(f"{KG}{kind}").text for kind in nothing.kinds),
            *(t(f"modality.{code}") for code in nothing.modalities),
            *(t(f"certainty.{code}") for code in nothing.certainties),
        ]
    )
    return t(
        f"explore.no_path_{nothing.reason}",
        names=named,
        n=nothing.hops,
        held=held or t("explore.other_filters"),
        one=nothing.sizes[0],
        other=nothing.sizes[1],
    )


def _paths_json(found: Paths) -> dict[str, Any]:
    store = service().store
    every = [*found.found, *((found.nothing.opened,) if found.nothing and found.nothing.opened else ())]
    wanted = sorted({s.fact for path in every for step in path.steps for li in step.links for s in li.supports})
    facts = {f.iri: f for f in explore.load_facts(store, wanted)}
    names = Names().load(store, {iri for path in every for iri in path.entities} | {found.source, found.target})
    p = Presenter(names, i18n.language())

    def step_json(step: Any) -> dict[str, Any]:
        return {
            "from": step.source.removeprefix(ID),
            "to": step.target.removeprefix(ID),
            "direction": step.direction,
            "links": [
                {
                    "kind": li.kind,
                    "source": li.source.removeprefix(ID),
                    "target": li.target.removeprefix(ID),
                    "facts": [
                        {
                            "fact": s.fact.removeprefix(ID),
                            "modality": s.modality,
                            "certainty": s.certainty,
                            "evidence": [
                                {
                                    "evidence": e.iri.removeprefix(ID),
                                    "document": e.document.removeprefix(ID),
                                    "paragraph": e.paragraph,
                                    "start": e.start,
                                    "end": e.end,
                                }
                                for e in (facts[s.fact].evidence if s.fact in facts else ())
                            ],
                        }
                        for s in li.supports
                    ],
                }
                for li in step.links
            ],
        }

    def path_json(path: Any) -> dict[str, Any]:
        return {
            "entities": [{"id": i.removeprefix(ID), "label": p.label(i).text} for i in path.entities],
            "steps": [step_json(step) for step in path.steps],
            "documents": [d.removeprefix(ID) for d in path.documents],
        }

    value: dict[str, Any] = {
        "from": found.source.removeprefix(ID),
        "to": found.target.removeprefix(ID),
        "complete": found.complete,
        "paths": [path_json(path) for path in found.found],
    }
    if found.nothing:
        value["reason"] = {
            "code": found.nothing.reason,
            "entities": [e.removeprefix(ID) for e in found.nothing.entities],
            "hops": found.nothing.hops,
            "kinds": list(found.nothing.kinds),
            "modalities": list(found.nothing.modalities),
            "certainties": list(found.nothing.certainties),
            "limits": list(found.nothing.limits),
            "opened": path_json(found.nothing.opened) if found.nothing.opened else None,
        }
    return value


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
