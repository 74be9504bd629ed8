"""The store of a single machine: Oxigraph in this process, on disk or in memory."""

import contextlib
import fcntl
import json
import re
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import IO, Any, Final, NoReturn, cast

import pyoxigraph as ox

from kg.errors import (
    InvalidTerm,
    KGError,
    NotAcceptable,
    ParseFailed,
    QueryFailed,
    QueryRefused,
    StoreError,
    StoreLocked,
    StoreUnusable,
)
from kg.model.vocabulary import PREFIXES
from kg.store import lexer
from kg.store.dataset import evaluate
from kg.store.diagnosis import diagnose
from kg.store.formats import DATASET_FORMATS, FORMATS, agreed, rdf_format
from kg.store.pipe import Buffer, Evaluation
from kg.store.protocol import (
    STORE_DATASET,
    Binding,
    Dataset,
    Result,
    Solution,
    Statistics,
)
from kg.store.sparql import bind
from kg.store.worker import write_turtle

DEFAULT: Final = ox.DefaultGraph()
#: Where the engine's files lie below the data folder, beside what else is kept there.
ENGINE_FOLDER: Final = "store"
_BULK_QUADS: Final = 1_000_000
#: Counting costs about 0.15 s for a million quads, which is more than most updates.
_COUNTED_QUADS: Final = 200_000


