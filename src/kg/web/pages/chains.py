"""The pages of industry chains: strips of stages, a chain drawn and tabled, two zones beside each other, a drawer."""

from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from flask import render_template, request

from kg.errors import NotFound, SelectionRefused
from kg.model.label import Label
from kg.model.vocabulary import ID
from kg.services import chains, explore, lineup, zones
from kg.services.lineup import Choice, Facet, LineUp
from kg.services.selection import CERTAINTIES
from kg.web import i18n, present
from kg.web.i18n import t
from kg.web.pages.common import LOCAL, blueprint, link
from kg.web.pages.downloads import version
from kg.web.pages.linework import ChainPresenter, drawn, presenter, rows, spine
from kg.web.present import Presenter
from kg.web.state import state

VIEWS: Final = ("svg", "interactive", "table")
#: What a chain is saved as: the name in the address, and the key of its words.
EXPORTS: Final = ("svg", "png", "html", "csv", "csv-excel", "xlsx", "graphml", "ttl")


@blueprint.get("/chains")
def all_chains() -> str:
    """List the chains as strips of stages, those of one zone where the address names one."""
    found = chains.listed(state().store)
    zone = request.args.get("zone", "")
    everywhere = sorted({z for chain in found.chains for z in chain.zones})
    shown = [c for c in found.chains if not zone or lineup.zone_iri(zone) in c.zones]
    counts = [(z, local_part(z), sum(1 for c in found.chains if z in c.zones)) for z in everywhere]
    return render_template(
        "chains.html", p=Presenter(found.names, i18n.language()), chains=shown, zones=counts, zone=zone
    )


def local_part(iri: str) -> str:
    """Return the slug of an IRI."""
    return iri.rpartition("/")[2]


@blueprint.get("/chains/<slug>")
def chain(slug: str) -> str:
    """Show a chain: its stages in order, who and what stands on them, and what nobody reports."""
    choice = Choice.from_args(request.args)
    view = request.args.get("view") or VIEWS[0]
    if view not in VIEWS:
        raise SelectionRefused("view", view, f"one of {', '.join(VIEWS)}")
    p = presenter(slug, choice)
    line = p.line
    chain_facts = [f for f in choice.facts.keep(line.view.view.facts) if f.predicate not in lineup.PREDICATES]
    return render_template(
        "chain.html",
        p=p,
        line=line,
        chain=line.chain,
        label=p.label(line.chain.iri),
        alternatives=explore.alternative_names(line.view.view.statements),
        view=view,
        views=VIEWS,
        **(drawn(p) if view == "svg" else {}),
        data=p.canvas().page_data() if view == "interactive" else None,
        spine=spine(p) if view == "svg" else [],
        rows=rows(p, ROWS_MAX),
        rows_max=ROWS_MAX,
        facts_shown=len(line.facts()),
        entities=len({box.entity for box in line.boxes}),
        groups=p.groups(chain_facts, line.chain.iri),
        filters=_filters(p),
        certainties=CERTAINTIES,
        address=lambda **changed: address(slug, choice, view, **changed),
        export=lambda name: link(f"/chains/{slug}/export/{name}?{urlencode(choice.parameters())}"),
        query=_query(line),
        version=version(),
        exports=EXPORTS,
    )


def address(slug: str, choice: Choice, shown: str, **changed: Any) -> str:
    """Return the address of a chain's page under a choice, with some of it changed."""
    chosen = Choice(
        changed.get("facts", choice.facts), changed.get("zones", choice.zones), changed.get("kinds", choice.kinds)
    )
    shown = changed.get("view", shown)
    parameters = [*chosen.parameters(), *([("view", shown)] if shown != VIEWS[0] else [])]
    return link(f"/chains/{slug}{'?' if parameters else ''}{urlencode(parameters)}")


#: Boxes that the table on a page tells of; the tables that are saved have all.
ROWS_MAX: Final = 500


@dataclass(frozen=True)
class Option:
    """A value of a filter as a page shows it: its words, its count, and the address that toggles it."""

    facet: Facet
    words: Label
    address: str
    colour: str = ""
    seal: str = ""


