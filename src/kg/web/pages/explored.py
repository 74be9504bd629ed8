"""What a state of the explorer shows, put into words and boxes for a page, for its script and for files."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import render_template

from kg.model.label import Label
from kg.model.vocabulary import ID, KG
from kg.services import aggregation, analytics, clicks, console, exploration, links, placement, viewstate
from kg.services.canvas import Canvas, Edge, Node
from kg.services.exploration import Entity, Expansion, Picture
from kg.services.projection import ASIDE
from kg.services.selection import CERTAINTIES, MODALITIES
from kg.services.viewstate import GROUPINGS, PATH_HOPS_MAX, ViewState
from kg.web import i18n, operations, present
from kg.web.i18n import t
from kg.web.pages import ways
from kg.web.pages.common import link
from kg.web.present import Presenter
from kg.web.state import state as service

#: Characters of a state that is kept in an address; a longer one is saved, or stays in the browser.
ADDRESS_MAX: Final = 6000
#: The fragments of the page that follow each click.
PARTS: Final = ("legend", "route", "status", "tools")
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
    return Canvas(nodes_of(view), edges_of(view), options={"draggable": True})


def nodes_of(view: View) -> list[Node]:
    """Return the boxes of a view."""
    nodes = [_node(view, entity) for entity in view.picture.entities]
    return [*nodes, *(_group_node(view, group) for group in view.groups.groups)]


def _node(view: View, entity: Entity) -> Node:
    p, path = view.presenter, entity.box.path
    piece = p.entity(entity.iri, modality=entity.modality or "actual")
    of_class = class_name(view, entity.iri)
    colour, seal = present.seal(of_class, p.language)
    more: dict[str, Any] = {
        "class": of_class,
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
            colour = _community_colour(measure.community)
            more["community"] = measure.community
        if view.state.size != "none":
            value = measure.value(view.state.size)
            most = max(m.value(view.state.size) for m in view.measures.values()) or 1
            more["value"] = value
            more["share"] = round((value / most) ** 0.5, 3)
    spoken = [piece.label.text, t(f"class.{of_class}")]
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


def class_name(view: View, iri: str) -> str:
    """Return the class of an entity of a view."""
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


def edges_of(view: View) -> list[Edge]:
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
                    "named": named,
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


def payload(state: ViewState, expansion: Expansion | None = None, *, parts: bool = False) -> dict[str, Any]:
    """Return what a state shows for programs; with `parts` also the fragments of the page."""
    view = view_of(state)
    packed = state.encoded()
    value: dict[str, Any] = {
        "state": state.as_json(),
        "address": link("/explore", state=packed) if len(packed) <= ADDRESS_MAX else None,
        "canvas": canvas_of(view).page_data(),
        "links": [_link_json(li, view) for li in view.picture.links],
        "hidden": dict(view.picture.left),
        "away": [box.path for box in view.picture.away],
        "unknown": [box.path for box in view.picture.unknown],
        "version": service().store.version,
        "sparql": query_of(view),
    }
    if expansion is not None:
        value["added"] = [box.path for box in expansion.added]
        value["said"] = said(expansion)
    if parts:
        shown = context(view)
        value["parts"] = {name: render_template(f"_explore_{name}.html", **shown) for name in PARTS}
        # The table is the largest of all: it comes when it is looked at.
        value["parts"]["table"] = render_template("_explore_table.html", **shown) if state.mode == "table" else ""
        # The page's script draws lines, and shows links in the table alone.
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


def context(view: View) -> dict[str, Any]:
    """Return what the page's templates need of a view."""
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
        "kinds": kinds_of(view),
        "modalities": _coded("modality", MODALITIES, view.picture.modalities, state.modalities),
        "certainties": _coded("certainty", CERTAINTIES, view.picture.certainties, state.certainties),
        "link_kinds": _link_kinds(view),
        "degree": degree,
        "class_of": lambda iri: class_name(view, iri),
        "group_label": lambda group: group_label(view, group),
        "groupings": GROUPINGS,
        "hops": range(1, PATH_HOPS_MAX + 1),
        "route": ways.shown(p, state.route, found),
        "version": operations.base_version(service()) or service().store.version[:12],
        "data_as_of": console.as_of(service().store),
        "filtered": state.filters_facts or bool(state.off),
        "measure_rows": _ranked(view),
        "communities": _communities(view),
        "path_kinds": _path_kinds(view),
        "left": sum(view.picture.left.values()),
    }


def kinds_of(view: View) -> list[Toggle]:
    """Return the kinds of the legend in their order, with how many there are of each."""
    store = service().store
    by_kind: dict[str, set[str]] = defaultdict(set)
    count: dict[str, int] = defaultdict(int)
    hidden: dict[str, int] = defaultdict(int)
    for name, n in view.picture.classes.items():
        colour = present.seal(name, "zh")[0]
        by_kind[colour].add(name)
        count[colour] += n
    for name, n in view.picture.left.items():
        hidden[present.seal(name, "zh")[0]] += n
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


def _path_kinds(view: View) -> list[Toggle]:
    """Return the kinds of link that a path may use."""
    route = view.state.route
    if route is None:
        return []
    known = {k: n for k, n in links.read(service().store).kinds().items() if k not in ASIDE}
    view.picture.names.load(service().store, (f"{KG}{kind}" for kind in known))
    return [
        Toggle(f"via {kind}", view.presenter.label(f"{KG}{kind}"), n, kind in (route.kinds or ()), kind)
        for kind, n in sorted(known.items(), key=lambda k: (-k[1], k[0]))
    ]


def _communities(view: View) -> list[Toggle]:
    """Return the communities of the picture with their colours, where colour says the community."""
    if view.state.colour != "community":
        return []
    found: dict[int, int] = defaultdict(int)
    for entity in view.picture.entities:
        if measure := view.measures.get(entity.iri):
            found[measure.community] += 1
    return [
        Toggle("", Label(t("explore.community", n=number)), n, True, str(number), _community_colour(number))
        for number, n in sorted(found.items())
    ]


def _community_colour(number: int) -> str:
    return _COMMUNITY_COLOURS[(number - 1) % len(_COMMUNITY_COLOURS)]


def _ranked(view: View) -> list[tuple[Entity, analytics.Measure]]:
    if not view.measures:
        return []
    found = [(e, view.measures[e.iri]) for e in view.picture.entities if e.iri in view.measures]
    by = view.state.size if view.state.size != "none" else "degree"
    return sorted(found, key=lambda pair: (-pair[1].value(by), pair[0].iri))
