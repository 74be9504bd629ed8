"""The store of another machine: any SPARQL 1.1 service, through the Protocol and the Graph Store Protocol.

Notes
-----
*Default graph.* Many services have none of their own, or make it the union of all graphs; ``KG_STORE_GRAPH`` names the
graph that stands for it. It is the default graph of every query that doesn't name a dataset; GRAPH sees the others.
Nobody but the loader may write it by its name either, where it holds the base.

*Caps.* Some services cut a result at a number of rows, and say so in a header at most. A SELECT of the house that was
cut is asked for again in pages, under an order that is total; a reader's is passed on and said to be incomplete.

*What a remote can't do.* It has no version that changes with every write: what is derived from it is at most
`FRESH_S` old where others write. A query can't be stopped there but by closing its connection. A large difference is
written in parts, each of them whole or not at all, which the loader's manifest allows for: it begins anew after a
failure.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, cast
from urllib.parse import quote, urljoin

import pyoxigraph as ox

from kg.errors import (
    DefaultGraphKept,
    InvalidTerm,
    KGError,
    NotAcceptable,
    ParseFailed,
    QueryFailed,
    QueryRefused,
    QuerySyntaxError,
    StoreError,
)
from kg.store import foreign, lexer
from kg.store.effects import operations, with_dataset
from kg.store.embedded import has_blank_node, parse_failed, translate
from kg.store.foreign import Answer
from kg.store.formats import DATASET_FORMATS, FORMATS, agreed, rdf_format
from kg.store.protocol import STORE_DATASET, Binding, Dataset, Result, Solution, Statistics
from kg.store.sparql import bind, iri, serialize
from kg.store.wire import Credentials, Exchange, Request, Wire

#: For how long what was derived from a remote may be used again.
FRESH_S: Final = 30.0
#: Rows of a page.
PAGE_ROWS: Final = 5_000
#: Triples of one update; Virtuoso's compiler gives up at about 5,000.
PART_TRIPLES: Final = 1_000
#: Triples of one request to the Graph Store Protocol.
BODY_TRIPLES: Final = 100_000
#: How long a reader waits for a sign of the service before his answer begins without one.
PATIENCE_S: Final = 2.0
#: What an answer to the house may have.
MOST_BYTES: Final = 512 * 1024 * 1024
#: What Virtuoso 7 has as delivered, where it tells no other number.
_VIRTUOSO_ROWS: Final = 10_000
#: A graph that nobody has: named where a dataset has none, as services take a part that isn't named for everything.
_NOWHERE: Final = "urn:zone-kg:nowhere"
#: Virtuoso's own graphs, beside the data's.
_VIRTUOSO_GRAPHS: Final = frozenset(
    {
        "http://www.openlinksw.com/schemas/virtrdf#",
        "http://www.w3.org/ns/ldp#",
        "http://www.w3.org/2002/07/owl#",
        "http://localuriqaserver/sparql",
        "http://localhost:8890/DAV/",
        "http://localhost:8890/sparql",
        "urn:activitystreams-owl:map",
        "urn:core:services:sparql",
    }
)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a service answers: queries, updates, and graphs (None: graphs are written by updates)."""

    query: str
    update: str
    graphs: str | None = None


