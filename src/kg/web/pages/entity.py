"""The page of an entity, a fact or a code; the pages of zones and chains are it with more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from flask import render_template
from pyoxigraph import Literal, NamedNode

from kg.errors import NotFound
from kg.model.label import Label, local_name
from kg.model.vocabulary import BASE, ENTITY_SEGMENTS, KG, SKOS
from kg.services import explore
from kg.services.selection import Selection, undated
from kg.web import i18n, present
from kg.web.i18n import t
from kg.web.pages.common import LOCAL, blueprint, chosen, link, page_of
from kg.web.pages.evidence import evidence
from kg.web.present import Presenter
from kg.web.state import state


@dataclass(frozen=True)
class Trail:
    """A step of the path above a page's title."""

    text: str
    address: str | None = None
    language: str = ""


@blueprint.get("/entity/<path:path>")
def entity(path: str) -> str:
    """Show an entity, a fact, a piece of evidence or a code with all that is known of it."""
    if not LOCAL.fullmatch(path):
        raise NotFound("entity", path, "Look for its name under /search.")
    segment, _, rest = path.partition("/")
    if segment == "ev":
        return evidence(rest)
    room = "" if segment in {"scheme", "unit", "period"} else "id/"
    view = explore.entity(state().store, f"{BASE}{room}{path}")
    return entity_page(view)


def entity_page(view: explore.EntityView, **more: Any) -> str:
    """Return the page of an entity; a zone or a chain brings more to it."""
    language = i18n.language()
    presenter = Presenter(view.names, language)
    resource = view.resource
    selection = chosen()
    total = len(view.facts)
    if selection:
        view = replace(view, facts=_selected_facts(view, selection))
    own = None
    spans = {(d, n): (a, b) for d, rows in view.extents.items() for n, a, b in rows}
    if view.statements.get(f"{KG}modality"):
        for fact in explore.load_facts(state().store, [view.iri]):
            view.names.load(state().store, explore.named_in([fact]))
            own = presenter.row(fact)
            near = explore.extents(state().store, sorted({p.document for p in fact.evidence}))
            spans |= {(d, n): (a, b) for d, rows in near.items() for n, a, b in rows}
    neighbours = view.neighbours()
    drawn = present.branches(presenter, neighbours)
    cited = [p for f in view.facts for p in f.evidence]
    # A zone's own figures stand in a table of their own above the groups.
    tabled = {row.fact.iri for _, rows in more.get("series", ()) for row in rows}
    groups = presenter.groups([f for f in view.facts if f.iri not in tabled], view.iri)
    return render_template(
        "entity.html",
        view=view,
        p=presenter,
        label=resource.label(language),
        class_name=resource.class_name,
        trail=_trail(presenter, view),
        groups=groups,
        own=own,
        extents=spans,
        selected=own or _selected([*_tables(more), *groups]),
        cut=len(view.facts) >= explore.FACTS_MAX,
        chosen=selection,
        total=total,
        undated=undated(view.facts),
        modalities=present.modality_counts(view.facts),
        bars=present.bars(cited, view.extents),
        passage_map=present.passage_map,
        drawn=drawn,
        neighbours=len(neighbours),
        codes=_codes(presenter, view),
        alternatives=explore.alternative_names(view.statements),
        query=explore.reproducing("explore/details.rq", i18n.language(), facts=view.iri)
        if own
        else explore.reproducing(
            "explore/facts.rq", i18n.language(), selected=selection.sparql_filter("fact"), entity=view.iri
        ),
        documents=view.documents(),
        **more,
    )


def _selected_facts(view: explore.EntityView, selection: Selection) -> Sequence[explore.Fact]:
    if len(view.facts) < explore.FACTS_MAX:
        return selection.keep(view.facts)
    # Of more facts than a page holds, the store selects: those at hand are only the first.
    found = explore.facts_of(state().store, view.iri, selection.sparql_filter("fact"))
    view.names.load(state().store, explore.named_in(found))
    return found


def _tables(more: Mapping[str, Any]) -> list[present.Group]:
    return [present.Group("figures", rows) for _, rows in more.get("series", ())]


def _selected(groups: Sequence[present.Group]) -> present.Row | None:
    """Return the row whose passage is shown at first: the first with a figure, else the first."""
    rows = [row for group in groups for row in group.rows if row.fact.evidence]
    return next((r for r in rows if any(p.kind == "figure" for p in r.pieces)), rows[0] if rows else None)


_NAMES_AND_TYPES: Final = frozenset({"prefLabel", "altLabel", "type", "inScheme", "definition", *explore.NAME_KINDS})


def _codes(presenter: Presenter, view: explore.EntityView) -> list[tuple[Label, list[present.Piece]]]:
    """Return the entity's own statements that aren't names: codes, levels, hashes, dates. Derived links aren't shown
    twice: each is a fact already."""
    linked = {fact.predicate for fact in view.facts} | {f"{KG}{n}" for n in _DERIVED}
    found = []
    for iri, terms in sorted(view.statements.items()):
        if local_name(iri) in _NAMES_AND_TYPES or iri in linked or view.statements.get(f"{KG}modality"):
            continue
        pieces = []
        for term in sorted(terms, key=str):
            if isinstance(term, NamedNode):
                pieces.append(presenter.entity(term.value))
            elif isinstance(term, Literal):
                pieces.append(present.Piece("text", presenter.literal(term)))
        found.append((presenter.label(iri), pieces))
    return found


#: What the loader derives from facts that aren't claims.
_DERIVED: Final = (
    *("partnerOf", "investsIn", "suppliesTo", "chainLeader", "hasCertType", "worksFor", "projectStage", "holds"),
)


def _trail(presenter: Presenter, view: explore.EntityView) -> list[Trail]:
    class_name = view.resource.class_name
    steps = []
    if class_name in ENTITY_SEGMENTS:
        index = {"DevelopmentZone": "/zones", "IndustryChain": "/chains", "NewsArticle": "/documents"}.get(class_name)
        steps.append(Trail(t(f"class.{class_name}"), link(index or f"/ontology#{class_name}")))
    elif schemes := [t.value for t in view.statements.get(f"{SKOS}inScheme", ()) if isinstance(t, NamedNode)]:
        name = presenter.label(schemes[0])
        steps.append(Trail(name.text, link(f"/ontology#list-{local_name(schemes[0])}"), name.language))
    elif i18n.has(f"class.{class_name}"):
        steps.append(Trail(t(f"class.{class_name}"), link(f"/ontology#{class_name}")))
    inside = [
        f.object
        for f in view.facts
        if f.subject == view.iri and f.predicate == f"{KG}inZone" and f.object and f.modality == "actual"
    ]
    for iri in dict.fromkeys(inside[:1]):
        label = presenter.label(iri)
        steps.append(Trail(label.text, page_of(iri), label.language))
    return steps
