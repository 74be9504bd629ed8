"""The query console: a reader's query as a table with labels, and examples to start from."""

import json
import re
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from typing import Final

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from kg import paths
from kg.errors import MissingAsset, ResultIncomplete
from kg.services import explore, query
from kg.services.explore import Names
from kg.services.query import QueryRequest
from kg.services.remembered import per_version
from kg.store.protocol import Queryable, Reader, Term

#: A page that holds more rows than this freezes; the whole result is a download away.
ROWS: Final = 500

START: Final = """PREFIX kg: <https://w3id.org/zone-kg/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

SELECT ?zone ?name
WHERE {
  ?zone a kg:DevelopmentZone ;
    skos:prefLabel ?name .
}
ORDER BY ?name
"""


@dataclass(frozen=True)
class Table:
    """A result as a table.

    Attributes
    ----------
    form
        ``select``, ``ask``, ``construct`` or ``describe``.
    answer
        The answer of an ASK.
    complete
        Whether the rows are the whole result.
    """

    form: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Term | str | None]]
    complete: bool
    milliseconds: int
    names: Names
    answer: bool | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """An example query: its name, its question in the reader's language, and its text."""

    name: str
    question: str
    text: str


def run(store: Reader, evaluator: Queryable, text: str, max_bytes: int) -> Table:
    """Run a reader's query and return at most `ROWS` rows of its result, with the labels of what they name.

    Parameters
    ----------
    store
        Where the labels come from.
    evaluator
        What evaluates the query.
    text
        The query.
    max_bytes
        Longest query that is read.
    """
    started = time.perf_counter()
    limits = query.limits_of(max_bytes)
    form = query.read_prologue(text).form or "select"
    if form == "ask":
        result = query.run(evaluator, QueryRequest(text, "application/sparql-results+json"), limits)
        with closing(_stream(result.chunks)) as chunks:
            answer = json.loads(b"".join(chunks))["boolean"]
        return Table(form, (), (), True, _since(started), Names(), bool(answer))
    graph = form in {"construct", "describe"}
    media_type = "application/n-triples" if graph else "text/tab-separated-values"
    result = query.run(evaluator, QueryRequest(text, media_type), limits)
    rows: list[list[Term | str | None]] = []
    columns: Sequence[str] = ("subject", "predicate", "object") if graph else ()
    # Closing the chunks ends the evaluation: what isn't shown isn't computed.
    with closing(_stream(result.chunks)) as chunks, suppress(ResultIncomplete):
        complete = False
        for number, line in enumerate(_lines(chunks)):
            if not graph and number == 0:
                columns = [name.lstrip("?") for name in line.split("\t")] if line else []
                continue
            if len(rows) == ROWS:
                break
            rows.append(_triple(line) if graph else [_term(cell) for cell in line.split("\t")])
        else:
            complete = True
    iris = {cell.value for row in rows for cell in row if isinstance(cell, NamedNode)}
    return Table(form, columns, rows, complete, _since(started), Names().load(store, iris))


def _stream(chunks: Iterator[bytes]) -> Generator[bytes]:
    try:
        yield from chunks
    finally:
        close = getattr(chunks, "close", None)
        if close:
            close()


def _since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)


def _lines(chunks: Iterator[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode("utf-8").rstrip("\r")
    if rest:
        yield rest.decode("utf-8")


def _triple(line: str) -> list[Term | str | None]:
    for quad in parse(line, format=RdfFormat.N_TRIPLES):
        return [quad.subject, quad.predicate, quad.object]
    return [line, None, None]


_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def _term(cell: str) -> Term | str | None:
    """Read a cell of SPARQL's TSV: a term in Turtle's spelling, or nothing."""
    if not cell:
        return None
    if _NUMBER.fullmatch(cell) or cell in {"true", "false"}:
        return cell
    try:
        quads = list(parse(f"<urn:s> <urn:p> {cell} .", format=RdfFormat.TURTLE))
    except (SyntaxError, ValueError):
        return cell
    return quads[0].object if quads and isinstance(quads[0].object, NamedNode | Literal) else cell


@cache
def _examples() -> tuple[tuple[str, str, str, str], ...]:
    try:
        folder = paths.asset("ontology/competency")
    except MissingAsset:
        return ()
    found = []
    for path in sorted(folder.glob("*.rq")):
        text = path.read_text(encoding="utf-8")
        comments = [re.sub(r"^[#\s]*((zh|en):)?", "", line).strip() for line in text.splitlines() if line[:1] == "#"]
        comments = [c for c in comments if c]
        chinese = next((c for c in comments if re.search(r"[\u4e00-\u9fff]", c)), path.stem)
        english = next((c for c in comments if not re.search(r"[\u4e00-\u9fff]", c)), path.stem)
        found.append((path.stem, chinese, english, text))
    return tuple(found)


def examples(language: str) -> list[Example]:
    """Return the ontology's competency questions as examples, in the reader's language."""
    return [Example(name, zh if language == "zh" else en, text) for name, zh, en, text in _examples()]


@per_version
def as_of(store: Reader) -> str | None:
    """Return the date of the newest document, as the graph states it."""
    rows = store.select(paths.query("explore/as-of.rq"))
    return explore.text_in(rows[0], "asOf") if rows else None
