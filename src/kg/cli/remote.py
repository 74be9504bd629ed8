"""A reader that asks a running service over HTTP, so that a command works the same beside it as without it."""

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from typing import IO, TYPE_CHECKING, Final, cast

from kg import paths
from kg.cli import exits
from kg.errors import KGError, QueryFailed
from kg.store.protocol import STORE_DATASET, Binding, Dataset, Form, Result, Solution, Statistics

if TYPE_CHECKING:
    from pyoxigraph import Triple

    from kg.services.search import Hits

_JSON: Final = "application/sparql-results+json"
_NTRIPLES: Final = "application/n-triples"
_BLOCK_BYTES: Final = 64 * 1024
#: The service has a limit of its own for queries; this one is for a service that doesn't answer at all.
_TIMEOUT_S: Final = 600


class ServiceError(KGError):
    """A running service refused a request, or didn't answer."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.exit_code = (
            exits.IMPOSSIBLE if status is None or status >= 500 else exits.FAILED if status == 404 else exits.USAGE
        )


class ServiceReader:
    """The dataset of a running service.

    Parameters
    ----------
    address
        Where it answers, without a slash at the end.
    holder
        What errors call it, such as its process.
    token
        What it wants from readers, where it does.
    """

    def __init__(self, address: str, holder: str, token: str | None = None) -> None:
        self._address = address
        self._holder = holder
        self._authorization = {} if token is None else {"Authorization": f"Bearer {token}"}
        # It runs on this machine: a proxy for the rest of the world has no part in it.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    @property
    def version(self) -> str:
        """One for the lifetime of this object, which is that of a command."""
        return self._address

    def select(self, operation: str, bindings: Mapping[str, Binding] | None = None) -> list[Solution]:
        """Return all solutions of a SELECT of the house."""
        from pyoxigraph import QueryResultsFormat, QuerySolutions, parse_query_results

        from kg.store.sparql import bind

        data = b"".join(self._ask(bind(operation, bindings or {}), _JSON))
        try:
            results = parse_query_results(data, QueryResultsFormat.JSON)
            if not isinstance(results, QuerySolutions):
                raise QueryFailed("A SELECT was expected.")
            names = [variable.value for variable in results.variables]
            return [
                {name: term for name, term in zip(names, solution, strict=True) if term is not None}
                for solution in results
            ]
        except SyntaxError as error:
            raise ServiceError(f"{self._holder} sent an incomplete result: {error}") from None

    def ask(self, operation: str, bindings: Mapping[str, Binding] | None = None) -> bool:
        """Return the answer of an ASK."""
        from kg.store.sparql import bind

        answer = json.loads(b"".join(self._ask(bind(operation, bindings or {}), _JSON)))
        return bool(answer["boolean"])

    def construct(self, operation: str, bindings: Mapping[str, Binding] | None = None) -> "list[Triple]":
        """Return the triples of a CONSTRUCT or DESCRIBE, each once."""
        from pyoxigraph import RdfFormat, parse

        from kg.store.sparql import bind

        data = b"".join(self._ask(bind(operation, bindings or {}), _NTRIPLES))
        try:
            return list(dict.fromkeys(quad.triple for quad in parse(data, RdfFormat.N_TRIPLES)))
        except SyntaxError as error:
            raise ServiceError(f"{self._holder} sent an incomplete result: {error}") from None

    def query(
        self, operation: str, media_type: str | None, dataset: Dataset = STORE_DATASET, base: str | None = None
    ) -> Result:
        """Send a reader's query; the bytes come as the service sends them. Its base is the service's own."""
        del base
        from kg.store import lexer

        form = cast(Form, lexer.prologue(operation).form)
        response = self._open("/sparql", operation.encode("utf-8"), media_type or "*/*", dataset)
        answered = response.headers.get_content_type()
        return Result(form, answered, self._chunks(response))

    def search(self, text: str, limit: int) -> "Hits":
        """Return what the service finds by name, instead of reading all names from it."""
        from kg.services.search import MAX_CHARACTERS, Hit, Hits

        parameters = urllib.parse.urlencode(
            {"q": text[:MAX_CHARACTERS], "limit": limit, "lang": "zh"}, errors="replace"
        )
        answer = json.loads(b"".join(self._chunks(self._open(f"/search.json?{parameters}", None, "application/json"))))
        return Hits((Hit(**hit) for hit in answer["hits"]), current=answer["current"])

    def graph_names(self) -> list[str]:
        """Return the IRIs of the named graphs, sorted."""
        solutions = self.select(paths.query("remote/graphs.rq"))
        return sorted(str(getattr(solution["graph"], "value", "")) for solution in solutions)

    def has_graph(self, graph: str | None) -> bool:
        """Say whether there is such a graph; the default graph always is."""
        return graph is None or graph in self.graph_names()

    def dump(self, out: IO[bytes], media_type: str, graph: str | None = None) -> None:
        """Write the default graph (`graph` None and a triple format), a named graph, or all quads (a quad format)."""
        if graph is None:
            chunks = self._chunks(self._open("/dump", None, media_type))
        else:
            from kg.store.sparql import bind, iri

            chunks = self._ask(bind(paths.query("remote/graph.rq"), {"graph": iri(graph)}), media_type)
        for chunk in chunks:
            out.write(chunk)

    def statistics(self) -> Statistics:
        """Count what is loaded."""
        default, named = 0, []
        for solution in self.select(paths.query("remote/counts.rq")):
            count = int(getattr(solution["triples"], "value", "0"))
            if "graph" in solution:
                named.append(count)
            else:
                default = count
        return Statistics(default, sum(named), len(named))

    def close(self) -> None:
        """Do nothing: each request has a connection of its own."""

    def _ask(self, operation: str, media_type: str) -> Iterator[bytes]:
        return self._chunks(self._open("/sparql", operation.encode("utf-8"), media_type))

    def _open(
        self, path: str, query: bytes | None, accept: str, dataset: Dataset = STORE_DATASET
    ) -> http.client.HTTPResponse:
        parameters = [("default-graph-uri", iri) for iri in dataset.default_graphs]
        parameters += [("named-graph-uri", iri) for iri in dataset.named_graphs]
        address = f"{self._address}{path}" + (f"?{urllib.parse.urlencode(parameters)}" if parameters else "")
        headers = {"Accept": accept, "User-Agent": "kg", **self._authorization}
        if query is not None:
            headers["Content-Type"] = "application/sparql-query"
        request = urllib.request.Request(address, data=query, headers=headers)  # noqa: S310 - from serve.json
        try:
            return cast(http.client.HTTPResponse, self._opener.open(request, timeout=_TIMEOUT_S))
        except urllib.error.HTTPError as error:
            with error:
                raise ServiceError(told(error), error.code) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise ServiceError(f"{self._holder} doesn't answer at {self._address}: {reason}") from None

    def _chunks(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        with response:
            try:
                while block := response.read1(_BLOCK_BYTES):
                    yield block
            except (OSError, http.client.HTTPException) as error:
                raise ServiceError(f"The answer of {self._holder} broke off: {error!r}") from None


def told(error: urllib.error.HTTPError) -> str:
    """Return what a service says of an error: the detail and advice of its problem details, or the status."""
    body = error.read(_BLOCK_BYTES)
    try:
        told = json.loads(body)
        return " ".join(str(told[name]) for name in ("detail", "advice") if told.get(name))
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"The service answered {error.code} {error.reason}."