class EmbeddedStore:
    """A dataset held by this process. Any number of threads may read; writers wait for one another.

    Examples
    --------
    >>> store = EmbeddedStore.open(None)
    >>> store.update("INSERT DATA { <urn:a> <urn:b> 1 }")
    1
    >>> store.ask("ASK { ?s ?p 1 }")
    True
    """

    def __init__(self, engine: ox.Store, *, on_disk: bool, folder: Path | None = None, lock: IO[bytes] | None = None):
        self._engine_or_none: ox.Store | None = engine
        self._on_disk = on_disk
        self._folder = folder
        self._lock_file = lock
        self._writing = threading.RLock()
        self._boot = secrets.token_hex(6)
        self._writes = 0
        self._quads = 0

    @classmethod
    def open(cls, folder: Path | str | None, *, read_only: bool = False) -> "EmbeddedStore":
        """Open the store in a data folder (``KG_DATA_DIR``), or an empty one in memory.

        Parameters
        ----------
        folder
            The data folder; made where it is missing, unless read only. None: in memory.
        read_only
            Open what is there without writing to it. Writers are kept out as long as it is open.

        Raises
        ------
        StoreLocked
            If another process (or another object of this one) holds the folder.
        StoreUnusable
            If the folder is missing (read only), unreadable, not writable or damaged.
        """
        if folder is None:
            return cls(ox.Store(), on_disk=False)
        folder = Path(folder)
        place = folder / ENGINE_FOLDER
        lock: IO[bytes] | None = None
        failure: KGError
        try:
            if read_only:
                if not (place / "CURRENT").is_file():
                    raise StoreUnusable(str(folder), "there is no store in it yet; `kg load` or `kg serve` makes one")
                lock = _share_lock(folder, place)
                return cls(ox.Store.read_only(str(place)), on_disk=True, folder=folder, lock=lock)
            place.mkdir(parents=True, exist_ok=True)
            store = cls(ox.Store(str(place)), on_disk=True, folder=folder)
            _HELD.add(_identity(place))
            for draft in place.glob("bulk-*.sst"):
                # Of a bulk load that was killed: no one else can be at one, and the engine never looks at them again.
                draft.unlink(missing_ok=True)
        except (OSError, RuntimeError, ValueError) as error:
            failure = _cannot_open(folder, error)
        else:
            return store
        if lock is not None:
            lock.close()
        raise failure

    @property
    def folder(self) -> Path | None:
        """The data folder; None in memory."""
        return self._folder

    @property
    def read_only(self) -> bool:
        """Whether it can only be read."""
        return self._lock_file is not None

    @property
    def _engine(self) -> ox.Store:
        if self._engine_or_none is None:
            raise StoreError("The store is closed.")
        return self._engine_or_none

    @property
    def version(self) -> str:
        """An opaque string that changes with every write and with every start."""
        return f"{self._boot}-{self._writes}"

    @property
    def identity(self) -> str:
        """An opaque string that stays the same as long as the same database lies in the folder."""
        if self._folder is not None:
            with contextlib.suppress(OSError):
                return (self._folder / ENGINE_FOLDER / "IDENTITY").read_text(encoding="ascii").strip()
        return self._boot

    # Reading

    def select(self, operation: str, bindings: Mapping[str, Binding] | None = None) -> list[Solution]:
        """Return all solutions of a SELECT of the house; a variable that is unbound in one is missing from it."""
        results = self._evaluate(operation, bindings)
        if not isinstance(results, ox.QuerySolutions):
            raise QueryFailed("A SELECT was expected.")
        names = [variable.value for variable in results.variables]
        return self._drain(
            {name: term for name, term in zip(names, solution, strict=True) if term is not None} for solution in results
        )

    def ask(self, operation: str, bindings: Mapping[str, Binding] | None = None) -> bool:
        """Return the answer of an ASK."""
        results = self._evaluate(operation, bindings)
        if not isinstance(results, ox.QueryBoolean):
            raise QueryFailed("An ASK was expected.")
        return bool(results)

    def construct(self, operation: str, bindings: Mapping[str, Binding] | None = None) -> list[ox.Triple]:
        """Return the triples of a CONSTRUCT or DESCRIBE, each once."""
        results = self._evaluate(operation, bindings)
        if not isinstance(results, ox.QueryTriples):
            raise QueryFailed("A CONSTRUCT or DESCRIBE was expected.")
        return list(dict.fromkeys(self._drain(results)))

    def _evaluate(self, operation: str, bindings: Mapping[str, Binding] | None) -> Any:
        text = bind(operation, bindings or {})
        failure: KGError
        try:
            return self._engine.query(text)
        except (SyntaxError, RuntimeError, OSError, ValueError) as error:
            failure = translate(error, text)
        raise failure

    @staticmethod
    def _drain(items: Iterable[Any]) -> list[Any]:
        failure: KGError
        try:
            return list(items)
        except (RuntimeError, OSError, ValueError) as error:
            failure = translate(error, "")
        raise failure

    def query(
        self, operation: str, media_type: str | None, dataset: Dataset = STORE_DATASET, base: str | None = None
    ) -> Result:
        """Evaluate a reader's query in this process, and serialise it; returns once the engine has accepted the query.

        The guards of `lexer.check` stand in `services.query.run`, not here, and what may stop a query in
        `kg.store.evaluations`.

        Raises
        ------
        QuerySyntaxError
            If it doesn't parse.
        NotAcceptable
            If results of its form can't be written in the media type.
        QueryFailed
            If the engine gives up on it at once; later failures come from the chunks.
        InvalidTerm
            If a graph of the dataset has no usable name.
        """
        engine = self._engine
        prologue = lexer.prologue(operation)
        form, result_format = agreed(prologue, media_type)
        graphs = graphs_of(dataset, operation, base)
        target = result_format.engine

        def work(output: str | Buffer, accepted: Callable[[], None]) -> None:
            results = evaluate(engine, operation, base, graphs)
            accepted()
            if not isinstance(results, ox.QueryTriples):
                results.serialize(cast(Any, output), format=cast(ox.QueryResultsFormat, target))
            elif target == ox.RdfFormat.TURTLE:
                with Path(output).open("wb") if isinstance(output, str) else contextlib.nullcontext(output) as out:
                    write_turtle(results, out, {**PREFIXES, **prologue.prefixes})
            else:
                results.serialize(cast(Any, output), format=cast(ox.RdfFormat, target))

        chunks = Evaluation(
            work,
            lambda error: translate(error, operation),
            xml=target in {ox.QueryResultsFormat.XML, ox.RdfFormat.RDF_XML},
        )
        return Result(form, result_format.media_type, chunks, size_bytes=chunks.size_bytes)

    def graph_names(self) -> list[str]:
        """Return the IRIs of the named graphs, sorted."""
        return sorted(name.value for name in self._engine.named_graphs() if isinstance(name, ox.NamedNode))

    def has_graph(self, graph: str | None) -> bool:
        """Say whether there is such a graph, empty or not; the default graph always is."""
        name = _graph(graph)
        return isinstance(name, ox.DefaultGraph) or self._engine.contains_named_graph(name)

    def quads(self, graph: str | None = None) -> Iterator[ox.Quad]:
        """Yield the quads of one graph (None: the default graph), as they stand now."""
        return iter(self._engine.quads_for_pattern(None, None, None, _graph(graph)))

    def dump(self, out: IO[bytes], media_type: str, graph: str | None = None) -> None:
        """Write the default graph (`graph` None and a triple format), a named graph, or all quads (a quad format).

        Raises
        ------
        NotAcceptable
            For a media type that isn't RDF.
        """
        target = rdf_format(media_type, quads=graph is None)
        if target is None:
            raise NotAcceptable(media_type, [*_RDF_MEDIA_TYPES, *DATASET_FORMATS])
        source = None if target.supports_datasets and graph is None else _graph(graph)
        with _translated_writing(self._folder):
            self._engine.dump(out, target, from_graph=source, prefixes=dict(PREFIXES))

    def statistics(self) -> Statistics:
        """Count what is loaded."""
        engine = self._engine
        default = sum(1 for _ in engine.quads_for_pattern(None, None, None, DEFAULT))
        return Statistics(
            triples_default=default,
            triples_named=len(engine) - default,
            graphs_named=sum(1 for _ in engine.named_graphs()),
        )

    # Writing

    def update(self, operation: str, base: str | None = None) -> int | None:
        """Apply a SPARQL update, whole or not at all; return how many quads there are more, None if not counted."""
        failure: KGError
        with self._writing:
            before = self._counted()
            try:
                self._engine.update(operation, base_iri=base)
            except (SyntaxError, RuntimeError, OSError, ValueError) as error:
                failure = translate(error, operation, kind="update")
            else:
                self._written()
                after = self._counted()
                return None if before is None or after is None else after - before
        raise failure

    def _counted(self) -> int | None:
        """Return the number of quads while counting is cheap: it reads them all."""
        if self._quads <= _COUNTED_QUADS:
            self._quads = len(self._engine)
        return self._quads if self._quads <= _COUNTED_QUADS else None

    def replace_default(self, quads_removed: Iterable[ox.Quad], quads_added: Iterable[ox.Quad]) -> None:
        """Apply the loader's difference to the default graph, whole or not at all.

        More than a million quads, with none removed, are loaded in bulk: a transaction would have to be held in memory.
        The engine then writes files of their own and takes them in at the end, all at once: loads of 1.1 and 3.5
        million quads, killed at 8 moments with 3 to 210 MB of such files written, left no quad.

        Raises
        ------
        InvalidTerm
            For a blank node (it has no name by which a later difference could find it) or a quad of another graph.
        """
        removed, added = list(quads_removed), list(quads_added)
        for quad in chain(removed, added):
            if quad.graph_name != DEFAULT or has_blank_node(quad):
                raise InvalidTerm(str(quad), "the base lies in the default graph and has no blank nodes")
        with self._writing, _translated_writing(self._folder):
            if not removed:
                if len(added) > _BULK_QUADS:
                    self._engine.bulk_extend(added)
                else:
                    self._engine.extend(added)
            else:
                # There is no transaction object; one update request is one transaction.
                parts = [
                    f"{word} DATA {{\n{_lines(quads)}}}" for word, quads in (("DELETE", removed), ("INSERT", added))
                ]
                self._engine.update(";\n".join(parts))
            self._written()

    def load_graph(self, graph: str | None, data: bytes, media_type: str, *, replace: bool) -> None:
        """Add RDF to a named graph (None: the default graph), or replace what it holds.

        Raises
        ------
        NotAcceptable
            For a media type that isn't a format of RDF triples.
        ParseFailed
            If the data aren't well-formed; nothing has changed then.
        """
        target = rdf_format(media_type)
        if target is None:
            raise NotAcceptable(media_type, _RDF_MEDIA_TYPES)
        name = _graph(graph)
        failure: KGError
        try:
            quads = [
                ox.Quad(q.subject, q.predicate, q.object, name)
                for q in ox.parse(data, target, base_iri=graph, without_named_graphs=True, rename_blank_nodes=True)
            ]
        except SyntaxError as error:
            failure = parse_failed(graph or "the default graph", error)
        except ValueError as error:
            failure = ParseFailed(graph or "the default graph", str(error))
        else:
            with self._writing, _translated_writing(self._folder):
                if replace and next(iter(self._engine.quads_for_pattern(None, None, None, name)), None) is not None:
                    where = "DEFAULT" if graph is None else f"GRAPH {name}"
                    inside = _lines(quads)
                    if graph is not None:
                        inside = f"GRAPH {name} {{\n{inside}}}\n"
                    self._engine.update(f"CLEAR SILENT {where};\nINSERT DATA {{\n{inside}}}")
                else:
                    self._engine.extend(quads)
                if isinstance(name, ox.NamedNode):
                    self._engine.add_graph(name)
                self._written()
            return
        raise failure

    def drop_graph(self, graph: str | None) -> bool:
        """Remove a graph (None: empty the default graph); return whether there was anything."""
        name = _graph(graph)
        with self._writing, _translated_writing(self._folder):
            if isinstance(name, ox.NamedNode):
                if not self._engine.contains_named_graph(name):
                    return False
                self._engine.remove_graph(name)
            else:
                if next(iter(self._engine.quads_for_pattern(None, None, None, name)), None) is None:
                    return False
                self._engine.clear_graph(name)
            self._written()
            return True

    def backup(self, folder: Path) -> None:
        """Write a consistent copy into a new folder, from which `open` takes it up again.

        Raises
        ------
        StoreError
            If the store lies in memory.
        StoreUnusable
            If the folder exists or can't be made.
        """
        if not self._on_disk:
            raise StoreError("A store in memory has no backup; use dump, or set KG_DATA_DIR.")
        with self._writing, _translated_writing(folder):
            folder.mkdir(parents=True)
            self._engine.backup(str(folder / ENGINE_FOLDER))

    def checkpoint(self, folder: Path) -> None:
        """Write a consistent copy of the engine's files into a new folder, by links; writers don't wait for it.

        Raises
        ------
        StoreUnusable
            If the folder exists or can't be made.
        """
        with _translated_writing(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            self._engine.backup(str(folder))

    def flush(self) -> None:
        """Put what was written on the disk, so that it outlives a loss of power."""
        if self._on_disk:
            with _translated_writing(self._folder):
                self._engine.flush()

    def close(self) -> None:
        """Release the store; it can't be used afterwards. The folder is free once no evaluation runs any more."""
        with self._writing:
            if self._folder is not None and self._lock_file is None:
                _HELD.discard(_identity(self._folder / ENGINE_FOLDER))
            self._engine_or_none = None
            if self._lock_file is not None:
                self._lock_file.close()

    def __enter__(self) -> "EmbeddedStore":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _written(self) -> None:
        self._writes += 1
        if self._on_disk:
            self._engine.flush()


def rehearse(operation: str, base: str | None = None) -> None:
    """Apply an update to an empty dataset, to learn whether it parses.

    Raises
    ------
    QuerySyntaxError
        If it doesn't. Other errors, as of a graph that isn't there, say nothing of the update.
    """
    failure: KGError
    try:
        ox.Store().update(operation, base_iri=base)
    except SyntaxError as error:
        failure = translate(error, operation, kind="update")
    except (RuntimeError, OSError, ValueError):
        return
    else:
        return
    raise failure


_RDF_MEDIA_TYPES: Final = [f.media_type for f in FORMATS if isinstance(f.engine, ox.RdfFormat)]
#: Folders that this process writes: a second look at their lock would release it (so POSIX wants it).
_HELD: Final[set[tuple[int, int]]] = set()


def has_blank_node(quad: ox.Quad | ox.Triple) -> bool:
    """Say whether a blank node stands anywhere in it."""
    return isinstance(quad.subject, ox.BlankNode) or (
        isinstance(quad.object, ox.BlankNode) or (isinstance(quad.object, ox.Triple) and has_blank_node(quad.object))
    )


def parse_failed(path: str, error: SyntaxError) -> ParseFailed:
    """Translate the engine's error of RDF that isn't well-formed."""
    message = re.sub(
        r"^Parser error at line \d+ (?:between )?columns? \d+(?: and (?:line \d+ column )?\d+)?: ", "", error.msg
    )
    return ParseFailed(path, message, error.lineno, error.offset)


def _graph(name: str | None) -> ox.NamedNode | ox.DefaultGraph:
    return DEFAULT if name is None else _named_node(name)


def _named_node(iri: str) -> ox.NamedNode:
    try:
        return ox.NamedNode(iri)
    except ValueError as error:
        raise InvalidTerm(iri, str(error)) from None


def graphs_of(
    dataset: Dataset, operation: str, base: str | None
) -> tuple[list[ox.NamedNode], list[ox.NamedNode]] | None:
    """Return the graphs of the query's dataset: the request's, else those of its FROM clauses, None without any.

    As the protocol has it, a dataset that is described holds what is named and nothing else.
    """
    if dataset == STORE_DATASET:
        dataset = Dataset(*lexer.from_clauses(operation, base))
        if dataset == STORE_DATASET:
            return None
    return [_named_node(iri) for iri in dataset.default_graphs], [_named_node(iri) for iri in dataset.named_graphs]


def _lines(quads: Iterable[ox.Quad]) -> str:
    return "".join(f"{quad.triple} .\n" for quad in quads)


def translate(error: BaseException, operation: str, kind: str = "query") -> KGError:
    """Make one of the house's errors of an engine's error while a query or an update runs."""
    if isinstance(error, SyntaxError):
        return diagnose(str(error), operation)
    if "read-write instances" in str(error):
        return StoreError("The store is open to be read, and can't be written to.")
    if unknown := re.search(r"custom function (<[^>]*>) is not supported", str(error)):
        return QueryRefused(
            f"There is no function {unknown[1][:200]}.", "Functions with an IRI are the casts of XML Schema alone."
        )
    if isinstance(error, BrokenPipeError) or "Broken pipe" in str(error):
        return QueryFailed("The reader went away.")
    if isinstance(error, OSError) and kind == "update":
        return StoreError(f"The engine couldn't write: {error}")
    return QueryFailed(f"The engine gave up on the {kind}: {error}")


@contextlib.contextmanager
def _translated_writing(folder: Path | None) -> Iterator[None]:
    try:
        yield
    except SyntaxError as error:
        raise QueryFailed(f"The engine refused what the house wrote: {error}") from None
    except (OSError, RuntimeError) as error:
        if folder is None:
            raise StoreError(f"The engine couldn't write: {error}") from None
        raise StoreUnusable(str(folder), str(error)) from None


def _cannot_open(folder: Path, error: Exception) -> KGError:
    message = str(error)
    if "lock hold" in message or "LOCK: " in message:
        return StoreLocked(str(folder), _holder(folder))
    if isinstance(error, PermissionError) or "Permission denied" in message or "Read-only file system" in message:
        return StoreUnusable(str(folder), "this user may not write there")
    if isinstance(error, NotADirectoryError | FileExistsError):
        return StoreUnusable(str(folder), "it is a file, or lies below one")
    return StoreUnusable(str(folder), f"the engine says {message}")


def _holder(folder: Path) -> str:
    """Name the service that holds a folder, as far as it left its address there."""
    try:
        note = json.loads((folder / "serve.json").read_text(encoding="utf-8"))
        return f"the service at {note['address']} (process {note['pid']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _identity(place: Path) -> tuple[int, int]:
    status = place.stat()
    return status.st_dev, status.st_ino


def _share_lock(folder: Path, place: Path) -> IO[bytes] | None:
    """Keep writers out while we read: the engine's own read-only mode looks at no lock."""
    if not (place / "LOCK").exists():
        # A backup, which no writer has opened yet.
        return None

    def held() -> NoReturn:
        raise StoreLocked(str(folder), _holder(folder))

    if _identity(place) in _HELD:
        held()
    lock = (place / "LOCK").open("rb")
    try:
        fcntl.lockf(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        held()
    return lock
