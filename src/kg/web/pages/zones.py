"""The pages of zones: the list, a zone with its figures and targets, and zones side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from flask import render_template, request

from kg.errors import QueryRefused
from kg.model.figure import Figure
from kg.model.label import Label, choose
from kg.model.vocabulary import BASE, QUDT_UNIT, UNIT
from kg.services import arithmetic, chains, explore, zone_comparison, zone_view, zones
from kg.services.explore import Fact
from kg.services.indicators import Gap, Series
from kg.services.selection import undated
from kg.services.zone_view import ZoneView
from kg.web import checking, i18n, plot, present
from kg.web.pages.common import blueprint, checked_slug, chosen
from kg.web.pages.entity import entity_page
from kg.web.present import Presenter, Row
from kg.web.state import state

_PERCENT: Final = f"{QUDT_UNIT}PERCENT"
_POINT: Final = f"{UNIT}percentage-point"
_STAGE: Final = f"{BASE}scheme/project-stage/"


@blueprint.get("/zones")
def all_zones() -> str:
    """List the zones with their telling figures."""
    selection = chosen()
    found = zones.listed(state().store, selection=selection)
    presenter = Presenter(found.names, i18n.language())
    return render_template(
        "zones.html",
        p=presenter,
        zones=[(z, [presenter.row(f, z.iri) for f in z.figures]) for z in found.zones[: zones.CARDS]],
        others=found.zones[zones.CARDS :],
        chosen=selection,
    )


@blueprint.get("/zones/compare")
def compare_zones() -> str:
    """Put zones side by side on the indicators that they share."""
    store = state().store
    selection = chosen()
    slugs = [checked_slug("zone", slug) for slug in zone_comparison.parse(request.args.getlist("zones"))]
    every = zones.listed(store)
    found = zone_comparison.compare(store, slugs if len(slugs) > 1 else [], selection)
    found.names.known.update(every.names.known)
    presenter = Presenter(found.names, i18n.language())
    facts = found.facts()
    query = explore.reproducing(
        "zones/observations.rq", i18n.language(), selected=selection.sparql_filter("fact"), things=found.things
    )
    return render_template(
        "compare.html",
        p=presenter,
        every=every.zones,
        slugs=slugs,
        most=zone_comparison.ZONES_MAX,
        zones=found.zones,
        shared=[_compared(presenter, line) for line in found.shared],
        alone={zone: [_compared(presenter, line) for line in only] for zone, only in found.alone.items()},
        drawn=[(x, [_side_by_side(presenter, found, x, bars) for bars in x.bars]) for x in found.shared if x.bars],
        chosen=selection,
        shown=len(facts),
        total=len(facts) + found.hidden,
        undated=undated(facts),
        query=query,
    )


def _compared(presenter: Presenter, line: zone_comparison.Line) -> dict[str, Any]:
    return {
        "indicator": line.indicator,
        "definition": choose(line.definitions, presenter.language, line.indicator) if line.definitions else None,
        "cells": {zone: [presenter.row(fact) for fact in facts] for zone, facts in line.cells.items()},
        "caveats": line.caveats,
    }


def _side_by_side(
    presenter: Presenter, found: zone_comparison.Comparison, line: zone_comparison.Line, bars: zone_comparison.Bars
) -> tuple[zone_comparison.Bars, plot.Plot]:
    named = [(presenter.label(zone).text, bars.facts.get(zone)) for zone in found.zones]
    return bars, plot.bars(presenter, presenter.label(line.indicator).text, named)


@blueprint.get("/zones/<slug>")
def zone(slug: str) -> str:
    """Show a zone: figures, targets, projects by stage, sectors, platforms, funds, partners, times, gaps."""
    store = state().store
    view = zone_view.zone(store, checked_slug("zone", slug), chosen())
    every = chains.listed(store)
    view.names.known.update(every.names.known)
    view.names.load(store, [_POINT])
    page = _Page(Presenter(view.names, i18n.language()), view)
    own = view.own()
    gaps = view.gaps()
    shown: dict[str, Any] = {
        "charts": [page.chart(s) for s in own if s.charted],
        "measured": [page.measured(g) for g in gaps if g.result],
        "open_targets": [page.row(g.target) for g in gaps if not g.result],
        **page.arithmetic(),
        **page.projects(),
        "sectors": [(p, [page.row(f) for f in facts]) for p, facts in zone_view.sectors(view)],
        "breakdowns": [page.broken_down(p.whole, p.parts) for p in view.parts()],
        "platforms": [page.holding(h) for h in view.platforms()],
        "funds": [page.holding(h) for h in view.funds()],
        "partners": [(p.iri, [page.row(f, p.iri) for f in p.facts]) for p in view.partners()],
        "strips": [c for c in every.chains if c.iri in view.chains()],
        "timeline": [(year, [page.row(f) for f in facts]) for year, facts in view.timeline()],
        "series": [(s.indicator, [page.row(f) for f in s.facts]) for s in own],
    }
    return entity_page(
        view.view,
        zone=view,
        zone_contents=_contents(shown, view),
        modality_codes=_modalities,
        zone_query=explore.reproducing("zones/contents.rq", i18n.language(), zone=view.iri),
        **shown,
    )


#: The sections in their order: what there must be for one, its anchor, and its name.
_SECTIONS: Final = (
    ("measured", "targets", "gap.title"),
    ("open_targets", "open", "gap.open"),
    ("checks", "arithmetic", "check.title"),
    ("rungs", "ladder", "zone.ladder"),
    ("parts", "sectors", "zone.sectors"),
    ("platforms", "platforms", "zone.platforms"),
    ("funds", "funds", "zone.funds"),
    ("partners", "partners", "zone.partners"),
    ("strips", "strips", "nav.chains"),
    ("inside", "inside", "zone.inside"),
    ("timeline", "timeline", "zone.timeline"),
    ("series", "series", "zone.figures"),
)


def _contents(shown: dict[str, Any], view: ZoneView) -> list[tuple[str, Label, int]]:
    """Return the page's own table of contents: anchor, name, and how many there are."""
    language = i18n.language()
    names = [view.names[series.indicator].label(language) for series, _, _ in shown["charts"]]
    there = {
        **shown,
        "inside": [thing for things in view.contents().values() for thing in things],
        "parts": [*shown["sectors"], *shown["breakdowns"]],
    }
    return [(f"chart-{n}", name, 0) for n, name in enumerate(names, 1)] + [
        (anchor, Label(i18n.translate(language, name), language), len(there[key]))
        for key, anchor, name in _SECTIONS
        if there[key]
    ]


