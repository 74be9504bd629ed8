"""The page of graph analysis: rankings, communities, cut-offs, likeness, and the documents' arithmetic."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from flask import render_template, request

from kg.model.vocabulary import BASE, ID, KG
from kg.services import (
    analytics,
    arithmetic,
    bottlenecks,
    bridges,
    explore,
    links,
    neighbours,
    projection,
    search,
)
from kg.services.explore import Fact, Names
from kg.services.links import Link
from kg.services.projection import Filters
from kg.store.protocol import Reader
from kg.web import checking, i18n
from kg.web.pages.common import LOCAL, blueprint, chosen, link
from kg.web.present import Presenter
from kg.web.state import state

#: The views of the page, in the order of its tabs.
VIEWS: Final = (
    "connected",
    "bridging",
    "communities",
    "cutoffs",
    "bottlenecks",
    "similar",
    "common",
    "checks",
)
#: What a view is saved as; the words are those of every export.
EXPORTS: Final = ("csv", "csv-excel", "xlsx")
#: Rows of a table, links that a row opens to, and entities that a cell names; more are counted.
ROWS: Final = 20
LINKS: Final = 8
NAMED: Final = 12
#: Names that are offered where one was typed that isn't exact.
OFFERED: Final = 8


@dataclass(frozen=True)
class ShownLink:
    """A link as a row opens to: its ends, its kind, and its facts with their evidence."""

    link: Link
    facts: Sequence[Fact]


@dataclass(frozen=True)
class ShownRow:
    """A row of a table.

    Attributes
    ----------
    entity
        Whom the row is about.
    value
        What is printed for it.
    members
        Entities that a cell names, at most `NAMED` of `members_total`.
    links
        The links it rests on, at most `LINKS` of `links_total`.
    documents
        The documents that all of these links stand in.
    extra
        What a view says besides.
    """

    entity: str
    value: str
    links: Sequence[ShownLink]
    links_total: int
    documents: Sequence[str]
    members: Sequence[str] = ()
    members_total: int = 0
    extra: Any = None

    @property
    def one_document(self) -> bool:
        """Whether all of it rests on one document."""
        return len(self.documents) == 1


@dataclass(frozen=True)
class Draft:
    """A row before its facts are read."""

    entity: str
    value: str
    links: Sequence[Link]
    members: Sequence[str] = ()
    extra: Any = None


@dataclass(frozen=True)
class Chosen:
    """The entity that a field names: its IRI, or the entities that its text may mean."""

    text: str
    iri: str | None = None
    offered: Sequence[str] = ()


@dataclass(frozen=True)
class Question:
    """What an address asks: the view, which links count, and which rows are listed ("" for all)."""

    view: str
    filters: Filters
    kind: str
    zone: str


def question(store: Reader) -> Question:
    """Read the parameters of the address; what the graph doesn't know is as good as left out."""
    known = links.read(store)
    view = request.args.get("view", "")
    view = view if view in VIEWS else VIEWS[0]
    filters = Filters(selection=chosen())
    zone = f"{BASE}id/zone/{request.args.get('zone', '')}"
    zone = zone if zone in known.zones else ""
    if view == "checks" and not zone:
        zone = _most_observed(store, known)
    kind = request.args.get("kind", "")
    return Question(view, filters, kind if view != "checks" and kind in analytics.kinds(store, filters) else "", zone)