class RemoteStore:
    """A dataset behind a SPARQL 1.1 service.

    Parameters
    ----------
    endpoints
        Where it answers.
    default_graph
        The graph that stands for the default graph; None where the service has a default graph of its own.
    credentials
        How it knows its clients.
    kept
        The default graph holds the base: nobody but the loader writes it, whatever it is called.
    max_rows
        At how many rows or triples the service cuts a result without saying so; None: it says so, or never does.
    timeout_s
        How long an answer may take.
    """

    #: It has no version that changes with every write.
    versioned: Final = False

    def __init__(
        self,
        endpoints: Endpoints,
        *,
        default_graph: str | None = None,
        credentials: Credentials | None = None,
        kept: bool = False,
        max_rows: int | None = None,
        timeout_s: float = 60.0,
        wire: Wire | None = None,
    ) -> None:
        self._at = endpoints
        self._default = None if default_graph is None else iri(default_graph).value
        self._kept = kept
        self._max_rows = max_rows
        self._wire = wire or Wire(credentials, timeout_s=timeout_s)
        self._writes = 0
        self._known: bool | None = None
        self._names: tuple[float, list[str]] | None = None
        self._lock = threading.Lock()

    @property
    def version(self) -> str:
        """A string that changes with this process's writes, and twice a minute for those of others."""
        return f"remote-{int(time.time() / FRESH_S)}-{self._writes}"

    @property
    def identity(self) -> str:
        """The address and the graph: a remote says no more of itself."""
        return f"{self._at.query} {self._default or ''}".strip()

    @property
    def is_virtuoso(self) -> bool:
        """Whether the service says that it is a Virtuoso, which reads some things in a way of its own."""
        if self._known is None:
            request = Request("POST", self._at.query, foreign.JSON, form=[("query", "ASK {}")])
            exchange = self._wire.send(request, reads=True)
            exchange.read(MOST_BYTES)
            self._known = exchange.headers.get("server", "").startswith("Virtuoso")
        return self._known

    # Reading

    def select(self, operation: str, bindings: Mapping[str, Binding] | None = None) -> list[Solution]:
        """Return all solutions of a SELECT of the house.

        Raises
        ------
        ResultIncomplete
            If the service cuts the result, and it can't be asked for in pages.
        """
        text = _formed(bind(operation, bindings or {}), "select")
        names, rows, cap = self._rows(text)
        if cap is None or len(rows) < cap:
            return rows
        return self._paged(text, names, cap)

    def _rows(self, text: str) -> tuple[list[str], list[Solution], int | None]:
        exchange = self._asked(text, foreign.JSON, STORE_DATASET)
        body = exchange.read(MOST_BYTES)
        if foreign.is_part(exchange.headers):
            raise QueryFailed("The remote store gave up on the way and sent a part of the result.")
        names, rows = foreign.solutions(body, mend=self.is_virtuoso)
        return names, cast(list[Solution], rows), foreign.cap_of(exchange.headers) or self._max_rows

    def _paged(self, text: str, names: Sequence[str], cap: int) -> list[Solution]:
        """Ask for a result in pages, under an order that is total: its own, and then all of its variables."""
        declared, body, ordered = _taken_apart(text)
        if not names or body is None:
            raise foreign.cut(cap, closing=None)
        variables = " ".join(f"?{name}" for name in names)
        body = f"{body} {variables}" if ordered else f"{body} ORDER BY {variables}"
        size = min(PAGE_ROWS, cap - 1)
        rows: list[Solution] = []
        while True:
            window = f"LIMIT {size} OFFSET {len(rows)}"
            # Virtuoso sorts no more rows than its cap, those before the page included; within, it sorts any number.
            page = f"SELECT {variables} WHERE {{ {{ {body} }} }} {window}" if self.is_virtuoso else f"{body} {window}"
            found = self._rows(f"{declared}{page}")[1]
            rows += found
            if len(found) < size:
                return rows

    def ask(self, operation: str, bindings: Mapping[str, Binding] | None = None) -> bool:
        """Return the answer of an ASK."""
        text = _formed(bind(operation, bindings or {}), "ask")
        return foreign.boolean(self._asked(text, foreign.JSON, STORE_DATASET).read(MOST_BYTES))

    def construct(self, operation: str, bindings: Mapping[str, Binding] | None = None) -> list[ox.Triple]:
        """Return the triples of a CONSTRUCT or DESCRIBE, each once.

        Raises
        ------
        ResultIncomplete
            If there are as many as the service sends at most.
        """
        text = _formed(bind(operation, bindings or {}), "construct", "describe")
        body = self._asked(text, foreign.NTRIPLES, STORE_DATASET).read(MOST_BYTES)
        found = list(dict.fromkeys(foreign.triples(body)))
        if (cap := self._triples_cap()) is not None and len(found) >= cap:
            raise foreign.cut(cap, closing=None)
        return found

    def _triples_cap(self) -> int | None:
        """Return at how many triples the service cuts what it constructs: there no header tells."""
        return self._max_rows or (_VIRTUOSO_ROWS if self.is_virtuoso else None)

    def query(
        self, operation: str, media_type: str | None, dataset: Dataset = STORE_DATASET, base: str | None = None
    ) -> Result:
        """Evaluate a reader's query; returns once its result begins, or after two seconds.

        Raises
        ------
        QuerySyntaxError, QueryRefused, QueryFailed, StoreError
            If the service refuses it, or doesn't answer.
        NotAcceptable
            If results of its form can't be written in the media type.
        """
        result, answer = self.begin(operation, media_type, dataset, base, None)
        try:
            answer.await_first(PATIENCE_S)
        except BaseException:
            answer.close()
            raise
        return result

    def begin(
        self, operation: str, media_type: str | None, dataset: Dataset, base: str | None, timeout_s: float | None
    ) -> tuple[Result, Answer]:
        """Send a reader's query, and return its result before anything of it has come; closing it cuts it off."""
        prologue = lexer.prologue(operation)
        form, wanted = agreed(prologue, media_type)
        fields = self._fields(_based(operation, base), operation, dataset, base)
        accept = foreign.NTRIPLES if isinstance(wanted.engine, ox.RdfFormat) else foreign.JSON
        request = Request("POST", self._at.query, accept, form=fields)

        def send(started: Callable[[Callable[[], None]], None]) -> Exchange:
            return self._wire.send(request, reads=True, timeout_s=timeout_s, started=started)

        answer = Answer(
            send,
            wanted,
            mend=self.is_virtuoso,
            cap=self._triples_cap(),
            bounded=lexer_limit(operation),
            prefixes=prologue.prefixes,
            explain=lambda error: _explained(error, operation, base),
        )
        return Result(form, wanted.media_type, answer), answer

    def graph_names(self) -> list[str]:
        """Return the IRIs of the named graphs, sorted."""
        found: set[str] = set()
        if not self.is_virtuoso:
            # Where the standard is kept, graphs without a triple are named as well.
            found = self._named("SELECT DISTINCT ?graph { GRAPH ?graph {} }")
        if not found:
            found = self._named("SELECT DISTINCT ?graph { GRAPH ?graph { ?s ?p ?o } }")
        if self.is_virtuoso:
            found -= _VIRTUOSO_GRAPHS
        return sorted(found - {self._default or ""})

    def _named(self, text: str) -> set[str]:
        # No dataset is named: all graphs are meant.
        request = Request("POST", self._at.query, foreign.JSON, form=[("query", text)])
        body = self._wire.send(request, reads=True).read(MOST_BYTES)
        _, rows = foreign.solutions(body, mend=self.is_virtuoso)
        return {term.value for row in rows if isinstance(term := row.get("graph"), ox.NamedNode)}

    def has_graph(self, graph: str | None) -> bool:
        """Say whether there is such a graph; the default graph always is. Some services keep no empty graph."""
        if graph is None:
            return True
        if graph == self._default:
            return False
        return self._holds(graph) or (not self.is_virtuoso and graph in self.graph_names())

    def _holds(self, graph: str | None) -> bool:
        return self.ask(f"ASK {{ {self._pattern(graph)} }}")

    def _pattern(self, graph: str | None) -> str:
        return "?s ?p ?o" if graph is None else f"GRAPH {serialize(iri(graph))} {{ ?s ?p ?o }}"

    def quads(self, graph: str | None = None) -> Iterator[ox.Quad]:
        """Yield the quads of one graph (None: the default graph)."""
        name = ox.DefaultGraph() if graph is None else iri(graph)
        where = self._pattern(graph)
        if self._triples_cap() is None:
            parts = [f"SELECT ?s ?p ?o {{ {where} }}"]
        else:
            # Pages of the whole would be sorted as a whole, each of them; what has one property is a part by itself.
            parts = [
                f"SELECT ?s ?p ?o {{ VALUES ?p {{ {properties} }} {where} }}" for properties in self._properties(where)
            ]
        for part in parts:
            for row in self.select(part):
                yield ox.Quad(cast(Any, row["s"]), cast(ox.NamedNode, row["p"]), row["o"], name)

    def _properties(self, where: str) -> Iterator[str]:
        """Yield lists of properties whose triples together are a page at most, where one alone isn't more."""
        listed: list[str] = []
        size = 0
        for row in self.select(f"SELECT ?p (COUNT(*) AS ?n) {{ {where} }} GROUP BY ?p ORDER BY ?p"):
            number = int(cast(ox.Literal, row["n"]).value)
            if listed and size + number > PAGE_ROWS:
                yield " ".join(listed)
                listed, size = [], 0
            listed.append(serialize(row["p"]))
            size += number
        if listed:
            yield " ".join(listed)

    def dump(self, out: IO[bytes], media_type: str, graph: str | None = None) -> None:
        """Write the default graph (`graph` None and a triple format), a named graph, or all quads (a quad format)."""
        target = rdf_format(media_type, quads=graph is None)
        if target is None:
            raise NotAcceptable(media_type, [*_RDF_MEDIA_TYPES, *DATASET_FORMATS])
        if target.supports_datasets and graph is None:
            quads = (quad for name in (None, *self.graph_names()) for quad in self.quads(name))
            ox.serialize(quads, out, target)
        else:
            ox.serialize((quad.triple for quad in self.quads(graph)), out, target)

    def statistics(self) -> Statistics:
        """Count what is loaded."""
        names = self.graph_names()
        return Statistics(self._count(None), sum(self._count(name) for name in names), len(names))

    def _count(self, graph: str | None) -> int:
        row = self.select(f"SELECT (COUNT(*) AS ?n) {{ {self._pattern(graph)} }}")[0]
        return int(cast(ox.Literal, row["n"]).value)

    # Writing

    def update(self, operation: str, base: str | None = None) -> int | None:
        """Apply a SPARQL update, as whole as the service does it.

        Raises
        ------
        DefaultGraphKept
            If it might change the graph of the base by its name.
        QueryRefused
            If it would write the default graph, and the service has one of its own beside the one of KG_STORE_GRAPH.
        """
        if self._kept and self._reaches_default(operation, base):
            raise DefaultGraphKept
        text = operation
        fields: list[tuple[str, str]] = []
        if self._default is not None:
            if self.is_virtuoso:
                fields.append(("default-graph-uri", self._default))
            else:
                if any(effect.default_graph for effect in operations(operation)):
                    raise QueryRefused(
                        "The update writes the default graph, which is a graph with a name here.",
                        f"Write GRAPH <{self._default}> {{ … }}, or WITH <{self._default}>.",
                    )
                if not any(effect.names_dataset for effect in operations(operation)):
                    text = with_dataset(operation, [serialize(iri(self._default))], [])
        try:
            self._update(_based(text, base), fields)
        except QuerySyntaxError as error:
            failure = _explained(error, operation, base, update=True)
        else:
            return None
        raise failure

    def _reaches_default(self, operation: str, base: str | None) -> bool:
        """Say whether an update names the default graph, or leaves open which graph it writes."""
        if self._default is None:
            return False
        if self._default in _names(operation, base).values():
            return True
        before = ""
        for token in lexer.tokens(operation):
            word = token.text.upper()
            if before.endswith(_GRAPH) and token.kind == "variable":
                return True
            if token.kind == "word" and before in {"CLEAR", "DROP", "SILENT"} and word in {"ALL", "NAMED"}:
                return True
            before = word
        # Prefixes that are declared again later, and words that are run together, aren't followed above.
        words = [token.text.upper() for token in lexer.tokens(operation) if token.kind == "word"]
        declared = lexer.prologue(operation)
        again = words.count("PREFIX") > len(declared.prefixes) or words.count("BASE") > (declared.base is not None)
        return again or any(word not in _WHOLE and word.startswith(("CLEAR", "DROP", "GRAPH")) for word in words)

    def _update(self, text: str, fields: Sequence[tuple[str, str]] = ()) -> None:
        # Virtuoso reads updates from the field of queries, and does nothing about an `update`.
        name = "query" if self.is_virtuoso else "update"
        request = Request("POST", self._at.update, form=[(name, text), *fields])
        self._wire.send(request, reads=False).read(MOST_BYTES)
        self._written()

    def _written(self) -> None:
        with self._lock:
            self._writes += 1
            self._names = None

    def replace_default(self, quads_removed: Iterable[ox.Quad], quads_added: Iterable[ox.Quad]) -> None:
        """Apply the loader's difference to the default graph, in parts.

        Raises
        ------
        InvalidTerm
            For a blank node, or a quad of another graph; nothing is written then.
        """
        removed, added = list(quads_removed), list(quads_added)
        for quad in (*removed, *added):
            if quad.graph_name != ox.DefaultGraph() or has_blank_node(quad):
                raise InvalidTerm(str(quad), "the base lies in the default graph and has no blank nodes")
        self._write("DELETE", self._default, (quad.triple for quad in removed))
        if len(added) > PART_TRIPLES and self._at.graphs is not None:
            remaining = iter(added)
            while part := list(islice(remaining, BODY_TRIPLES)):
                self._graph_request("POST", self._default, _lines(quad.triple for quad in part))
        else:
            self._write("INSERT", self._default, (quad.triple for quad in added))

    def _write(self, verb: str, graph: str | None, triples: Iterable[ox.Triple]) -> None:
        remaining = iter(triples)
        while part := list(islice(remaining, PART_TRIPLES)):
            self._update(f"{verb} DATA {{\n{_within(graph, _lines(part).decode())}}}")

    def load_graph(self, graph: str | None, data: bytes, media_type: str, *, replace: bool) -> None:
        """Add RDF to a graph, or replace what it holds; it is parsed here first, so that nothing broken is sent.

        Raises
        ------
        NotAcceptable
            For a media type that isn't a format of RDF triples.
        ParseFailed
            If the data aren't well-formed; nothing has changed then.
        DefaultGraphKept
            For the graph of the base by its name.
        """
        self._refuse_default(graph)
        target = rdf_format(media_type)
        if target is None:
            raise NotAcceptable(media_type, _RDF_MEDIA_TYPES)
        failure: KGError
        try:
            triples = [
                quad.triple
                for quad in ox.parse(data, target, base_iri=graph, without_named_graphs=True, rename_blank_nodes=True)
            ]
        except SyntaxError as error:
            failure = parse_failed(graph or "the default graph", error)
        except ValueError as error:
            failure = ParseFailed(graph or "the default graph", str(error))
        else:
            self._send_graph(graph or self._default, triples, replace=replace)
            return
        raise failure

    def _send_graph(self, graph: str | None, triples: Sequence[ox.Triple], *, replace: bool) -> None:
        if self._at.graphs is not None:
            self._graph_request("PUT" if replace else "POST", graph, _lines(triples))
            return
        clear = f"CLEAR SILENT {_named(graph)} ;\n" if replace else ""
        if len(triples) <= PART_TRIPLES or any(has_blank_node(triple) for triple in triples):
            # In one request: a blank node's name means nothing in the next.
            self._update(f"{clear}INSERT DATA {{\n{_within(graph, _lines(triples).decode())}}}")
            return
        if replace:
            self._update(clear.rstrip(" ;\n"))
        self._write("INSERT", graph, triples)

    def drop_graph(self, graph: str | None) -> bool:
        """Remove a graph (None: empty the default graph); return whether there was anything."""
        self._refuse_default(graph)
        there = self._holds(None) if graph is None else self.has_graph(graph)
        if not there:
            return False
        stands = graph or self._default
        if self._at.graphs is not None:
            self._graph_request("DELETE", stands, None)
        else:
            self._update(f"{'CLEAR' if stands is None else 'DROP'} SILENT {_named(stands)}")
        return True

    def _refuse_default(self, graph: str | None) -> None:
        if self._kept and graph is not None and graph == self._default:
            raise DefaultGraphKept

    def _graph_request(self, method: str, graph: str | None, body: bytes | None) -> None:
        named = "default" if graph is None else f"graph={quote(iri(graph).value, safe='')}"
        address = f"{self._at.graphs}{'&' if '?' in (self._at.graphs or '') else '?'}{named}"
        # Virtuoso takes N-Triples for Turtle, and refuses their own name.
        media_type = "" if body is None else "text/turtle"
        self._wire.send(Request(method, address, body=body, media_type=media_type), reads=False).read(MOST_BYTES)
        self._written()

    def flush(self) -> None:
        """Do nothing: the service keeps what it has acknowledged as it does."""

    def backup(self, folder: Path) -> None:
        """Refuse: the remote has means of its own.

        Raises
        ------
        StoreError
            Always.
        """
        raise StoreError(f"{self._at.query} makes its own backups; {folder} wasn't written. `kg dump` writes a copy.")

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def __enter__(self) -> "RemoteStore":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Requests

    def _asked(self, text: str, accept: str, dataset: Dataset) -> Exchange:
        request = Request("POST", self._at.query, accept, form=self._fields(text, text, dataset, None))
        failure: KGError
        try:
            return self._wire.send(request, reads=True)
        except QuerySyntaxError as error:
            failure = _explained(error, text, None)
        raise failure

    def _fields(self, text: str, operation: str, dataset: Dataset, base: str | None) -> list[tuple[str, str]]:
        """Return the form of a query: every service reads forms; for the end of other bodies Virtuoso waits."""
        if dataset == STORE_DATASET:
            dataset = Dataset(*lexer.from_clauses(operation, base))
        if dataset == STORE_DATASET:
            if self._default is None:
                return [("query", text)]
            named: list[str] = []
            if _GRAPH in operation.upper():
                named = self._other_graphs()
                if self.is_virtuoso:
                    # Of a graph that isn't in the dataset Virtuoso counts one solution, with nothing in it.
                    named = list(dict.fromkeys([*named, *_graphs_of(operation, base)]))
            dataset = Dataset((self._default,), tuple(named))
        defaults, others = (
            tuple(iri(graph).value for graph in part) for part in (dataset.default_graphs, dataset.named_graphs)
        )
        if self.is_virtuoso:
            defaults, others = defaults or (_NOWHERE,), others or (_NOWHERE,)
        return [
            ("query", text),
            *(("default-graph-uri", graph) for graph in defaults),
            *(("named-graph-uri", graph) for graph in others),
        ]

    def _other_graphs(self) -> list[str]:
        """Return the names of the graphs beside the default one; some seconds old at most where others write."""
        with self._lock:
            kept = self._names
        if kept is None or time.monotonic() - kept[0] > FRESH_S:
            kept = (time.monotonic(), self.graph_names())
            with self._lock:
                self._names = kept
        return kept[1]