def _filters(p: ChainPresenter) -> list[tuple[str, list[Option], frozenset[str]]]:
    """Return the filters by zone, modality and kind with their options."""
    line, choice = p.line, p.line.choice
    slug, view = line.chain.slug, request.args.get("view") or VIEWS[0]

    def toggled(chosen: frozenset[str], value: str) -> frozenset[str]:
        return chosen ^ {value}

    seals = {"main": "Product", "enterprise": "Enterprise", "academia": "University"}
    seals |= {"project": "Project", "platform": "Platform", "fund": "Fund"}
    facts = choice.facts
    return [
        (
            "zone",
            [
                Option(f, p.zone_label(f.value), address(slug, choice, view, zones=toggled(choice.zones, f.value)))
                for f in line.zones
            ],
            choice.zones,
        ),
        (
            "modality",
            [
                Option(
                    f,
                    Label(t(f"modality.{f.value}"), p.language),
                    address(
                        slug,
                        choice,
                        view,
                        facts=type(facts)(facts.as_of, toggled(facts.modalities, f.value), facts.certainties),
                    ),
                )
                for f in line.modalities
            ],
            facts.modalities,
        ),
        (
            "kind",
            [
                Option(
                    f,
                    Label(t(f"lane.{f.value}"), p.language),
                    address(slug, choice, view, kinds=toggled(choice.kinds, f.value)),
                    *present.seal(seals[f.value], p.language),
                )
                for f in line.kinds
            ],
            choice.kinds,
        ),
    ]


def _query(line: LineUp) -> str:
    """Return the query that gives a page's boxes, with its question in the reader's language alone."""
    lines = line.sparql().splitlines()
    question = lines[0] if i18n.language() == "zh" else lines[1]
    return "\n".join([question, *(text for text in lines[2:] if not text.startswith("#"))]) + "\n"


@blueprint.get("/chains/<slug>/drawer")
def drawer(slug: str) -> str:
    """Return what opens beside the drawing: all facts of an entity, or one fact."""
    choice = Choice.from_args(request.args)
    p = presenter(slug, choice)
    path, of_fact = request.args.get("entity", ""), request.args.get("fact", "")
    if not LOCAL.fullmatch(path or of_fact):
        raise NotFound("entity", path or of_fact, "The boxes of the chain's page name those that there are.")
    if of_fact:
        facts = explore.load_facts(state().store, [f"{ID}{of_fact}"])
        if not facts:
            raise NotFound("fact", of_fact, "The lines of the chain's page name those that there are.")
        p.names.load(state().store, explore.named_in(facts))
        return render_template("_drawer.html", p=p, line=p.line, fact=p.row(facts[0]), stage=None, silent_stage=None)
    iri = f"{ID}{path}"
    stage = f"{ID}{request.args.get('stage', '')}"
    found = explore.entity(state().store, iri)
    p.names.known.update(found.names.known)
    silent = next((s for s in p.line.stages if s.silent and s.iri == iri), None)
    here = next((box for box in p.line.on(stage) if box.entity == iri), None)
    own = {fact.iri for fact in here.facts} if here else set()
    facts = choice.facts.keep(found.facts)
    return render_template(
        "_drawer.html",
        p=p,
        line=p.line,
        iri=iri,
        path=path,
        class_name=found.resource.class_name,
        here=[p.row(fact) for fact in here.facts] if here else [],
        standing=here,
        stage=stage if here else None,
        silent_stage=silent,
        groups=p.groups([f for f in facts if f.iri not in own], iri),
        count=len(facts),
        hidden=len(found.facts) - len(facts),
        missing=found.missing,
        fact=None,
    )


@blueprint.get("/chains/compare")
def compare() -> str:
    """Show two zones on one chain, side by side on its stages."""
    store = state().store
    found = chains.listed(store)
    everywhere = zones.listed(store).zones
    slug = request.args.get("chain") or (found.chains[0].slug if found.chains else "")
    if not slug:
        raise NotFound("chain", "", "The page /chains lists all of them.")
    p = presenter(slug, replace(Choice.from_args(request.args), zones=frozenset()))
    p.names.load(store, {zone.iri for zone in everywhere})
    slugs = [zone.slug for zone in everywhere]
    own = [local_part(z) for z in p.line.chain.zones]
    sides = [request.args.get(name, "") for name in ("left", "right")]
    for side in sides:
        if side and side not in slugs:
            raise NotFound("zone", side, "The page /zones lists all of them.")
    rest = [s for s in (*own, *slugs) if s not in sides]
    left = sides[0] or next((s for s in rest if s != sides[1]), "")
    right = sides[1] or next((s for s in rest if s != left), "")
    shown = {b.box.id: b for b in p.boxes}
    table = []
    for stage in p.line.stages:
        standing = p.line.on(stage.iri)
        cells = [[shown[s.id] for s in standing if side in {local_part(z) for z in s.zones}] for side in (left, right)]
        table.append((stage, cells, [shown[s.id] for s in standing if not s.zones]))
    return render_template(
        "chain-compare.html",
        p=p,
        line=p.line,
        chain=p.line.chain,
        label=p.label(p.line.chain.iri),
        chains=found.chains,
        titles=Presenter(found.names, i18n.language()),
        zones=everywhere,
        left=left,
        right=right,
        table=table,
        query=_query(p.line),
    )
