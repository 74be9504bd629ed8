"""What a view of the analysis is saved as: a table, with its definition, its date and its selection beside it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from flask import Response, request

from kg.errors import NotFound
from kg.services import analytics, arithmetic, bottlenecks, links
from kg.services.analytics import Measure
from kg.services.explore import Names
from kg.services.tables import Cell, Table, write_csv, write_xlsx
from kg.store.protocol import Reader
from kg.web import checking, i18n
from kg.web.i18n import t
from kg.web.pages.analysis import EXPORTS, Draft, Question, drawn_up, question
from kg.web.pages.common import blueprint
from kg.web.pages.downloads import as_of, attachment, version
from kg.web.present import Presenter
from kg.web.state import state

_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Columns that stand between the entity and what it rests on, by view.
COLUMNS: Final = {
    "connected": ("degree", "degree_share", "betweenness", "community", "articulation"),
    "bridging": ("degree", "degree_share", "betweenness", "community", "articulation"),
    "communities": ("number", "size", "members"),
    "cutoffs": ("cut", "parts_count", "cut_who"),
    "bottlenecks": ("chain", "role", "stops", "downstream"),
    "similar": ("similarity", "shared"),
    "common": (),
}
#: Columns of the checks, before their documents.
CHECK_COLUMNS: Final = ("verdict", "kind_of_check", "about", "indicator", "formula", "derived", "stated", "why")


@blueprint.get("/analysis/export/<name>")
def export_analysis(name: str) -> Response:
    """Return a view under the address's filters as a file; it has more rows than the page."""
    if name not in EXPORTS:
        raise NotFound("export", name, "The page of the analysis lists what it can be saved as.")
    store = state().store
    asked = question(store)
    made = checks_table(store, asked) if asked.view == "checks" else table(store, asked)
    slug = f"analysis-{asked.view}"
    if name == "xlsx":
        return attachment(write_xlsx(made), _XLSX, slug, "xlsx")
    return attachment(write_csv(made, for_spreadsheet=name == "csv-excel"), "text/csv", slug, "csv")


def table(store: Reader, asked: Question) -> Table:
    """Return the rows of a view with what they rest on."""
    drafts, _ = drawn_up(store, asked, analytics.ROWS_MAX)
    shown = {iri for d in drafts for iri in (d.entity, *d.members, *links.documents_of(d.links))}
    shown |= {iri for d in drafts if isinstance(b := d.extra, bottlenecks.Bottleneck) for iri in (b.chain, *b.stops)}
    p = Presenter(Names().load(store, shown), i18n.language())
    classes = links.read(store).classes
    rows: list[Sequence[Cell]] = []
    for d in drafts:
        documents = links.documents_of(d.links)
        name = classes.get(d.entity, "")
        rows.append(
            [
                p.label(d.entity).text,
                t(f"class.{name}") if name else "",
                *_between(asked.view, d, p),
                len(d.links),
                len(documents),
                _list(p, documents),
                d.entity,
            ]
        )
    columns = [
        t("analysis.entity"),
        t("analysis.kind"),
        *(t(f"analysis.{name}") for name in COLUMNS[asked.view]),
        t("analysis.rests"),
        t("analysis.documents_count"),
        t("nav.documents"),
        "IRI",
    ]
    return Table(t(f"analysis.view_{asked.view}"), columns, rows, _notes(asked))


def _between(view: str, draft: Draft, p: Presenter) -> list[Cell]:
    members, extra = _list(p, draft.members), draft.extra
    if isinstance(extra, Measure):
        cuts = t("yes" if extra.articulation else "no")
        return [extra.degree, _share(extra.degree_share), _share(extra.betweenness), extra.community, cuts]
    if isinstance(extra, bottlenecks.Bottleneck):
        return [p.label(extra.chain).text, t(f"analysis.role_{extra.role}"), _list(p, extra.stops), members]
    if view == "communities":
        return [extra, len(draft.members), members]
    if view == "cutoffs":
        return [len(draft.members), extra, members]
    return [_share(extra), members] if view == "similar" else []


def _share(value: float) -> Decimal:
    return Decimal(f"{value:.4f}")


def _list(p: Presenter, iris: Sequence[str]) -> str:
    return "; ".join(p.label(iri).text for iri in iris)


def _notes(asked: Question) -> list[str]:
    selection = ", ".join(f"{k}={v}" for k, v in request.args.items(multi=True) if k != "lang")
    return [
        t(f"analysis.define_{asked.view}"),
        t("chain.subtitle", day=as_of(), version=version()),
        *([selection] if selection else []),
    ]


def checks_table(store: Reader, asked: Question) -> Table:
    """Return the checks of a zone with their formulas as text."""
    found = arithmetic.checks(store, asked.zone) if asked.zone else arithmetic.Checks([])
    p = Presenter(found.names, i18n.language())
    rows: list[Sequence[Cell]] = []
    for c in checking.shown(found.checks, found.members, p):
        formula = " ".join(_said(piece) for piece in c.formula)
        why = [t(f"analysis.why_{code}") for code in c.caveats]
        rows.append(
            [
                t(f"analysis.verdict_{c.word}"),
                t(f"analysis.checked_{c.check.kind}"),
                p.label(c.check.about).text,
                p.label(c.check.indicator).text,
                formula,
                str(c.computed) if c.computed else "",
                _said(c.stated),
                " ".join([*why, *(said.text for said in c.doubts)]),
                _list(p, c.check.documents),
                c.check.stated.iri,
            ]
        )
    columns = [*(t(f"analysis.{name}") for name in CHECK_COLUMNS), t("nav.documents"), "IRI"]
    return Table(t("analysis.view_checks"), columns, rows, [*_notes(asked), t("analysis.rule")])


def _said(piece: checking.Piece) -> str:
    if piece.figure is None:
        return piece.sign
    return f"{piece.figure}({t(f'modality.{piece.modality}')})" if piece.modality else str(piece.figure)
