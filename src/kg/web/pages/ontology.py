"""The page of the ontology."""

from flask import render_template

from kg.services import glossary
from kg.web import i18n
from kg.web.pages.common import blueprint
from kg.web.present import Presenter
from kg.web.state import state


@blueprint.get("/ontology.html")
def ontology() -> str:
    """Show every class, property and code list; the resource blueprint calls this for ``/ontology``."""
    found = glossary.read(state().store)
    return render_template("ontology.html", p=Presenter(found.names, i18n.language()), g=found)
