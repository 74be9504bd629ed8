"""The registry of minted entities, ``graph/registry.tsv``: class, canonical name and IRI, one a line, sorted.

An IRI is minted once. What stands in the registry wins over the rules of `kg.model.iri`, so neither a new label nor a
change of those rules changes an IRI; and a line is never taken out, so an IRI that was given up is never given again.

``python -m kg.services.registry`` adds the entities of ``graph/`` that aren't in it yet.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.errors import ParseFailed
from kg.model.iri import digest
from kg.model.vocabulary import DCTERMS, ENTITY_SEGMENTS, ID, KG, RDF, SKOS
from kg.services.base import BaseFiles, parse_file

REGISTRY: Final = "registry.tsv"
HEADER: Final = "class\tname\tiri"

#: Class and canonical name, to the IRI.
Registry = dict[tuple[str, str], str]


def read(path: Path) -> Registry:
    """Return a registry; an empty one where there is no file.

    Raises
    ------
    ParseFailed
        For a line that isn't class, name and IRI, or one that gives a name or an IRI a second time.
    """
    registry: Registry = {}
    if not path.exists():
        return registry
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines or lines[0] != HEADER:
        raise ParseFailed(path.name, "its first line isn't the header")
    for number, line in enumerate(lines[1:], start=2):
        fields = line.split("\t")
        if len(fields) != 3 or fields[0] not in ENTITY_SEGMENTS or not fields[2].startswith(ID):
            raise ParseFailed(path.name, f"line {number} isn't a class of entities, a name and an IRI")
        if (fields[0], fields[1]) in registry:
            raise ParseFailed(path.name, f"line {number} names {fields[1]} a second time")
        registry[fields[0], fields[1]] = fields[2]
    if len(set(registry.values())) != len(registry):
        raise ParseFailed(path.name, "an IRI stands in two lines")
    return registry


def text(registry: Mapping[tuple[str, str], str]) -> str:
    """Return the content of the file.

    >>> text({("Brand", "神池胡麻"): "https://w3id.org/zone-kg/id/brand/shenchihuma-59618444"}).splitlines()[1]
    'Brand\\t神池胡麻\\thttps://w3id.org/zone-kg/id/brand/shenchihuma-59618444'
    """
    rows = sorted((name, label, iri) for (name, label), iri in registry.items())
    return "".join(f"{line}\n" for line in (HEADER, *("\t".join(row) for row in rows)))


def missing(files: BaseFiles, registry: Mapping[tuple[str, str], str]) -> Registry:
    """Return the entities of the graph whose IRI isn't in the registry.

    The canonical name is the one that the hash in the IRI was made from; the full name, or else the label, where
    another rule made the IRI or an official code stands in it.

    Raises
    ------
    ParseFailed
        If two IRIs would have one class and name, which minting can't have given.
    """
    known = set(registry.values())
    listed = {name: path for name, path in files.listed().items() if path.is_relative_to(files.graph)}
    quads = [quad for name, path in listed.items() for quad in parse_file(name, path)]
    found: Registry = {}
    for class_name, iri, names in _entities(quads):
        if iri not in known:
            made = (name for name in names if iri.endswith(f"-{digest(class_name, name)}"))
            key = (class_name, next(made, names[0]))
            if other := registry.get(key) or found.get(key):
                raise ParseFailed(REGISTRY, f"{other} and {iri} are both the {class_name} named {key[1]}")
            found[key] = iri
    return found


def update(files: BaseFiles | None = None) -> int:
    """Add to the registry the entities that it lacks; return how many."""
    files = files or BaseFiles.shipped()
    path = files.graph / REGISTRY
    registry = read(path)
    added = missing(files, registry)
    if added:
        path.write_text(text({**added, **registry}), encoding="utf-8", newline="\n")
    return len(added)


def _entities(quads: Iterable[ox.Quad]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield class, IRI and possible canonical names of each entity, the likeliest first."""
    objects: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    classes: dict[str, str] = {}
    template_of: dict[str, str] = {}
    for quad in quads:
        subject, predicate, value = quad.subject, quad.predicate.value, quad.object
        if not isinstance(subject, ox.NamedNode):
            continue
        if isinstance(value, ox.Literal):
            if value.language in ("zh", None):
                objects[subject.value, predicate].append(value.value)
        elif isinstance(value, ox.NamedNode):
            if predicate == f"{RDF}type" and (name := value.value.removeprefix(KG)) in ENTITY_SEGMENTS:
                classes[subject.value] = name
            elif predicate == f"{KG}hasStage":
                template_of[value.value] = subject.value
    for iri, class_name in sorted(classes.items()):
        names = [
            name
            for predicate in (f"{KG}fullName", f"{SKOS}prefLabel", f"{DCTERMS}title")
            for name in sorted(objects[iri, predicate])
        ]
        if class_name == "ChainTemplate":
            names += [name.removesuffix("产业链模板") for name in names]
        elif class_name == "TemplateStage":
            whole = objects[template_of.get(iri, ""), f"{SKOS}prefLabel"]
            names = [f"{of.removesuffix('产业链模板')}/{name}" for of in whole for name in names] + names
        if names:
            yield class_name, iri, names


if __name__ == "__main__":
    update()
