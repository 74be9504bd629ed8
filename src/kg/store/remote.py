"""The store of another machine: any SPARQL 1.1 service, through the Protocol and the Graph Store Protocol.

Notes
-----
*Default graph.* Many services have none of their own, or make it the union of all graphs; ``KG_STORE_GRAPH`` names the
graph that stands for it. Queries get it as `default-graph-uri`, what the house writes goes there.

*Caps.* Some services cut a result at a number of rows and say so in a header at most, and some not even there. A
SELECT of the house is asked for in pages, with a total order around it; a reader's result that ends just at the cap is
told to be incomplete.

*What can't be done.* A remote has no version that changes with every write, so nothing derived from it is kept for more
than a few seconds; a query can't be stopped but by closing its connection; a difference is written in parts, each of
them whole or not at all.
"""

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, cast

import httpx
import pyoxigraph as ox

from kg.errors import (
    InvalidTerm,
    KGError,
    NotAcceptable,
    ParseFailed,
    QueryFailed,
    QueryRefused,
    QuerySyntaxError,
    ResultIncomplete,
    StoreError,
)
from kg.store import lexer
from kg.store.embedded import has_blank_node, parse_failed
from kg.store.formats import DATASET_FORMATS, FORMATS, find_format, formats_for, rdf_format
from kg.store.protocol import STORE_DATASET, Binding, Dataset, Form, Result, Solution, Statistics, Term
from kg.store.sparql import bind, iri, serialize