@dataclass(frozen=True)
class Measured:
    """A target beside its result, in words and lengths."""

    gap: Gap
    target: Row
    result: Row
    expected: Row | None
    missing: Figure | None
    reached: bool
    share: str
    bullet: plot.Bullet | None


@dataclass(frozen=True)
class Rung:
    """A stage of projects with its rows."""

    stage: str
    label: Label
    counts: Sequence[Row]
    amounts: Sequence[Row]
    projects: Sequence[Row]
    firm: bool


class _Page:
    """Puts the view of a zone into rows of one language."""

    def __init__(self, presenter: Presenter, view: ZoneView) -> None:
        self.presenter = presenter
        self.view = view

    def row(self, fact: Fact, entity: str | None = None) -> Row:
        return self.presenter.row(fact, entity or self.view.iri)

    def chart(self, series: Series) -> tuple[Series, plot.Plot, list[Row]]:
        name = self.presenter.label(series.indicator).text
        return series, plot.series(self.presenter, name, series), [self.row(f) for f in series.dated]

    def measured(self, gap: Gap) -> Measured:
        result = gap.result
        if result is None:
            raise ValueError("a target without a result isn't measured")
        unit = gap.target.iri_of("unit")
        missing = gap.missing
        figure = None
        if missing is not None:
            # The difference of two percentages is told in percentage points.
            figure = self.presenter.print(abs(missing), _POINT if unit == _PERCENT else unit)
        share = "" if gap.share is None else f"{round(gap.share * 100, 1).normalize():f}%"
        return Measured(
            gap,
            self.presenter.row(gap.target),
            self.presenter.row(result),
            self.presenter.row(gap.expected) if gap.expected and gap.actual else None,
            figure,
            missing is not None and missing <= 0,
            share,
            plot.bullet(gap.share, gap.expected_share, actual=gap.actual is not None),
        )

    def projects(self) -> dict[str, object]:
        label = self.presenter.label
        rungs, silent, counted, paid = [], [], [], []
        for rung in self.view.ladder():
            name = label(f"{_STAGE}{rung.stage}")
            if rung.silent:
                silent.append(name)
                continue
            rows = [[self.row(f) for f in facts] for facts in (rung.counts, rung.amounts, rung.projects)]
            rungs.append(Rung(rung.stage, name, rows[0], rows[1], rows[2], rung.firm))
            counted.append((name.text, self._whole(rung.counts)))
            paid.append((name.text, self._whole(rung.amounts)))
        drawn = [
            (key, plot.bars(self.presenter, self.presenter.t(key), bars))
            for key, bars in (("zone.stage_counts", counted), ("zone.stage_amounts", paid))
            if sum(1 for _, fact in bars if fact) > 1
        ]
        return {
            "rungs": rungs,
            "silent_stages": silent,
            "stage_charts": drawn,
            "stageless": self.view.stageless(),
        }

    def _whole(self, facts: Sequence[Fact]) -> Fact | None:
        return next((f for f in facts if f.iri_of("about") == self.view.iri and not f.iris("breakdown")), None)

    def broken_down(self, whole: Fact, parts: Sequence[Fact]) -> dict[str, object]:
        values = [part.number("value") or Decimal(0) for part in parts]
        total = whole.number("value")
        return {
            "whole": self.presenter.row(whole),
            "parts": list(zip([self.row(part) for part in parts], plot.parts(values), strict=True)),
            "sum": " + ".join(f"{v.normalize():f}" for v in values),
            "adds": sum(values) == total,
            "total": self.presenter.figure(whole),
        }

    def holding(self, holding: zone_view.Holding) -> dict[str, object]:
        return {
            "holding": holding,
            "progress": [self.row(f, holding.iri) for f in holding.progress],
            "ties": [self.row(f, holding.iri) for f in holding.ties],
            "figures": [self.row(f, holding.iri) for f in holding.figures],
        }

    def arithmetic(self) -> dict[str, object]:
        try:
            found = arithmetic.checks(state().store, self.view.iri)
        except QueryRefused:
            # The graph is too large to be analysed: the page is whole without.
            return {"checks": [], "beside": []}
        self.view.names.known.update(found.names.known)
        # Targets have a section of their own.
        wanted = [c for c in found.checks if c.kind != "target" and all(map(self.view.selection.holds, c.used))]
        lines = checking.shown(wanted, found.members, self.presenter)
        return {"checks": [line for line in lines if line.own], "beside": [line for line in lines if not line.own]}


def _modalities(rows: Sequence[Row]) -> list[str]:
    """Return the modalities of rows, each once, in the fixed order."""
    return [code for code, _ in present.modality_counts(row.fact for row in rows)]