_GRAPH: Final = "GRAPH"
_WHOLE: Final = frozenset({"CLEAR", "DROP", "GRAPH"})
_RDF_MEDIA_TYPES: Final = [f.media_type for f in FORMATS if isinstance(f.engine, ox.RdfFormat)]


_EXPECTED: Final = {
    "select": "A SELECT was expected.",
    "ask": "An ASK was expected.",
    "construct": "A CONSTRUCT or DESCRIBE was expected.",
}


def _formed(text: str, *forms: str) -> str:
    if lexer.prologue(text).form not in forms:
        raise QueryFailed(_EXPECTED[forms[0]])
    return text


def _based(text: str, base: str | None) -> str:
    return text if base is None else f"BASE {serialize(iri(base))} {text}"


def _lines(triples: Iterable[ox.Triple]) -> bytes:
    return "".join(f"{triple} .\n" for triple in triples).encode()


def _named(graph: str | None) -> str:
    return "DEFAULT" if graph is None else f"GRAPH {serialize(iri(graph))}"


def _within(graph: str | None, lines: str) -> str:
    return lines if graph is None else f"GRAPH {serialize(iri(graph))} {{\n{lines}}}\n"


def _names(operation: str, base: str | None) -> dict[int, str]:
    """Return the IRIs that an operation names, by their offsets, with the declarations that it begins with."""
    declared = lexer.prologue(operation)
    within = urljoin(base or "", declared.base or "")
    found: dict[int, str] = {}
    for token in lexer.tokens(operation):
        if token.kind == "iri":
            found[token.start] = urljoin(within, lexer.unescape(token.text[1:-1]))
        elif token.kind == "name":
            prefix, _, rest = token.text.partition(":")
            found[token.start] = urljoin(within, declared.prefixes.get(prefix, "")) + rest.replace("\\", "")
    return found


