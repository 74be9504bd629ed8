"""The pages: each view asks its service once and hands the template what it shows."""

from kg.web.pages import chains, conformance, console, documents, entity, files, home, ontology, search, zones
from kg.web.pages.common import blueprint

__all__ = [
    "blueprint",
    "chains",
    "conformance",
    "console",
    "documents",
    "entity",
    "files",
    "home",
    "ontology",
    "search",
    "zones",
]
