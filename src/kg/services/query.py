"""The one function behind which a reader's query is evaluated, with the guards that stand before it."""

from dataclasses import dataclass, replace

from kg.errors import QueryRefused, QuerySyntaxError
from kg.store import lexer
from kg.store.formats import FORMATS, ResultFormat, find_format, formats_for
from kg.store.lexer import Limits, Prologue
from kg.store.protocol import STORE_DATASET, Dataset, Queryable, Result

__all__ = [
    "DEFAULT_LIMITS",
    "FORMATS",
    "Limits",
    "QueryRequest",
    "ResultFormat",
    "find_format",
    "formats_for",
    "read_prologue",
    "run",
]

DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """A reader's query: its text, the media type of the result (None: the form's default), its dataset and its base."""

    operation: str
    media_type: str | None = None
    dataset: Dataset = STORE_DATASET
    base: str | None = None


def read_prologue(operation: str) -> Prologue:
    """Return the declarations and the form of a query, for content negotiation before it runs.

    Raises
    ------
    QuerySyntaxError
        If it is empty or begins with no operation.
    QueryRefused
        If it is an update.
    """
    prologue = lexer.prologue(operation)
    if prologue.form is None:
        end = lexer.position_of(operation, len(operation))
        raise QuerySyntaxError("it is empty; write a SELECT, ASK, CONSTRUCT or DESCRIBE.", *end)
    if prologue.form == "update":
        raise QueryRefused(
            "This is an update, and what was asked for is a query.", "Updates have an endpoint of their own."
        )
    return prologue


def run(store: Queryable, request: QueryRequest, limits: Limits = DEFAULT_LIMITS) -> Result:
    """Evaluate a reader's query; returns once something is known of how it goes.

    Where the query can be stopped, the evaluator does it (`kg.store.evaluations`), and raises `QueryStopped`.

    Raises
    ------
    QueryTooLarge, QueryRefused
        If the text is longer than the limit, calls out of the service, nests too deeply, has too many branches, or is
        an update.
    QuerySyntaxError
        If it doesn't parse, with line and column of the reader's own text.
    NotAcceptable
        If a result of its form can't be written in the media type.
    QueryFailed
        If the engine gives up on it before the first bytes; afterwards the result's chunks raise it.
    """
    text = lexer.check(request.operation, limits)
    try:
        read_prologue(text)
        return store.query(text, request.media_type, request.dataset, request.base)
    except QuerySyntaxError as error:
        failure = in_the_readers_text(error, request.operation, text)
    raise failure


def in_the_readers_text(error: QuerySyntaxError, operation: str, text: str) -> QuerySyntaxError:
    """Return the error of the evaluated text with its place in the operation that it was made of."""
    if text == operation or error.line is None or error.column is None:
        return error
    column = lexer.unpinned_column(operation, error.line, error.column)
    return QuerySyntaxError(error.explanation, error.line, column)


def limits_of(max_bytes: int, service_allow: tuple[str, ...] = ()) -> Limits:
    """Return the limits with another length of text (``KG_QUERY_MAX_BYTES``), and what SERVICE may call."""
    return replace(DEFAULT_LIMITS, max_bytes=max_bytes, service_allow=service_allow)