_JSON: Final = "application/sparql-results+json"
_NTRIPLES: Final = "application/n-triples"
_BLOCK_BYTES: Final = 65_536
#: Rows of a page; services cap at 10,000 and more.
PAGE_ROWS: Final = 5_000
#: Triples of one update; Virtuoso's compiler gives up at about 5,000.
PART_TRIPLES: Final = 1_000
#: For how long what was derived from a remote may be used again.
FRESH_S: Final = 5.0
_TRIES: Final = 3
_CAP_HEADER: Final = "x-sparql-maxrows"
_POSITION: Final = re.compile(r"line\s+(\d+)(?:\D{1,20}col(?:umn)?\s*(\d+))?", re.IGNORECASE)
_SYNTAX: Final = re.compile(r"syntax error|SP030|parse|lexical|expected", re.IGNORECASE)


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
    auth
        How it knows its clients.
    timeout_s
        How long an answer may take.
    transport
        What carries the requests; for tests.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        *,
        default_graph: str | None = None,
        auth: httpx.Auth | None = None,
        timeout_s: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._at = endpoints
        self._default = default_graph
        self._client = httpx.Client(
            auth=auth,
            timeout=httpx.Timeout(timeout_s, connect=10.0, pool=timeout_s),
            limits=httpx.Limits(max_connections=16, max_keepalive_connections=16),
            headers={"User-Agent": "zone-kg"},
            follow_redirects=False,
            trust_env=False,
            transport=transport,
        )

    @property
    def version(self) -> str:
        """A string that changes every few seconds: what was derived may be that old, and no older."""
        return f"remote-{int(time.time() / FRESH_S)}"

    @property
    def identity(self) -> str:
        """The address and the graph: a remote says no more of itself."""
        return f"{self._at.query} {self._default or ''}".strip()

    # Reading

    def select(self, operation: str, bindings: Mapping[str, Binding] | None = None) -> list[Solution]:
        """Return all solutions of a SELECT of the house.

        Raises
        ------
        ResultIncomplete
            If the service cuts the result and a page can't be asked for.
        """
        text = bind(operation, bindings or {})
        answer = self._rows(text)
        rows = answer.rows
        if answer.cap is None or len(rows) < answer.cap:
            return rows
        return self._paged(text, answer.names)

    def _paged(self, text: str, names: Sequence[str]) -> list[Solution]:
        """Ask for a result in pages: the order is total, as two solutions that agree in all variables are one text."""
        if not names:
            raise _cut(PAGE_ROWS)
        declared, body = _split(text)
        order = " ".join(f"?{name}" for name in names)
        rows: list[Solution] = []
        while True:
            # The order stands inside: Virtuoso sorts no more than its cap, offset included, at the outside.
            page = self._rows(
                f"{declared}SELECT {order} WHERE {{ {{ SELECT {order} WHERE {{ {{ {body} }} }} ORDER BY {order} }} }} "
                f"LIMIT {PAGE_ROWS} OFFSET {len(rows)}"
            ).rows
            rows += page
            if len(page) < PAGE_ROWS:
                return rows

    def _rows(self, text: str, *, default_graph: bool = True) -> "_Answer":
        response = self._ask(text, _JSON, STORE_DATASET if default_graph else None)
        try:
            document = json.loads(response.content)
            names = [str(name) for name in document["head"].get("vars", [])]
            rows: list[Solution] = [_solution(binding) for binding in document["results"]["bindings"]]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(f"{self._at.query} sent no result of a SELECT: {error!r}") from None
        return _Answer(names, rows, _cap(response))

    def ask(self, operation: str, bindings: Mapping[str, Binding] | None = None) -> bool:
        """Return the answer of an ASK."""
        return self._boolean(self._ask(bind(operation, bindings or {}), _JSON, STORE_DATASET))

    def _boolean(self, response: httpx.Response) -> bool:
        try:
            document = json.loads(response.content)
            if "boolean" in document:
                return bool(document["boolean"])
            # Virtuoso 7 answers an ASK as a SELECT of a number.
            return any(int(value["value"]) for row in document["results"]["bindings"] for value in row.values())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(f"{self._at.query} sent no answer of an ASK: {error!r}") from None

    def construct(self, operation: str, bindings: Mapping[str, Binding] | None = None) -> list[ox.Triple]:
        """Return the triples of a CONSTRUCT or DESCRIBE, each once."""
        response = self._ask(bind(operation, bindings or {}), _NTRIPLES, STORE_DATASET)
        triples = list(dict.fromkeys(self._triples(response)))
        cap = _cap(response) or 10_000
        if len(triples) >= cap and lexer.prologue(operation).form == "construct":
            raise _cut(cap)
        return triples

    def _triples(self, response: httpx.Response) -> Iterator[ox.Triple]:
        try:
            for quad in ox.parse(response.content, ox.RdfFormat.N_TRIPLES):
                yield quad.triple
        except (SyntaxError, ValueError) as error:
            raise StoreError(f"{self._at.query} sent RDF that can't be read: {error}") from None

    def query(
        self, operation: str, media_type: str | None, dataset: Dataset = STORE_DATASET, base: str | None = None
    ) -> Result:
        """Send a reader's query; the bytes come as the service sends them.

        Raises
        ------
        QuerySyntaxError, QueryRefused, QueryFailed
            If the service refuses it.
        NotAcceptable
            If results of its form can't be written in the media type.
        """
        prologue = lexer.prologue(operation)
        if prologue.form is None or prologue.form == "update":
            raise QuerySyntaxError("this is no query.", 1, 1)
        form: Form = prologue.form
        wanted = find_format(form, media_type)
        if wanted is None:
            raise NotAcceptable(media_type or "", [f.media_type for f in formats_for(form)])
        text = operation if base is None or prologue.base is not None else f"BASE {serialize(iri(base))} {operation}"
        if form == "ask":
            body = _boolean_document(self._boolean(self._ask(text, _JSON, dataset)), wanted.name)
            return Result(form, wanted.media_type, iter((body,)), size_bytes=len(body))
        if wanted.name in {"jsonld", "rdfxml", "turtle"}:
            # What a remote writes in these differs from one to the next; N-Triples are the same everywhere.
            triples = self._triples(self._ask(text, _NTRIPLES, dataset))
            body = ox.serialize(dict.fromkeys(triples), format=cast(ox.RdfFormat, wanted.engine)) or b""
            return Result(form, wanted.media_type, iter((body,)), size_bytes=len(body))
        response = self._open(text, wanted.media_type, dataset)
        return Result(form, wanted.media_type, _Body(response, wanted.name))

    def graph_names(self) -> list[str]:
        """Return the IRIs of the named graphs, sorted."""
        # No default graph is named: Virtuoso would join it with every other.
        rows = self._rows("SELECT DISTINCT ?graph { GRAPH ?graph { ?s ?p ?o } }", default_graph=False).rows
        return sorted({term.value for row in rows if isinstance(term := row["graph"], ox.NamedNode)} - {self._default})

    def has_graph(self, graph: str | None) -> bool:
        """Say whether there is such a graph; the default graph always is. Many services keep no empty graph."""
        return graph is None or self.ask("ASK { GRAPH $graph { ?s ?p ?o } }", {"graph": iri(graph)})

    def quads(self, graph: str | None = None) -> Iterator[ox.Quad]:
        """Yield the quads of one graph (None: the default graph)."""
        name = ox.DefaultGraph() if graph is None else iri(graph)
        stands = graph or self._default
        where = "?s ?p ?o" if stands is None else f"GRAPH {serialize(iri(stands))} {{ ?s ?p ?o }}"
        for row in self.select(f"SELECT ?s ?p ?o {{ {where} }}"):
            yield ox.Quad(cast(Any, row["s"]), cast(ox.NamedNode, row["p"]), row["o"], name)

    def dump(self, out: IO[bytes], media_type: str, graph: str | None = None) -> None:
        """Write the default graph (`graph` None and a triple format), a named graph, or all quads (a quad format)."""
        target = rdf_format(media_type, quads=graph is None)
        if target is None:
            raise NotAcceptable(media_type, [*_rdf_types(), *DATASET_FORMATS])
        if target.supports_datasets and graph is None:
            quads = [quad for name in (None, *self.graph_names()) for quad in self.quads(name)]
            ox.serialize(quads, out, target)
        else:
            ox.serialize((quad.triple for quad in self.quads(graph)), out, target)

    def statistics(self) -> Statistics:
        """Count what is loaded."""
        default = self._count(None)
        names = self.graph_names()
        return Statistics(default, sum(self._count(name) for name in names), len(names))

    def _count(self, graph: str | None) -> int:
        stands = graph or self._default
        where = "?s ?p ?o" if stands is None else f"GRAPH {serialize(iri(stands))} {{ ?s ?p ?o }}"
        row = self.select(f"SELECT (COUNT(*) AS ?n) {{ {where} }}")[0]
        return int(cast(ox.Literal, row["n"]).value)

    # Writing

    def update(self, operation: str, base: str | None = None) -> int | None:
        """Apply a SPARQL update, as whole as the service does it."""
        text = operation if base is None else f"BASE {serialize(iri(base))} {operation}"
        self._update(text)
        return None

    def replace_default(self, quads_removed: Iterable[ox.Quad], quads_added: Iterable[ox.Quad]) -> None:
        """Apply the loader's difference to the default graph, in parts."""
        removed, added = list(quads_removed), list(quads_added)
        for quad in (*removed, *added):
            if quad.graph_name != ox.DefaultGraph() or has_blank_node(quad):
                raise InvalidTerm(str(quad), "the base lies in the default graph and has no blank nodes")
        for verb, quads in (("DELETE", removed), ("INSERT", added)):
            self._write(verb, self._default, (quad.triple for quad in quads))

    def _write(self, verb: str, graph: str | None, triples: Iterable[ox.Triple]) -> None:
        remaining = iter(triples)
        while part := list(islice(remaining, PART_TRIPLES)):
            lines = "".join(f"{triple} .\n" for triple in part)
            inside = lines if graph is None else f"GRAPH {serialize(iri(graph))} {{\n{lines}}}"
            self._update(f"{verb} DATA {{\n{inside}}}")

    def load_graph(self, graph: str | None, data: bytes, media_type: str, *, replace: bool) -> None:
        """Add RDF to a graph, or replace what it holds; it is parsed here first, so that nothing broken is sent."""
        target = rdf_format(media_type)
        if target is None:
            raise NotAcceptable(media_type, _rdf_types())
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
            lines = "".join(f"{triple} .\n" for triple in triples).encode("utf-8")
            self._graphs("PUT" if replace else "POST", graph, lines)
            return
        if replace:
            self._update(f"CLEAR SILENT {'DEFAULT' if graph is None else f'GRAPH {serialize(iri(graph))}'}")
        self._write("INSERT", graph, triples)

    def drop_graph(self, graph: str | None) -> bool:
        """Remove a graph; return whether there was anything."""
        stands = graph or self._default
        there = self._count(graph) > 0
        if there:
            self._update(f"CLEAR SILENT {'DEFAULT' if stands is None else f'GRAPH {serialize(iri(stands))}'}")
        return there

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
        self._client.close()

    def __enter__(self) -> "RemoteStore":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Requests

    def _parameters(self, text: str, dataset: Dataset | None) -> list[tuple[str, str]]:
        if dataset is None:
            return []
        if dataset == STORE_DATASET and self._default is not None and lexer.from_clauses(text) == ((), ()):
            dataset = Dataset((self._default,))
        return [
            *(("default-graph-uri", graph) for graph in dataset.default_graphs),
            *(("named-graph-uri", graph) for graph in dataset.named_graphs),
        ]

    def _ask(self, text: str, accept: str, dataset: Dataset | None) -> httpx.Response:
        response = self._open(text, accept, dataset)
        with _told(self._at.query):
            response.read()
        return response

    def _open(self, text: str, accept: str, dataset: Dataset | None) -> httpx.Response:
        # A form: Virtuoso lets a body of `application/sparql-query` wait for ever.
        fields = [("query", text), *self._parameters(text, dataset)]
        request = self._client.build_request("POST", self._at.query, data=_form(fields), headers={"Accept": accept})
        return self._checked(lambda: self._client.send(request, stream=True), self._at.query, again=True)

    def _update(self, text: str) -> None:
        name = "query" if self._at.update.endswith("/sparql-auth") else "update"
        request = self._client.build_request("POST", self._at.update, data=_form([(name, text)]))
        response = self._checked(lambda: self._client.send(request), self._at.update)
        response.close()

    def _graphs(self, method: str, graph: str | None, lines: bytes) -> None:
        address = f"{self._at.graphs}?{'default' if graph is None else httpx.QueryParams({'graph': graph})}"
        request = self._client.build_request(
            # Virtuoso takes N-Triples for Turtle and refuses their own name.
            method,
            address,
            content=lines,
            headers={"Content-Type": "text/turtle"},
        )
        self._checked(lambda: self._client.send(request), address).close()

    def _checked(self, send: Callable[[], httpx.Response], address: str, *, again: bool = False) -> httpx.Response:
        """Send a request; what only reads is sent again where the connection broke before an answer."""
        for left in range(_TRIES - 1, -1, -1):
            try:
                with _told(address):
                    response = send()
            except _Broken as error:
                if not again or not left:
                    raise StoreError(str(error)) from None
                continue
            if response.status_code < 300:
                return response
            with _told(address):
                response.read()
            raise _refusal(response, address)
        raise AssertionError