@blueprint.get("/analysis")
def analysis() -> str:
    """Show one view of the analysis, under the filters that the address names."""
    store = state().store
    asked = question(store)
    view, filters, zone = asked.view, asked.filters, asked.zone
    if view == "checks":
        return _checks(store, zone)
    known = links.read(store)
    drafts, told = drawn_up(store, asked, ROWS)
    rows, facts = _rows(store, drafts)
    shown = {d.entity for d in drafts} | {iri for d in drafts for iri in d.members[:NAMED]}
    shown |= {iri for c in told.get("fields", {}).values() for iri in (c.iri, *c.offered) if iri}
    shown |= {b.chain for d in drafts if isinstance(b := d.extra, bottlenecks.Bottleneck)}
    shown |= {iri for d in drafts if isinstance(b := d.extra, bottlenecks.Bottleneck) for iri in b.stops}
    shown |= set(known.zones)
    names = Names().load(store, shown | explore.named_in(facts) | {f"{KG}{k.kind}" for d in drafts for k in d.links})
    graph = projection.project(store, filters)
    return render_template(
        "analysis.html",
        p=Presenter(names, i18n.language()),
        view=view,
        views=VIEWS,
        address=address,
        exports=_exports(),
        choose=_choose,
        asked=all(c.text for c in told.get("fields", {}).values()),
        ready=all(c.iri for c in told.get("fields", {}).values()),
        rows=rows,
        kinds=analytics.kinds(store, filters),
        kind=asked.kind,
        zones=sorted(known.zones),
        zone=zone,
        chosen=filters.selection,
        counted=sum(len(k.supports) for k in graph.links),
        total=sum(len(k.supports) for k in projection.project(store).links),
        counted_entities=len(graph.graph),
        links_counted=len(graph.links),
        shown_links=LINKS,
        query=explore.reproducing("explore/details.rq", i18n.language(), facts=sorted(f.iri for f in facts))
        if facts
        else None,
        **told,
    )


def address(view: str, **parameters: str) -> str:
    """Return the address of a view of the page, with the selection of this one."""
    query = [("view", view), *parameters.items(), *chosen().parameters()]
    return link(f"/analysis?{urlencode(query)}")


def _choose(field: str, iri: str) -> str:
    """Return the address that names an entity in a field, with all else as it is."""
    rest = [(k, v) for k, v in request.args.items(multi=True) if k not in {field, "lang"}]
    return link(f"/analysis?{urlencode([*rest, (field, iri.removeprefix(ID))])}")


def _exports() -> list[tuple[str, str]]:
    """Return the kinds of file that a view is saved as, with the address of each."""
    rest = list(request.args.items(multi=True))
    return [(name, f"/analysis/export/{name}{'?' if rest else ''}{urlencode(rest)}") for name in EXPORTS]


def drawn_up(store: Reader, asked: Question, max_rows: int) -> tuple[list[Draft], dict[str, Any]]:
    """Return the rows of a view, and what its template is told besides."""
    view, filters, zone = asked.view, asked.filters, asked.zone
    where: dict[str, Any] = {"kind": asked.kind or None, "zone": zone or None}
    if view in {"connected", "bridging"}:
        measure = "degree" if view == "connected" else "betweenness"
        ranked = analytics.ranking(store, measure, filters, **where, max_rows=max_rows)
        drafts = [Draft(r.entity, _value(measure, r.value), r.links, extra=r.measure) for r in ranked.rows]
        return drafts, {"of": ranked.total, "pivots": ranked.pivots}
    if view == "cutoffs":
        cut = bridges.cut_offs(store, filters, **where, max_rows=max_rows)
        drafts = [Draft(c.entity, str(len(c.entities)), c.links, c.entities, c.parts) for c in cut.rows]
        return drafts, {"of": cut.total}
    if view == "bottlenecks":
        of_zone = {link.target for link in links.read(store).links if link.kind == "hasChain" and link.source == zone}
        found = bottlenecks.of_chains(store, filters)
        rows = [b for b in found.rows if not zone or b.chain in of_zone]
        drafts = [Draft(b.entity, str(len(b.entities)), b.links, b.entities, b) for b in rows[: 2 * max_rows]]
        return drafts, {"of": len(rows)}
    if view == "communities":
        analysed = analytics.analyse(store, filters)
        members = links.read(store).zones.get(zone, frozenset())
        groups = [c for c in analysed.communities if not zone or members.intersection(c.members)]
        drafts = [Draft(c.members[0], str(len(c.members)), c.links, c.members, c.number) for c in groups[:max_rows]]
        return drafts, {"of": len(groups), "modularity": f"{analysed.modularity:.2f}"}
    return _of_entities(store, view, filters, max_rows)


