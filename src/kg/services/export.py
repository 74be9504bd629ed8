"""Export: a resource described, a resource by its name, the whole graph, and the descriptions of the dataset.

Everything here returns terms or bytes in a standard format; who asks, and over which protocol, is unknown to it.
"""

import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, cast

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse, serialize

from kg import paths
from kg.errors import KGError, NotFound
from kg.model.vocabulary import BASE, ID, ONTOLOGY, OWL, PREFIXES, RDF, XSD
from kg.services.remembered import per_version
from kg.store.protocol import Reader

VOID: Final = "http://rdfs.org/ns/void#"
SD: Final = "http://www.w3.org/ns/sparql-service-description#"
FORMATS: Final = "http://www.w3.org/ns/formats/"
DATASET: Final = f"{ID}dataset/zone-kg"

#: Media types of RDF that an export is written in, the service's order; the name extension of each.
EXTENSIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "text/turtle": "ttl",
        "application/n-triples": "nt",
        "application/ld+json": "jsonld",
        "application/rdf+xml": "rdf",
    }
)
#: Media types that hold a dataset, beside those that hold a graph.
DATASET_EXTENSIONS: Final[Mapping[str, str]] = MappingProxyType(
    {"application/n-quads": "nq", "application/trig": "trig"}
)

#: Most facts in a description, as `export/facts.rq` has it.
FACTS_MAX: Final = 1000
_NAME_MAX_CHARACTERS: Final = 200
_NEAREST_MAX: Final = 5
_BLOCK_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Description:
    """A resource described: its triples, each once and sorted, and whether all of its facts are there."""

    triples: list[Triple]
    complete: bool


def exists(store: Reader, iri: str) -> bool:
    """Whether the graph says anything of a resource."""
    return store.ask(paths.query("export/exists.rq"), {"resource": NamedNode(iri)})


def describe(store: Reader, iri: str) -> Description:
    """Return the bounded description of a resource.

    Parameters
    ----------
    iri
        The resource's IRI.

    Returns
    -------
    Description
        Its own statements; the facts it takes part in, whatever its role, with what they state and the passages they
        rest on (for a document or a passage: the facts that rest on it); and the preferred labels of all they name.

    Raises
    ------
    NotFound
        If the graph has no statement whose subject is the resource.

    Notes
    -----
    Links from other resources are left out: a stated link is told by its fact, and a province's link to each of
    thousands of entities isn't what a reader of the province asks for. At most `FACTS_MAX` facts are described, in
    the order of their IRIs.
    """
    resource = NamedNode(iri)
    own = store.construct(paths.query("export/resource.rq"), {"resource": resource})
    if not any(triple.subject == resource for triple in own):
        raise NotFound("resource", iri, "Look for its name under /search, or ask /sparql.")
    told = store.construct(paths.query("export/facts.rq"), {"resource": resource})
    counted = store.select(paths.query("export/count.rq"), {"resource": resource})
    complete = all(int(cast(Literal, solution["facts"]).value) <= FACTS_MAX for solution in counted)
    # The resource itself comes first, where a reader of the file looks for it.
    return Description(sorted({*own, *told}, key=lambda t: (t.subject != resource, str(t))), complete)


def write(triples: Iterable[Triple], media_type: str) -> bytes:
    """Return triples in one of the formats of `EXTENSIONS`, with those of the project's prefixes that they use."""
    fmt = RdfFormat.from_media_type(media_type)
    if fmt is None:
        raise ValueError(media_type)
    kept = list(triples)
    used = {_namespace(term.value) for triple in kept for term in triple if isinstance(term, NamedNode)}
    prefixes = {prefix: namespace for prefix, namespace in PREFIXES.items() if namespace in used}
    return cast(bytes, serialize(kept, format=fmt, prefixes=prefixes))


def _namespace(iri: str) -> str:
    return iri[: max(iri.rfind("#"), iri.rfind("/")) + 1]


def named(store: Reader, name: str) -> list[str]:
    """Return the IRIs of the resources that bear a name, exactly, as a label of any kind; sorted, at most 100."""
    names = {"plain": Literal(name)} | {language: Literal(name, language=language) for language in ("zh", "en")}
    solutions = store.select(paths.query("export/named.rq"), names)
    return [cast(NamedNode, solution["resource"]).value for solution in solutions]


def nearest(store: Reader, name: str) -> list[str]:
    """Return up to five preferred labels that share two characters in a row with a name, the likest first."""
    wanted = _pairs(name[:_NAME_MAX_CHARACTERS])
    # Character pairs of the name as one pattern: letters and digits alone, so that none has a meaning of its own.
    pairs = sorted(pair for pair in wanted if pair.isalnum())
    if not pairs:
        return []
    solutions = store.select(paths.query("export/nearest.rq"), {"pattern": Literal("|".join(pairs))})
    labels = {cast(Literal, solution["label"]).value for solution in solutions}

    def likeness(label: str) -> float:
        pairs = _pairs(label)
        return len(pairs & wanted) / len(pairs | wanted)

    return sorted(labels, key=lambda label: (-likeness(label), label))[:_NEAREST_MAX]