@dataclass(frozen=True, slots=True)
class _Answer:
    names: Sequence[str]
    rows: list[Solution]
    cap: int | None


class _Broken(Exception):
    """A connection that failed, or an answer that didn't come."""


class _Body(Iterator[bytes]):
    """A result as it comes; one that ends at the service's cap is incomplete."""

    def __init__(self, response: httpx.Response, format_name: str) -> None:
        self._response = response
        self._blocks = response.iter_bytes(_BLOCK_BYTES)
        self._cap = _cap(response)
        self._json = format_name == "json"
        self._rows = 0
        self._lines = format_name in {"csv", "tsv", "ntriples"}
        self._kept = b""

    def __next__(self) -> bytes:
        try:
            with _told(str(self._response.url)):
                block = next(self._blocks, None)
        except _Broken as error:
            self.close()
            raise QueryFailed(str(error)) from None
        if block is None:
            self.close()
            return self._end()
        if not self._json:
            self._rows += block.count(b"\n") if self._lines else block.count(b"<result>")
            return block
        # Virtuoso 7 has a type that the standard hasn't; it may stand across two blocks.
        whole = self._kept + block
        cut = max(0, len(whole) - len(_TYPED))
        cut = whole.rfind(b'"', 0, cut) if cut else 0
        cut = max(cut, 0)
        self._kept = whole[cut:]
        return self._plain(whole[:cut])

    def _plain(self, block: bytes) -> bytes:
        return block.replace(_TYPED, b'"literal"')

    def _end(self) -> bytes:
        kept, self._kept = self._kept, b""
        if kept:
            return self._plain(kept)
        if self._cap is not None:
            raise _cut(self._cap)
        raise StopIteration

    def close(self) -> None:
        """Close the connection, which is what ends the query at services that notice."""
        with contextlib.suppress(httpx.HTTPError):
            self._response.close()


