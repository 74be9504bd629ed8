"""What a chain is saved as: a picture, a page in one file, tables, a graph, the facts; always the page's own choice."""

import re
from decimal import Decimal
from functools import cache
from http import HTTPStatus
from typing import Final

from flask import Response, render_template, request
from pyoxigraph import NamedNode

from kg import paths
from kg.errors import NotFound
from kg.services import console, export
from kg.services.canvas import Entry, Words
from kg.services.explore import Fact
from kg.services.graphfile import MEDIA_TYPES, graph_of, write_graph
from kg.services.lineup import Choice
from kg.services.tables import Cell, Table, write_csv, write_xlsx
from kg.web import assets, present
from kg.web.operations import base_version
from kg.web.pages.common import blueprint
from kg.web.pages.linework import ChainPresenter, drawn, presenter, rows
from kg.web.state import state

_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_KINDS: Final = ("zone", "ent", "uni", "proj", "prod", "plat", "fund", "pol", "cert", "doc")
#: Room that a line of the legend has at least, and its height, in pixels.
_LEGEND_WIDTH, _LEGEND_HEIGHT, _TOP = 640, 24, 72


@blueprint.get("/chains/<slug>/export/<name>")
def export_chain(slug: str, name: str) -> Response:
    """Return a chain under the address's choice as a file."""
    p = presenter(slug, Choice.from_args(request.args))
    if name == "svg":
        return attachment(svg(p), "image/svg+xml", slug, "svg")
    if name == "html":
        return attachment(page(p), "text/html", slug, "html")
    if name in {"csv", "csv-excel"}:
        return attachment(write_csv(table(p), for_spreadsheet=name == "csv-excel"), "text/csv", slug, "csv")
    if name == "xlsx":
        return attachment(write_xlsx(table(p)), _XLSX, slug, "xlsx")
    if name == "graphml":
        about = {"title": p.label(p.line.chain.iri).text, "as_of": as_of(), "version": version()}
        return attachment(write_graph(graph_of(p.canvas(), about), "graphml"), MEDIA_TYPES["graphml"], slug, "graphml")
    if name == "ttl":
        return attachment(turtle(p), "text/turtle", slug, "ttl")
    raise NotFound("export", name, "The page of the chain lists what it can be saved as.")


def attachment(body: str | bytes, media_type: str, slug: str, extension: str) -> Response:
    """Return a file to save."""
    # Bytes: the length is known, and no newline is translated on the way.
    data = body.encode() if isinstance(body, str) else body
    text = media_type.startswith("text/") or media_type.endswith("xml")
    response = Response(data, HTTPStatus.OK, content_type=f"{media_type}; charset=utf-8" if text else media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}.{extension}"'
    return response


def version() -> str:
    """Return the version of the graph that a saved file carries."""
    here = state()
    return base_version(here) or here.store.version


def as_of() -> str:
    """Return the date of the data that a saved file carries."""
    return console.as_of(state().store) or "–"


def subtitle(p: ChainPresenter) -> str:
    """Return the line below a title: date, version, and what was chosen."""
    words = p.t("chain.subtitle", day=as_of(), version=version())
    choice = p.line.choice
    chosen = [
        *([p.t("chain.as_of") + f" {choice.facts.as_of}"] if choice.facts.as_of else []),
        *(p.t(f"modality.{code}") for kind, code in choice.facts.parameters() if kind == "modality"),
        *(p.t(f"certainty.{code}") for kind, code in choice.facts.parameters() if kind == "certainty"),
        *(p.zone_label(zone).text for zone in sorted(choice.zones)),
        *(p.t(f"lane.{lane}") for kind, lane in choice.parameters() if kind == "kind"),
    ]
    return f"{words} · {p.t('chain.filters')}: {p.t('list.comma').join(chosen)}" if chosen else words


def svg(p: ChainPresenter) -> str:
    """Return a drawing as a file of its own: light colours, with legend, date and version inside."""
    layout = p.drawn.layout
    width = max(layout.width, _LEGEND_WIDTH)
    legend, depth = legend_places(p.legend(), width)
    return render_template(
        "chain.svg",
        p=p,
        line=p.line,
        **drawn(p),
        title=p.label(p.line.chain.iri).text,
        subtitle=subtitle(p),
        width=width,
        height=_TOP + layout.height + 24 + depth + 16,
        top=_TOP,
        legend=legend,
        style=svg_style(),
    )