def _pairs(text: str) -> set[str]:
    folded = text.casefold()
    return {folded[i : i + 2] for i in range(len(folded) - 1)} or {folded}


def dump(store: Reader, media_type: str) -> Iterator[bytes]:
    """Yield the default graph (a triple format) or the whole dataset (a quad format, JSON-LD too) as it is written.

    The store writes in a thread of its own into a pipe, so that the first bytes come at once and memory stays flat;
    a reader that closes the iterator ends the writing.
    """
    source, sink = os.pipe()
    failures: list[KGError] = []

    def fill() -> None:
        try:
            with open(sink, "wb", buffering=0) as out:  # noqa: PTH123 - a descriptor, not a path
                store.dump(out, media_type)
        except BrokenPipeError:
            pass
        except KGError as error:
            failures.append(error)

    writer = threading.Thread(target=fill, name="dump", daemon=True)
    writer.start()
    try:
        while block := os.read(source, _BLOCK_BYTES):
            yield block
    finally:
        os.close(source)
        writer.join()
    if failures:
        raise failures[0]


def describe_dataset(store: Reader, home: str) -> list[Triple]:
    """Return the VoID description of the dataset: what the graph says of it, how large it is, and where it can be read.

    Parameters
    ----------
    home
        Address of the service, without a slash at the end.
    """
    dataset = NamedNode(DATASET)
    graph = _Graph()
    document = NamedNode(f"{BASE}.well-known/void")
    graph.add(document, f"{RDF}type", NamedNode(f"{VOID}DatasetDescription"))
    graph.add(document, "http://xmlns.com/foaf/0.1/primaryTopic", dataset)
    graph.add(dataset, f"{RDF}type", NamedNode(f"{VOID}Dataset"))
    graph.triples += store.construct(paths.query("export/resource.rq"), {"resource": dataset})
    graph.add(dataset, f"{VOID}sparqlEndpoint", NamedNode(f"{home}/sparql"))
    graph.add(dataset, f"{VOID}dataDump", NamedNode(f"{home}/dump"))
    graph.add(dataset, f"{VOID}uriSpace", Literal(BASE))
    graph.add(dataset, f"{VOID}vocabulary", NamedNode(ONTOLOGY))
    for media_type in EXTENSIONS:
        graph.add(dataset, f"{VOID}feature", NamedNode(_FORMAT_IRIS[media_type]))
    graph.add(dataset, f"{VOID}triples", _integer(store.statistics().triples_default))
    for term, query, partition in (
        ("class", "export/classes.rq", "classPartition"),
        ("property", "export/properties.rq", "propertyPartition"),
    ):
        count = "entities" if term == "class" else "triples"
        for number, solution in enumerate(store.select(paths.query(query))):
            part = BlankNode(f"{term}{number}")
            graph.add(dataset, f"{VOID}{partition}", part)
            graph.add(part, f"{VOID}{term}", cast(NamedNode, solution[term]))
            graph.add(part, f"{VOID}{count}", _integer(int(cast(Literal, solution["count"]).value)))
    return graph.triples


#: Named graphs that a service description lists; of more it says nothing.
_MOST_GRAPHS: Final = 1000


@per_version
def sizes(store: Reader) -> Mapping[str, int]:
    """Return the number of triples of each graph; the default graph stands under the empty name."""
    counted = dict.fromkeys(["", *store.graph_names()], 0)
    for solution in store.select(paths.query("remote/counts.rq")):
        graph = solution.get("graph")
        counted[graph.value if isinstance(graph, NamedNode) else ""] = int(cast(Literal, solution["triples"]).value)
    return counted