def _graphs_of(operation: str, base: str | None) -> list[str]:
    """Return the graphs that a query names after GRAPH."""
    names = _names(operation, base)
    before = ""
    found: list[str] = []
    for token in lexer.tokens(operation):
        if before == _GRAPH and (name := names.get(token.start)):
            found.append(name)
        before = token.text.upper()
    return found


def _explained(error: KGError, operation: str, base: str | None, *, update: bool = False) -> KGError:
    """Return what the house's own engine says of an operation that the service couldn't read, if it can't either."""
    if not isinstance(error, QuerySyntaxError) or (not update and "VALUES" in operation.upper()):
        return error
    try:
        if update:
            ox.Store().update(operation, base_iri=base)
        else:
            ox.Store().query(operation, base_iri=base)
    except SyntaxError as found:
        return translate(found, operation, kind="update" if update else "query")
    except (RuntimeError, OSError, ValueError):
        pass
    return error


def lexer_limit(text: str) -> int | None:
    """Return the LIMIT of a query as a whole; None where it has none."""
    depth = 0
    limit: int | None = None
    before = ""
    for token in lexer.tokens(text):
        if token.kind == "punctuation":
            depth += (token.text in "{(") - (token.text in "})")
        if depth == 0 and before == "LIMIT" and token.kind == "number" and token.text.isdigit():
            limit = int(token.text)
        before = token.text.upper() if token.kind == "word" else ""
    return limit


def _taken_apart(text: str) -> tuple[str, str | None, bool]:
    """Return the declarations of a SELECT, the rest (None where it ends in something else than a pattern or an order).

    The last part says whether it ends in an ORDER BY.
    """
    start, depth, ordered = 0, 0, False
    found = False
    for token in lexer.tokens(text):
        if token.kind == "punctuation":
            depth += (token.text in "{(") - (token.text in "})")
        if token.kind != "word" or depth:
            continue
        word = token.text.upper()
        if word.startswith("SELECT") and not found:
            start, found = token.start, True
        elif word in {"LIMIT", "OFFSET", "VALUES"}:
            return "", None, False
        elif word == "ORDER":
            ordered = True
    return text[:start], text[start:], ordered