def _of_entities(store: Reader, view: str, filters: Filters, max_rows: int) -> tuple[list[Draft], dict[str, Any]]:
    """Return the rows of a view that starts from entities which the reader names."""
    one = _named(store, "one")
    if view == "similar":
        told: dict[str, Any] = {"fields": {"one": one}, "of": 0}
        if one.iri is None:
            return [], told
        alike = neighbours.similar(store, one.iri, filters, max_rows=max_rows)
        drafts = [Draft(s.entity, f"{s.similarity * 100:.0f}%", s.links, s.shared, s.similarity) for s in alike.rows]
        return drafts, {**told, "of": alike.total, "complete": alike.complete}
    other = _named(store, "other")
    told = {"fields": {"one": one, "other": other}, "of": 0}
    if one.iri is None or other.iri is None:
        return [], told
    common = neighbours.common(store, one.iri, other.iri, filters, max_rows=max_rows)
    return [Draft(c.entity, "", c.links) for c in common.rows], {**told, "of": common.total}


def _value(measure: str, value: float) -> str:
    return str(int(value)) if measure == "degree" else f"{value * 100:.1f}%"


def _named(store: Reader, field: str) -> Chosen:
    """Return the entity that a parameter names, by its path below id/ or by its name."""
    text = request.args.get(field, "").strip()[: search.MAX_CHARACTERS]
    if not text:
        return Chosen("")
    entities = links.read(store).entities
    if LOCAL.fullmatch(text) and f"{ID}{text}" in entities:
        return Chosen(text, f"{ID}{text}")
    hits = [h for h in search.search(store, text, 4 * OFFERED, i18n.language()) if h.iri in entities]
    exact = [h.iri for h in hits if text in {h.label, h.matched_label}]
    if len(exact) == 1 or len(hits) == 1:
        return Chosen(text, exact[0] if len(exact) == 1 else hits[0].iri)
    return Chosen(text, None, [h.iri for h in hits[:OFFERED]])


def _rows(store: Reader, drafts: Iterable[Draft]) -> tuple[list[ShownRow], list[Fact]]:
    """Read the facts of the links that rows open to, in one go."""
    drafts = list(drafts)
    wanted = {f for d in drafts for k in d.links[:LINKS] for f in k.facts}
    facts = {fact.iri: fact for fact in explore.load_facts(store, sorted(wanted))}
    rows = [
        ShownRow(
            d.entity,
            d.value,
            [ShownLink(k, [facts[f] for f in k.facts if f in facts]) for k in d.links[:LINKS]],
            len(d.links),
            links.documents_of(d.links),
            d.members[:NAMED],
            len(d.members),
            d.extra,
        )
        for d in drafts
    ]
    return rows, [facts[iri] for iri in sorted(facts)]


def _most_observed(store: Reader, known: links.Links) -> str:
    """Return the zone whose figures hang together most often: one page shows the checks of one zone."""
    counted = {zone: len(arithmetic.checks(store, zone).checks) for zone in sorted(known.zones)[:ROWS]}
    return max(counted, key=lambda z: counted[z], default="")


def _checks(store: Reader, zone: str) -> str:
    zones = sorted(links.read(store).zones)
    found = arithmetic.checks(store, zone) if zone else arithmetic.Checks([])
    names = replace(found.names, known=dict(found.names.known)).load(store, zones)
    presenter = Presenter(names, i18n.language())
    facts = sorted({fact.iri for check in found.checks for fact in check.used})
    return render_template(
        "analysis.html",
        p=presenter,
        view="checks",
        views=VIEWS,
        address=address,
        exports=_exports(),
        zones=zones,
        zone=zone,
        checks=checking.shown(found.checks, found.members, presenter),
        counts=found.count(),
        query=explore.reproducing("explore/details.rq", i18n.language(), facts=facts) if facts else None,
    )