def describe_service(
    store: Reader,
    home: str,
    result_media_types: Sequence[str],
    *,
    writable: bool = False,
    federated: bool = False,
) -> list[Triple]:
    """Return the SPARQL 1.1 service description: the languages, formats and graphs, with the size of each graph.

    Parameters
    ----------
    store
        What is described.
    home
        Address of the service, without a slash at the end.
    result_media_types
        Media types that results are written in.
    writable
        Whether anybody may write; updates have an endpoint of their own, which is a second service of the description.
    federated
        Whether a query may call other services.
    """
    service, dataset, default = NamedNode(f"{home}/sparql"), BlankNode("dataset"), BlankNode("default")
    graph = _Graph()
    graph.add(service, f"{RDF}type", NamedNode(f"{SD}Service"))
    graph.add(service, f"{SD}endpoint", service)
    graph.add(service, f"{SD}supportedLanguage", NamedNode(f"{SD}SPARQL11Query"))
    graph.add(service, f"{SD}feature", NamedNode(f"{SD}EmptyGraphs"))
    if federated:
        graph.add(service, f"{SD}feature", NamedNode(f"{SD}BasicFederatedQuery"))
    for media_type in result_media_types:
        graph.add(service, f"{SD}resultFormat", NamedNode(_FORMAT_IRIS[media_type]))
    graph.add(service, f"{SD}defaultDataset", dataset)
    if writable:
        update = NamedNode(f"{home}/update")
        graph.add(update, f"{RDF}type", NamedNode(f"{SD}Service"))
        graph.add(update, f"{SD}endpoint", update)
        graph.add(update, f"{SD}supportedLanguage", NamedNode(f"{SD}SPARQL11Update"))
        graph.add(update, f"{SD}defaultDataset", dataset)
    graph.add(dataset, f"{RDF}type", NamedNode(f"{SD}Dataset"))
    graph.add(dataset, f"{SD}defaultGraph", default)
    graph.add(default, f"{RDF}type", NamedNode(f"{SD}Graph"))
    graph.add(default, "http://xmlns.com/foaf/0.1/isPrimaryTopicOf", NamedNode(f"{home}/.well-known/void"))
    counted = sizes(store)
    graph.add(default, f"{VOID}triples", _integer(counted[""]))
    for number, (name, triples) in enumerate(sorted(counted.items())[1 : _MOST_GRAPHS + 1]):
        named, inside = BlankNode(f"named{number}"), BlankNode(f"graph{number}")
        graph.add(dataset, f"{SD}namedGraph", named)
        graph.add(named, f"{RDF}type", NamedNode(f"{SD}NamedGraph"))
        graph.add(named, f"{SD}name", NamedNode(name))
        graph.add(named, f"{SD}graph", inside)
        graph.add(inside, f"{RDF}type", NamedNode(f"{SD}Graph"))
        graph.add(inside, f"{VOID}triples", _integer(triples))
    return graph.triples


#: What the W3C calls each format.
_FORMAT_IRIS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "application/sparql-results+json": f"{FORMATS}SPARQL_Results_JSON",
        "application/sparql-results+xml": f"{FORMATS}SPARQL_Results_XML",
        "text/csv": f"{FORMATS}SPARQL_Results_CSV",
        "text/tab-separated-values": f"{FORMATS}SPARQL_Results_TSV",
        "text/turtle": f"{FORMATS}Turtle",
        "application/n-triples": f"{FORMATS}N-Triples",
        "application/ld+json": f"{FORMATS}JSON-LD",
        "application/rdf+xml": f"{FORMATS}RDF_XML",
    }
)


class _Graph:
    def __init__(self) -> None:
        self.triples: list[Triple] = []

    def add(self, subject: NamedNode | BlankNode, predicate: str, value: NamedNode | BlankNode | Literal) -> None:
        self.triples.append(Triple(subject, NamedNode(predicate), value))


def _integer(value: int) -> Literal:
    return Literal(str(value), datatype=NamedNode(f"{XSD}integer"))


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the ontology: its name, its file, the IRI of this version and the version's number."""

    name: str
    path: Path
    version: str | None


@cache
def modules() -> Mapping[str, Module]:
    """Return the modules of the ontology that ships with the package, by name."""
    found = {}
    for path in sorted(paths.asset("ontology").glob("*.ttl")):
        versions = (
            cast(NamedNode, quad.object).value.rpartition("/")[2]
            for quad in parse(path=str(path), format=RdfFormat.TURTLE)
            if quad.predicate.value == f"{OWL}versionIRI"
        )
        found[path.stem] = Module(path.stem, path, next(versions, None))
    return MappingProxyType(found)


def ontology(module: str | None = None, version: str | None = None) -> list[Triple]:
    """Return the triples of the ontology: of all modules, or of one.

    Raises
    ------
    NotFound
        For a module that there isn't, and for a version other than the one that ships.
    """
    shipped = modules()
    if module is None:
        chosen = list(shipped.values())
    elif module not in shipped:
        raise NotFound("module of the ontology", module, f"There are {', '.join(shipped)}.")
    else:
        chosen = [shipped[module]]
        if version is not None and version != chosen[0].version:
            raise NotFound("version", f"{module}/{version}", f"This installation holds {chosen[0].version}.")
    quads = (quad for m in chosen for quad in parse(path=str(m.path), format=RdfFormat.TURTLE))
    return list(dict.fromkeys(quad.triple for quad in quads))