def legend_places(entries: list[Entry], width: int) -> tuple[list[tuple[Entry, int, int]], int]:
    """Return the entries with their places in lines no wider than the drawing, and the height of all."""
    placed, x, y = [], 12, 0
    for entry in entries:
        needed = int((22 if entry.mark == "seal" else 32) + present.width(entry.words) * 12 + 20)
        if x > 12 and x + needed > width:
            x, y = 12, y + _LEGEND_HEIGHT
        placed.append((entry, x, y))
        x += needed
    return placed, y + _LEGEND_HEIGHT


@cache
def svg_style() -> str:
    """Return the style of drawings with the light colours put in.

    Programs that draw SVG outside a browser know no variables: every ``var(--…)`` becomes its value, and what depends
    on the kind is written once for each kind.
    """
    values = dict(re.findall(r"(--[\w-]+):\s*([^;}]+)", assets.text("tokens.css").partition("}")[0]))
    found = []
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", assets.text("drawing.css")):
        kinds = [f".k-{kind}" for kind in _KINDS] if "var(--k)" in body else [""]
        for kind in kinds:
            told = {**values, "--k": values.get(f"--{kind[1:]}", "")}
            text = re.sub(r"var\((--[\w-]+)\)", lambda m, told=told: told[m[1]], body)  # type: ignore[misc]
            where = selector.strip().replace(".dg ", f".dg {kind} ") if kind else selector.strip()
            found.append(f"{where}{{{text}}}")
    return "".join(found)


def page(p: ChainPresenter) -> str:
    """Return the interactive drawing as one HTML file."""
    title = p.label(p.line.chain.iri).text
    words = Words(
        language="zh-CN" if p.language == "zh" else "en",
        as_of=p.t("canvas.as_of", day=as_of()),
        version=p.t("canvas.version", version=version()),
        hint=p.t("canvas.hint"),
        boxes=p.t("canvas.boxes"),
        drawing=p.t("chain.drawing_label", name=title),
    )
    return p.canvas(notes=True).standalone(
        title,
        p.legend(),
        words,
        scripts=[assets.text("vis-network.js"), assets.text("pages/canvas-file.js")],
        style=assets.text("pages/canvas-file.css"),
    )


def table(p: ChainPresenter) -> Table:
    """Return the table of the page: the same rows, with values in their base units and the places of the evidence."""
    t = p.t
    found: list[list[Cell]] = []
    for stage, lines in rows(p):
        head = [p.position(stage), p.label(stage.iri).text]
        if not lines:
            found.append([*head, *[""] * 5, None, "", p.stage_words(stage), "", "", "", stage.iri])
        for line in lines:
            standing, fact = line.standing, line.row.fact
            found.append(
                [
                    *head,
                    t(f"class.{p.names[standing.entity].class_name}"),
                    p.label(standing.entity).text,
                    t(f"chain.role_{line.role}"),
                    p.zone_names(standing) or t("chain.zone_unknown"),
                    line.amount,
                    _value(standing.amount),
                    t("chain.leader") if standing.leader else "",
                    t(f"modality.{fact.modality}"),
                    t(f"certainty.{fact.certainty}"),
                    line.row.time,
                    t("list.comma").join(p.places(fact)),
                    standing.entity,
                ]
            )
    columns = [
        *(t("chain.position"), t("class.ChainSegment"), t("chain.kind"), t("chain.who"), t("chain.role")),
        *(t("class.DevelopmentZone"), t("chain.amount"), t("chain.value"), t("chain.leader"), t("entity.modality")),
        *(t("chain.certainty"), t("zone.time"), t("zone.evidence"), t("chain.iri")),
    ]
    title = p.label(p.line.chain.iri).text
    notes = [title, subtitle(p), t("lane.silent"), t("chain.value_note")]
    return Table(title, columns, found, notes)


def _value(fact: Fact | None) -> Decimal | None:
    """Return a fact's number in its base unit."""
    numbers = [fact.number(name) for name in ("value", "amount", "quantity")] if fact else []
    return next((n for n in numbers if n is not None), None)


def turtle(p: ChainPresenter) -> bytes:
    """Return the selected facts with their evidence, and the labels of what they name, as Turtle."""
    store = state().store
    facts = [NamedNode(fact.iri) for fact in p.line.facts()]
    triples = store.construct(paths.query("chains/turtle.rq"), {"facts": facts}) if facts else []
    return export.write(sorted(triples, key=str), "text/turtle")