_TYPED: Final = b'"typed-literal"'


@contextlib.contextmanager
def _told(address: str) -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException:
        raise _Broken(f"{address} didn't answer in time.") from None
    except httpx.HTTPError as error:
        raise _Broken(f"{address} can't be reached: {error or type(error).__name__}") from None


def _refusal(response: httpx.Response, address: str) -> KGError:
    """Make one of the house's errors of a refusal; services differ in what they call which."""
    told = " ".join(response.text[:500].split())
    if response.status_code in {401, 403}:
        return StoreError(f"{address} refuses who asks ({response.status_code}); see KG_STORE_USER and KG_STORE_AUTH.")
    if response.status_code == 400 or (response.status_code == 500 and _SYNTAX.search(told)):
        place = _POSITION.search(told)
        line, column = (int(place[1]), int(place[2] or 1)) if place else (None, None)
        return QuerySyntaxError(f"the service says: {told}", line, column)
    if response.status_code in {404, 405, 406, 415, 501}:
        return QueryRefused(f"{address} answers {response.status_code}: {told}", "See which addresses KG_STORE has.")
    return QueryFailed(f"{address} answers {response.status_code}: {told}")


def _cap(response: httpx.Response) -> int | None:
    told = response.headers.get(_CAP_HEADER, "")
    return int(told) if told.isdigit() else None


