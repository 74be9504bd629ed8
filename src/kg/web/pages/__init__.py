"""The pages: each view asks its service once and hands the template what it shows."""

from kg.web.pages import (
    analysis,
    analysis_table,
    basket,
    chains,
    conformance,
    console,
    documents,
    downloads,
    entity,
    explore,
    explore_files,
    files,
    home,
    ontology,
    saved,
    search,
    zones,
)
from kg.web.pages.common import blueprint

__all__ = [
    "analysis",
    "analysis_table",
    "basket",
    "blueprint",
    "chains",
    "conformance",
    "console",
    "documents",
    "downloads",
    "entity",
    "explore",
    "explore_files",
    "files",
    "home",
    "ontology",
    "saved",
    "search",
    "zones",
]
