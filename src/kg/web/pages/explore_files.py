"""What a picture of the explorer is saved as: a drawing, a page in one file, tables, a graph, the facts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from flask import Response, render_template, request
from pyoxigraph import NamedNode

from kg import paths
from kg.errors import NotFound
from kg.model.vocabulary import ID, KG
from kg.services import explore, export, viewstate
from kg.services.canvas import Canvas, Entry, Node, Words
from kg.services.graphfile import MEDIA_TYPES, graph_of, write_graph
from kg.services.selection import MODALITIES
from kg.services.tables import Cell, Table, write_csv, write_xlsx
from kg.web import assets, i18n, present
from kg.web.i18n import t
from kg.web.pages import explored
from kg.web.pages.common import blueprint
from kg.web.pages.downloads import as_of, attachment, legend_places, svg_style, version
from kg.web.pages.explored import View
from kg.web.state import state as service

_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MARGIN, _TOP, _WIDTH_MIN = 32, 72, 640


@blueprint.route("/explore/export", methods=["GET", "POST"])
def explore_export() -> Response:
    """Return a picture as a file; `state` as the page's form has it, or as an address has it."""
    name = request.values.get("format", "")
    given = (
        viewstate.parse(request.form["state"])
        if "state" in request.form
        else viewstate.decode(request.values.get("state", ""))
    )
    view = explored.view_of(given)
    stem = f"explore-{sha256(given.text().encode()).hexdigest()[:8]}"
    if name == "svg":
        return attachment(svg(view), "image/svg+xml", stem, "svg")
    if name == "html":
        return attachment(page(view), "text/html", stem, "html")
    if name in {"csv", "csv-entities"}:
        table = links_table(view) if name == "csv" else entities_table(view)
        return attachment(write_csv(table, for_spreadsheet=True), "text/csv", stem, "csv")
    if name == "xlsx":
        return attachment(write_xlsx(links_table(view)), _XLSX, stem, "xlsx")
    if name in {"graphml", "gexf"}:
        graph = graph_of(_noted(view), {"title": title(view), "as_of": as_of(), "version": version()})
        return attachment(write_graph(graph, "gexf" if name == "gexf" else "graphml"), MEDIA_TYPES[name], stem, name)
    if name == "ttl":
        return attachment(turtle(view), "text/turtle", stem, "ttl")
    raise NotFound("export", name, "The explorer lists what a picture can be saved as.")


def title(view: View) -> str:
    """Return what a picture is called: its name, else what was asked for by name."""
    roots = [view.presenter.label(e.iri).text for e in view.picture.entities if e.box.root]
    return view.state.name or t("list.comma").join(roots[:3]) or t("explore.title")


def subtitle(view: View) -> str:
    """Return the line below a title: date, version, and what was filtered."""
    state, p = view.state, view.presenter
    chosen = [
        *([t("explore.as_of") + f" {state.as_of}"] if state.as_of else []),
        *(t(f"modality.{code}") for code in MODALITIES if state.modalities and code in state.modalities),
        *(t(f"certainty.{code}") for code in sorted(state.certainties or ())),
        *(p.label(f"{KG}{kind}").text for kind in sorted(state.kinds or ())),
    ]
    told = [t("canvas.as_of", day=as_of()), t("canvas.version", version=version())]
    return " · ".join([*told, *([t("list.comma").join(chosen)] if chosen else [])])


def legend(view: View) -> list[Entry]:
    """Return what the marks of a picture mean."""
    nodes = explored.canvas_of(view).nodes
    kinds = [
        Entry("seal", toggle.label.text, toggle.colour, toggle.seal)
        for toggle in explored.kinds_of(view)
        if toggle.count or any(node["kg"].get("kind") == toggle.colour for node in nodes)
    ]
    modalities = {e.modality for e in view.picture.entities} | {m for li in view.picture.links for m in li.modalities}
    lines = [Entry(code, t(f"modality.{code}")) for code in MODALITIES if code != "actual" and code in modalities]
    marked = [Entry("role", t("explore.key_role"))] if view.picture.links else []
    return [*kinds, *marked, *lines]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the drawing from border to border, in pixels of the picture."""

    x1: float
    y1: float
    x2: float
    y2: float
    open: bool
    arrow: bool
    inferred: bool


def svg(view: View) -> str:
    """Return a picture as a drawing of its own: light colours, with legend, date and version inside."""
    canvas = explored.canvas_of(view)
    nodes = canvas.nodes
    left = min((n["x"] - n["kg"]["width"] / 2 for n in nodes), default=0) - _MARGIN
    top = min((n["y"] - n["kg"]["height"] / 2 for n in nodes), default=0) - _MARGIN
    right = max((n["x"] + n["kg"]["width"] / 2 for n in nodes), default=0) + _MARGIN
    bottom = max((n["y"] + n["kg"]["height"] / 2 for n in nodes), default=0) + _MARGIN
    width = max(right - left, _WIDTH_MIN)
    entries, depth = legend_places(legend(view), int(width))
    places = {n["id"]: n for n in nodes}
    lines = []
    for edge in canvas.edges:
        one, other = places[edge["from"]], places[edge["to"]]
        lines.append(
            Line(
                *_border(one, other),
                *_border(other, one),
                bool(edge["kg"].get("open")),
                bool(edge["kg"].get("arrow")),
                bool(edge["kg"].get("more", {}).get("inferred")),
            )
        )
    boxes = [(n, present.fit(n["kg"].get("label", ""), (n["kg"]["width"] - 36) / 13)) for n in nodes]
    return render_template(
        "explore.svg",
        boxes=boxes,
        lines=lines,
        left=left,
        top=top,
        width=width,
        depth=bottom - top,
        head=_TOP,
        height=_TOP + bottom - top + depth + 32,
        legend=entries,
        title=title(view),
        subtitle=subtitle(view),
        style=svg_style(),
    )


def _border(node: dict[str, object], to: dict[str, object]) -> tuple[float, float]:
    """Return where a straight line from a box to another leaves it."""
    x, y, look = float(str(node["x"])), float(str(node["y"])), node["kg"]
    dx, dy = float(str(to["x"])) - x, float(str(to["y"])) - y
    width, height = look["width"], look["height"]  # type: ignore[index]
    part = min(width / 2 / abs(dx) if dx else 1, height / 2 / abs(dy) if dy else 1, 1)
    return round(x + dx * part, 1), round(y + dy * part, 1)


def _noted(view: View) -> Canvas:
    """Return the drawing with each entity's links in words, which a file of its own shows where a box is opened."""
    notes: dict[str, list[str]] = defaultdict(list)
    p = view.presenter
    for li in view.picture.links:
        kind = p.label(f"{KG}{li.kind}").text
        manner = t("list.comma").join(
            [
                *(t(f"modality.{m}") for m in li.modalities),
                *sorted({t(f"certainty.{s.certainty}") for s in li.supports}),
            ]
        )
        documents = t("list.comma").join(dict.fromkeys(p.title(d).text for s in li.supports for d in s.documents))
        one, other = p.label(li.source).text, p.label(li.target).text
        notes[li.source.removeprefix(ID)].append(f"{kind} → {other} · {manner} · {documents}")
        notes[li.target.removeprefix(ID)].append(f"← {kind} {one} · {manner} · {documents}")
    told = ("class", "iri", "community", "value", "n")
    nodes: list[Node] = [
        replace(node, notes=notes.get(node.id, ()), more={k: v for k, v in node.more.items() if k in told})
        for node in explored.nodes_of(view)
    ]
    return Canvas(nodes, explored.edges_of(view), options={"draggable": True})


