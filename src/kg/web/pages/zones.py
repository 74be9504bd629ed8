"""The pages of zones."""

from flask import render_template

from kg.model.vocabulary import BASE
from kg.services import chains, zones
from kg.web import i18n
from kg.web.pages.common import blueprint, checked_slug
from kg.web.pages.entity import entity_page
from kg.web.present import Presenter
from kg.web.state import state


@blueprint.get("/zones")
def all_zones() -> str:
    """List the zones with their telling figures."""
    found = zones.listed(state().store)
    presenter = Presenter(found.names, i18n.language())
    return render_template(
        "zones.html",
        p=presenter,
        zones=[(z, [presenter.row(f, z.iri) for f in z.figures]) for z in found.zones[: zones.CARDS]],
        others=found.zones[zones.CARDS :],
    )


@blueprint.get("/zones/<slug>")
def zone(slug: str) -> str:
    """Show a zone: figures by indicator, projects by stage, platforms, chains, and everything else known."""
    view = zones.zone(state().store, checked_slug("zone", slug))
    every = chains.listed(state().store)
    view.names.known.update(every.names.known)
    presenter = Presenter(view.names, i18n.language())
    series = [(iri, [presenter.row(f, view.view.iri) for f in facts]) for iri, facts in view.observations()]
    return entity_page(
        view.view,
        zone=view,
        strips=[c for c in every.chains if view.view.iri in c.zones],
        series=series,
        stages=zones.STAGES,
        scheme=f"{BASE}scheme/project-stage/",
    )
