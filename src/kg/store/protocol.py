"""The one door to the data: what every store offers, and the values that go through it.

Terms are pyoxigraph's (`NamedNode`, `BlankNode`, `Literal`, `Triple`, `Quad`), whichever store stands behind.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol, TypeAlias
from typing import Literal as Choice

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from kg.store.meter import NO_LIMIT

Term: TypeAlias = NamedNode | BlankNode | Literal | Triple
Binding: TypeAlias = Term | Sequence[Term]
Solution: TypeAlias = Mapping[str, Term]
Form: TypeAlias = Choice["select", "ask", "construct", "describe"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """The RDF dataset of a query as the protocol's parameters give it; empty tuples: the store's own dataset."""

    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()


STORE_DATASET = Dataset()


@dataclass(frozen=True, slots=True)
class Conditions:
    """What an evaluation may take, and the name under which it can be stopped; empty: one is made.

    Attributes
    ----------
    timeout_s
        Seconds that it may run.
    max_rows, max_bytes
        Solutions (or triples) and bytes that its result may have.
    name
        The query's id.
    """

    timeout_s: float = math.inf
    max_rows: int = NO_LIMIT
    max_bytes: int = NO_LIMIT
    name: str = ""

    def within(self, most: "Conditions") -> "Conditions":
        """Return these conditions, none of them beyond another's."""
        return Conditions(
            min(self.timeout_s, most.timeout_s),
            min(self.max_rows, most.max_rows),
            min(self.max_bytes, most.max_bytes),
            self.name,
        )


UNCONDITIONAL = Conditions()


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts of what is loaded."""

    triples_default: int
    triples_named: int
    graphs_named: int


@dataclass(frozen=True, slots=True)
class Result:
    """A serialised result: its form, media type, and bytes as they come.

    `chunks` must be read to its end or closed; closing it ends the evaluation as far as the store can. Reading it
    raises a `KGError` if the evaluation fails on the way: what was read until then is not the whole result. It raises
    `ResultIncomplete` at a limit, with what would close the document. An empty chunk says that the evaluation goes on
    and there is nothing yet.

    `id` names the evaluation where it can be stopped by its name. `size_bytes` is the length of the whole result where
    it was complete before the first chunk was asked for.
    """

    form: Form
    media_type: str
    chunks: Iterator[bytes]
    headers: Mapping[str, str] = field(default_factory=dict)
    size_bytes: int | None = None
    id: str = ""


class Queryable(Protocol):
    """What evaluates readers' queries."""

    def query(
        self, operation: str, media_type: str | None, dataset: Dataset = STORE_DATASET, base: str | None = None
    ) -> Result:
        """Evaluate a reader's query and serialise it; returns once something is known of how it goes.

        `base` is what relative IRIs of the query are relative to, unless it says so itself.
        """


class Reader(Queryable, Protocol):
    """A dataset that can be queried. Errors are those of `kg.errors`, never an engine's own."""

    @property
    def version(self) -> str:
        """An opaque string that changes with every write."""

    def select(self, operation: str, bindings: Mapping[str, Binding] | None = None) -> list[Solution]:
        """Return all solutions of a SELECT of the house; `bindings` are put in for its ``$name`` variables."""

    def ask(self, operation: str, bindings: Mapping[str, Binding] | None = None) -> bool:
        """Return the answer of an ASK."""

    def construct(self, operation: str, bindings: Mapping[str, Binding] | None = None) -> list[Triple]:
        """Return the triples of a CONSTRUCT or DESCRIBE, each once."""

    def graph_names(self) -> list[str]:
        """Return the IRIs of the named graphs, sorted."""

    def has_graph(self, graph: str | None) -> bool:
        """Say whether there is such a graph; the default graph always is."""

    def dump(self, out: IO[bytes], media_type: str, graph: str | None = None) -> None:
        """Write the default graph (`graph` None and a triple format), a named graph, or all quads (a quad format)."""

    def statistics(self) -> Statistics:
        """Count what is loaded."""

    def close(self) -> None:
        """Release the store; it can't be used afterwards."""


def versioned(reader: Reader) -> bool:
    """Say whether the version of a store changes with every write, whoever writes: a remote store's doesn't."""
    return getattr(reader, "versioned", True)


class Store(Reader, Protocol):
    """A dataset that can be queried and written."""

    @property
    def identity(self) -> str:
        """An opaque string that names the database: another one in its place has another."""

    def update(self, operation: str, base: str | None = None) -> int | None:
        """Apply a SPARQL update, whole or not at all; return how many quads there are more, None if not counted."""

    def replace_default(self, quads_removed: Iterable[Quad], quads_added: Iterable[Quad]) -> None:
        """Apply the loader's difference to the default graph, whole or not at all."""

    def load_graph(self, graph: str | None, data: bytes, media_type: str, *, replace: bool) -> None:
        """Add RDF to a named graph (None: the default graph), or replace what it holds."""

    def drop_graph(self, graph: str | None) -> bool:
        """Remove a graph; return whether it existed."""

    def flush(self) -> None:
        """Return when what was written outlives a loss of power."""

    def backup(self, folder: Path) -> None:
        """Write a consistent copy into a new folder."""