def page(view: View) -> str:
    """Return the interactive drawing as one HTML file."""
    words = Words(
        language="zh-CN" if i18n.language() == "zh" else "en",
        as_of=t("canvas.as_of", day=as_of()),
        version=t("canvas.version", version=version()),
        hint=t("canvas.hint"),
        boxes=t("canvas.boxes"),
        drawing=t("explore.drawing"),
    )
    return _noted(view).standalone(
        title(view),
        legend(view),
        words,
        scripts=[assets.text("vis-network.js"), assets.text("pages/canvas-file.js")],
        style=assets.text("pages/canvas-file.css"),
    )


def links_table(view: View) -> Table:
    """Return the links of a picture, a row for each fact."""
    p = view.presenter
    iris = sorted({s.fact for li in view.picture.links for s in li.supports})
    facts = {fact.iri: fact for fact in explore.load_facts(service().store, iris)}
    p.names.load(service().store, explore.named_in(facts.values()))
    rows: list[Sequence[Cell]] = []
    for li in view.picture.links:
        for support in li.supports:
            fact = facts.get(support.fact)
            places = (
                [
                    f"{p.title(e.document).text} {t('evidence.mark', n=e.paragraph or '?')} {e.start}–{e.end}"
                    for e in fact.evidence
                ]
                if fact
                else []
            )
            rows.append(
                [
                    p.label(li.source).text,
                    p.label(f"{KG}{li.kind}").text,
                    p.label(li.target).text,
                    t("yes") if li.directed else t("no"),
                    t(f"modality.{support.modality}") if support.modality else "",
                    t(f"certainty.{support.certainty}"),
                    p.time(fact) if fact else "",
                    "; ".join(places),
                    li.source,
                    f"{KG}{li.kind}",
                    li.target,
                    support.fact,
                ]
            )
    columns = [
        *(t("explore.from"), t("explore.link"), t("explore.to"), t("explore.directed"), t("entity.modality")),
        *(t("explore.certainties"), t("explore.time"), t("explore.evidence"), f"{t('explore.from')} IRI"),
        *(f"{t('explore.link')} IRI", f"{t('explore.to')} IRI", f"{t('explore.facts')} IRI"),
    ]
    return Table(title(view), columns, rows, [title(view), subtitle(view)])


def entities_table(view: View) -> Table:
    """Return the entities of a picture."""
    p = view.presenter
    rows: list[Sequence[Cell]] = [
        [
            p.label(e.iri).text,
            t(f"class.{explored.class_name(view, e.iri)}"),
            t("list.comma").join(p.label(z).text for z in e.zones),
            t(f"modality.{e.modality}") if e.modality else "",
            e.more,
            e.iri,
        ]
        for e in view.picture.entities
    ]
    columns = [
        *(
            t("explore.name"),
            t("explore.class"),
            t("explore.zone"),
            t("entity.modality"),
            t("explore.more_column"),
            "IRI",
        ),
    ]
    return Table(title(view), columns, rows, [title(view), subtitle(view)])


def turtle(view: View) -> bytes:
    """Return the facts that a picture's links rest on, with their evidence and the labels of what they name."""
    facts = [NamedNode(iri) for iri in sorted({s.fact for li in view.picture.links for s in li.supports})]
    triples = service().store.construct(paths.query("chains/turtle.rq"), {"facts": facts}) if facts else []
    return export.write(sorted(triples, key=str), "text/turtle")
