"""Writing: the one function behind which an update is applied, and the one that writes a whole graph."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.errors import DefaultGraphKept, KGError, ParseFailed, QueryRefused, QuerySyntaxError
from kg.services.query import in_the_readers_text
from kg.store import lexer
from kg.store.effects import operations, with_dataset
from kg.store.embedded import parse_failed, rehearse
from kg.store.formats import rdf_format
from kg.store.lexer import Limits
from kg.store.protocol import STORE_DATASET, Dataset, Store
from kg.store.sparql import iri, serialize

#: Reads an update before the writer does, and raises `QuerySyntaxError` if it doesn't parse.
Trial = Callable[[str, str | None], None]

DEFAULT_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class UpdateRequest:
    """An update: its text, the dataset of its patterns as the protocol's parameters give it, and its base."""

    operation: str
    dataset: Dataset = STORE_DATASET
    base: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did: its verbs, and how many quads there are more (or fewer); None where they weren't counted."""

    verbs: tuple[str, ...]
    quads: int | None


def apply(
    store: Store,
    request: UpdateRequest,
    limits: Limits = DEFAULT_LIMITS,
    *,
    default_graph: bool = False,
    trial: Trial = rehearse,
) -> Written:
    """Apply an update, whole or not at all.

    Parameters
    ----------
    store
        Open for writing.
    request
        The update and its dataset.
    limits
        What its text may have.
    default_graph
        Whether it may change the default graph: only where that holds no base.
    trial
        Reads it first: a process of its own ends alone where the engine's parser would end this one.

    Raises
    ------
    QueryTooLarge, QueryRefused
        If the text is longer than the limit, calls out, nests too deeply, has too many branches, or is a query.
    DefaultGraphKept
        If it may change the default graph, and may not.
    QuerySyntaxError
        If it doesn't parse, or names a dataset beside the request's own.
    """
    text = lexer.check(request.operation, limits)
    try:
        effects = operations(text)
        # Declarations alone are an update that does nothing; the standard has it so.
        if effects and lexer.prologue(text).form != "update":
            raise QueryRefused(
                "This is a query, and what was asked for is an update.", "Queries have an endpoint of their own."
            )
        if request.dataset != STORE_DATASET:
            given = (request.dataset.default_graphs, request.dataset.named_graphs)
            text = with_dataset(text, *([serialize(iri(graph)) for graph in graphs] for graphs in given))
        trial(text, request.base)
        if not default_graph and any(effect.default_graph for effect in effects):
            raise DefaultGraphKept
        changed = store.update(text, request.base)
    except QuerySyntaxError as error:
        failure = in_the_readers_text(error, request.operation, text)
    else:
        return Written(tuple(effect.verb for effect in effects), changed)
    raise failure


def merged(documents: Sequence[tuple[str, bytes]], graph: str | None) -> tuple[str, bytes]:
    """Return several RDF documents (media type and bytes) as one; their blank nodes stay apart.

    Raises
    ------
    ParseFailed
        If one isn't well-formed.
    """
    lines: list[bytes] = []
    for media_type, data in documents:
        name = graph or "the default graph"
        failure: KGError
        try:
            quads = ox.parse(
                data, rdf_format(media_type), base_iri=graph, without_named_graphs=True, rename_blank_nodes=True
            )
            lines += [f"{quad.triple} .\n".encode() for quad in quads]
        except SyntaxError as error:
            failure = parse_failed(name, error)
        except ValueError as error:
            failure = ParseFailed(name, str(error))
        else:
            continue
        raise failure
    return "application/n-triples", b"".join(lines)
