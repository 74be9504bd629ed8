"""The formats of results and of RDF: one table for content negotiation, files and downloads."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyoxigraph import QueryResultsFormat, RdfFormat

from kg.errors import NotAcceptable, QuerySyntaxError
from kg.store.protocol import Form

if TYPE_CHECKING:
    from kg.store.lexer import Prologue

_BINDINGS: Final[frozenset[Form]] = frozenset({"select", "ask"})
_GRAPHS: Final[frozenset[Form]] = frozenset({"construct", "describe"})


@dataclass(frozen=True, slots=True)
class ResultFormat:
    """How a result is written.

    Attributes
    ----------
    name
        Short name for a URL or a command's option.
    media_types
        The one that is answered first, then others that mean the same.
    extension
        Of a file, without the dot.
    forms
        The query forms whose results can be written so.
    charset
        Whether the media type is sent with its charset: text types without one are read as ASCII.
    """

    name: str
    media_types: tuple[str, ...]
    extension: str
    forms: frozenset[Form]
    engine: QueryResultsFormat | RdfFormat
    charset: bool = False

    @property
    def media_type(self) -> str:
        """The media type that this format is answered with."""
        return self.media_types[0]

    @property
    def content_type(self) -> str:
        """The media type with its parameters."""
        return f"{self.media_type}; charset=utf-8" if self.charset else self.media_type


#: The first format of a form is its default.
FORMATS: Final = (
    ResultFormat(
        "json",
        ("application/sparql-results+json", "application/json"),
        "srj",
        _BINDINGS,
        QueryResultsFormat.JSON,
    ),
    ResultFormat(
        "xml",
        ("application/sparql-results+xml", "application/xml", "text/xml"),
        "srx",
        _BINDINGS,
        QueryResultsFormat.XML,
    ),
    ResultFormat("csv", ("text/csv",), "csv", _BINDINGS, QueryResultsFormat.CSV, charset=True),
    ResultFormat("tsv", ("text/tab-separated-values",), "tsv", _BINDINGS, QueryResultsFormat.TSV, charset=True),
    ResultFormat("turtle", ("text/turtle", "application/x-turtle"), "ttl", _GRAPHS, RdfFormat.TURTLE, charset=True),
    ResultFormat("ntriples", ("application/n-triples", "text/plain"), "nt", _GRAPHS, RdfFormat.N_TRIPLES),
    ResultFormat("jsonld", ("application/ld+json", "application/json"), "jsonld", _GRAPHS, RdfFormat.JSON_LD),
    ResultFormat("rdfxml", ("application/rdf+xml", "application/xml", "text/xml"), "rdf", _GRAPHS, RdfFormat.RDF_XML),
)

#: Formats of whole datasets, for dumps and uploads.
DATASET_FORMATS: Final = {"application/n-quads": RdfFormat.N_QUADS, "application/trig": RdfFormat.TRIG}


def formats_for(form: Form) -> list[ResultFormat]:
    """Return the formats that a result of this form can be written in, the default first."""
    return [f for f in FORMATS if form in f.forms]


def find_format(form: Form, media_type: str | None) -> ResultFormat | None:
    """Return the format of a media type (parameters are ignored) for a form; the form's default for None."""
    offered = formats_for(form)
    if media_type is None:
        return offered[0]
    wanted = _bare(media_type)
    return next((f for f in offered if wanted in f.media_types), None)


def agreed(prologue: "Prologue", media_type: str | None) -> tuple[Form, ResultFormat]:
    """Return the form of a query with this prologue, and the format that its result is written in.

    Raises
    ------
    QuerySyntaxError
        If it is no query.
    NotAcceptable
        If results of its form can't be written in the media type.
    """
    form = prologue.form
    if form is None or form == "update":
        raise QuerySyntaxError("this is no query.", 1, 1)
    found = find_format(form, media_type)
    if found is None:
        raise NotAcceptable(media_type or "", [f.media_type for f in formats_for(form)])
    return form, found


def rdf_format(media_type: str, *, quads: bool = False) -> RdfFormat | None:
    """Return the engine's format of an RDF media type, of triples or (with `quads`) of datasets."""
    wanted = _bare(media_type)
    if quads and wanted in DATASET_FORMATS:
        return DATASET_FORMATS[wanted]
    found: Iterable[QueryResultsFormat | RdfFormat] = (f.engine for f in FORMATS if wanted in f.media_types)
    return next((f for f in found if isinstance(f, RdfFormat)), None)


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()