def _cut(rows: int) -> ResultIncomplete:
    return ResultIncomplete("rows", rows, "the remote store's own", None)


def _form(fields: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in fields:
        found.setdefault(name, []).append(value)
    return found


def _solution(binding: Mapping[str, Mapping[str, Any]]) -> dict[str, Term]:
    return {name: _term(value) for name, value in binding.items()}


def _term(value: Mapping[str, Any]) -> Term:
    text = str(value["value"])
    match value["type"]:
        case "uri":
            return ox.NamedNode(text)
        case "bnode":
            return ox.BlankNode(text.removeprefix("nodeID://").replace(":", "-"))
        case "triple":
            inner = value["value"]
            parts = [_term(inner[part]) for part in ("subject", "predicate", "object")]
            return ox.Triple(*cast(Any, parts))
    if language := value.get("xml:lang"):
        return ox.Literal(text, language=language)
    datatype = value.get("datatype")
    if datatype is None:
        return ox.Literal(text)
    if datatype.endswith("#boolean") and text in {"0", "1"}:
        text = "true" if text == "1" else "false"
    return ox.Literal(text, datatype=ox.NamedNode(datatype))


def _boolean_document(answer: bool, name: str) -> bytes:
    word = "true" if answer else "false"
    match name:
        case "json":
            return f'{{"head":{{}},"boolean":{word}}}'.encode()
        case "xml":
            return (
                '<?xml version="1.0"?><sparql xmlns="http://www.w3.org/2005/sparql-results#"><head></head>'
                f"<boolean>{word}</boolean></sparql>"
            ).encode()
    return word.encode()


def _split(text: str) -> tuple[str, str]:
    """Return the declarations of a query, and the rest."""
    start = next(t.start for t in lexer.tokens(text) if t.kind == "word" and t.text.upper().startswith("SELECT"))
    return text[:start], text[start:]


def _rdf_types() -> list[str]:
    return [f.media_type for f in FORMATS if isinstance(f.engine, ox.RdfFormat)]
