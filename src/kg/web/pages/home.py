"""The home page: search first, then zones, chains and documents."""

from collections.abc import Sequence
from typing import Final

from flask import render_template

from kg.model.label import Label
from kg.services import chains, documents, explore, zones
from kg.services.explore import Fact, Names
from kg.web import i18n, present
from kg.web.operations import base_version
from kg.web.pages.common import blueprint
from kg.web.present import Presenter
from kg.web.state import state

HOME_ZONES: Final = 4
HOME_CHAINS: Final = 6
HOME_DOCUMENTS: Final = 6


@blueprint.get("/")
def home() -> str:
    """Show what there is: search, zones, chains, documents."""
    store = state().store
    language = i18n.language()
    found = zones.listed(store, HOME_ZONES)
    every_chain = chains.listed(store)
    every_document = documents.listed(store)
    names = Names({**every_chain.names.known, **found.names.known})
    people = {i for d in every_document for i in (d.iri, *d.authors, *d.zones[:1])}
    names.load(store, people)
    presenter = Presenter(names, language)
    return render_template(
        "home.html",
        p=presenter,
        counts=explore.counts(store),
        version=base_version(state()),
        zones=[(zone, [_headline(presenter, f, zone.iri) for f in zone.figures]) for zone in found.zones],
        modalities=_modalities_of([f for z in found.zones for f in z.figures]),
        chains=every_chain.chains[:HOME_CHAINS],
        chain_count=len(every_chain.chains),
        zone_count=len({z for c in every_chain.chains for z in c.zones} | {z.iri for z in found.zones}),
        documents=every_document[:HOME_DOCUMENTS],
        document_count=len(every_document),
        undated=sum(1 for d in every_document if d.not_before),
        examples=_questions(presenter, found.zones, every_chain.chains),
    )


def _modalities_of(facts: Sequence[Fact]) -> list[str]:
    return [m for m, _ in present.modality_counts(facts)]


def _headline(presenter: Presenter, fact: Fact, zone: str) -> present.Row:
    return presenter.row(fact, zone)


def _questions(
    presenter: Presenter, found: Sequence[zones.Zone], every: Sequence[chains.Chain]
) -> list[tuple[Label, str]]:
    """Return names to try: a chain's most linked member, a chain, a zone — taken from the graph, so they exist."""
    tries = [z.iri for z in found[:2]] + [c.iri for c in every[:2]]
    for chain in every[:3]:
        tries += sorted(m for m in chain.members() if presenter.names[m].class_name == "Enterprise")[:1]
    return [(presenter.label(iri), address) for iri in dict.fromkeys(tries) if (address := present.href(iri))]
