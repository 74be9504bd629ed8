"""What an update may change, read from its tokens before the engine sees it.

The default graph has one writer, the loader, so an update that would change it has to be known beforehand: the engine
applies an update as one transaction and offers no look at what it is about to do. The grammar of updates is small and
is followed here by the letter. Whatever doesn't fit it counts as changing the default graph: deny by default.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from kg.errors import QuerySyntaxError
from kg.store.lexer import Token, position_of, tokens

#: Every keyword that may stand outside braces; the engine needs no space between them.
_KEYWORDS: Final = re.compile(
    r"INSERT|DELETE|DATA|WHERE|WITH|USING|NAMED|CLEAR|DROP|CREATE|ADD|MOVE|COPY|SILENT|GRAPH|DEFAULT|ALL|TO|PREFIX|BASE"
    r"|VERSION",
    re.IGNORECASE,
)
_END: Final = Token("punctuation", "", -1)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of an update request.

    Attributes
    ----------
    verb
        Its first keyword, in capitals.
    default_graph
        Whether it may change the default graph.
    names_dataset
        Whether it has a WITH, USING or USING NAMED of its own.
    where
        Offset of the keyword WHERE, or None where it has none.
    template
        Start and end of the pattern of a ``DELETE WHERE``, which is its template as well; else None.
    """

    verb: str
    default_graph: bool
    names_dataset: bool = False
    where: int | None = None
    template: tuple[int, int] | None = None


class _NotFollowed(Exception):
    """The text isn't formed as the grammar of updates has it."""


class _Reader:
    """Walks over the tokens of an update, with keywords that are run together taken apart."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_apart(tokens(text)))
        self._place = 0

    @property
    def here(self) -> Token:
        return self._tokens[self._place] if self._place < len(self._tokens) else _END

    def take(self) -> Token:
        token = self.here
        self._place += 1
        return token

    def keyword(self, *words: str) -> str | None:
        """Take one of these keywords if it stands here."""
        word = self.here.text.upper() if self.here.kind == "word" else ""
        if word in words:
            self._place += 1
            return word
        return None

    def need(self, *words: str) -> str:
        found = self.keyword(*words)
        if found is None:
            raise _NotFollowed
        return found

    def graph(self) -> None:
        """Take the name of a graph."""
        token = self.take()
        # `DEFAULT:x` is a name for the standard, and could be the keyword for a parser without tokens.
        if token.kind not in {"iri", "name"} or _KEYWORDS.match(token.text):
            raise _NotFollowed

    def braces(self) -> tuple[int, int]:
        """Take a balanced group; return where it starts and ends."""
        first = self.take()
        if first.text != "{" or first.kind != "punctuation":
            raise _NotFollowed
        depth, last = 1, first
        while depth:
            last = self.take()
            if last is _END:
                raise _NotFollowed
            if last.kind == "punctuation":
                # The reified and annotated forms of RDF 1.2 have brackets of their own, and open no group.
                depth += (last.text == "{") - (last.text == "}")
        return first.start, last.start + 1

    def quads(self) -> tuple[bool, int]:
        """Take the quads of a template or of data; return whether any stands outside every GRAPH, and the end."""
        if self.take().text != "{":
            raise _NotFollowed
        outside = False
        while self.here.text != "}" or self.here.kind != "punctuation":
            if self.here is _END:
                raise _NotFollowed
            if self.keyword("GRAPH"):
                if self.here.kind == "variable":
                    self.take()
                else:
                    self.graph()
                self.braces()
            elif self.here.text == "." and self.here.kind == "punctuation":
                self.take()
            else:
                if self.here.kind == "punctuation" and self.here.text in "{}":
                    raise _NotFollowed
                outside = True
                self.take()
        return outside, self.take().start + 1


def _apart(stream: Iterator[Token]) -> Iterator[Token]:
    depth = 0
    for token in stream:
        if token.kind == "punctuation":
            depth += (token.text == "{") - (token.text == "}")
        if token.kind != "word" or depth > 1:
            yield token
            continue
        place = 0
        while place < len(token.text):
            found = _KEYWORDS.match(token.text, place)
            end = found.end() if found else len(token.text)
            yield Token("word", token.text[place:end], token.start + place)
            place = end


def operations(text: str) -> Sequence[Operation]:
    """Return the operations of an update request in their order.

    An operation that isn't formed as the grammar has it is the last one that is returned, with `default_graph` set:
    the engine will refuse it, or read it in a way that nobody could foresee.

    Raises
    ------
    QuerySyntaxError
        At a character that starts no terminal.
    """
    reader = _Reader(text)
    found: list[Operation] = []
    unknown = Operation("", default_graph=True)
    try:
        while True:
            _declarations(reader)
            if reader.here is _END:
                return found
            found.append(_operation(reader))
            if reader.here is _END:
                return found
            if reader.take().text != ";":
                return [*found, unknown]
    except _NotFollowed:
        return [*found, unknown]


def _declarations(reader: _Reader) -> None:
    while word := reader.keyword("PREFIX", "BASE", "VERSION"):
        if word == "PREFIX" and reader.take().kind != "name":
            raise _NotFollowed
        if reader.take().kind not in {"iri", "string"}:
            raise _NotFollowed


def _operation(reader: _Reader) -> Operation:
    verb = reader.need("INSERT", "DELETE", "WITH", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY")
    match verb:
        case "CLEAR" | "DROP":
            reader.keyword("SILENT")
            where = reader.need("GRAPH", "DEFAULT", "NAMED", "ALL")
            if where == "GRAPH":
                reader.graph()
            return Operation(verb, where in {"DEFAULT", "ALL"})
        case "CREATE":
            reader.keyword("SILENT")
            reader.need("GRAPH")
            reader.graph()
            return Operation(verb, default_graph=False)
        case "ADD" | "MOVE" | "COPY":
            reader.keyword("SILENT")
            source = _graph_or_default(reader)
            reader.need("TO")
            target = _graph_or_default(reader)
            return Operation(verb, target or (source and verb == "MOVE"))
        case "INSERT" | "DELETE" if reader.keyword("DATA"):
            return Operation(f"{verb} DATA", reader.quads()[0])
        case "DELETE" if reader.here.text.upper() == "WHERE":
            where_at = reader.take().start
            start = reader.here.start
            outside, end = reader.quads()
            return Operation("DELETE WHERE", outside, where=where_at, template=(start, end))
    return _modify(reader, verb)


def _graph_or_default(reader: _Reader) -> bool:
    if reader.keyword("DEFAULT"):
        return True
    reader.keyword("GRAPH")
    reader.graph()
    return False


def _modify(reader: _Reader, verb: str) -> Operation:
    within = verb == "WITH"
    if within:
        reader.graph()
        verb = reader.need("INSERT", "DELETE")
    outside, _ = reader.quads()
    if verb == "DELETE" and reader.keyword("INSERT"):
        outside |= reader.quads()[0]
    using = False
    while reader.keyword("USING"):
        using = True
        reader.keyword("NAMED")
        reader.graph()
    where = reader.here.start
    reader.need("WHERE")
    reader.braces()
    return Operation(verb, outside and not within, names_dataset=within or using, where=where)


def with_dataset(text: str, default_graphs: Sequence[str], named_graphs: Sequence[str]) -> str:
    """Put the dataset of the protocol's ``using-graph-uri`` and ``using-named-graph-uri`` into an update.

    Parameters
    ----------
    text
        The update.
    default_graphs, named_graphs
        Graph names as they are spelt in SPARQL, in angle brackets.

    Raises
    ------
    QuerySyntaxError
        If an operation names a dataset of its own, which the protocol forbids beside these parameters.
    """
    clauses = "".join(f"USING {g} " for g in default_graphs) + "".join(f"USING NAMED {g} " for g in named_graphs)
    parts: list[str] = []
    copied = 0
    for operation in operations(text):
        if operation.names_dataset and operation.where is not None:
            raise QuerySyntaxError(
                "the update has WITH or USING, and the request using-graph-uri or using-named-graph-uri: use one of "
                "them.",
                *position_of(text, operation.where),
            )
        if operation.where is None:
            continue
        pattern = "" if operation.template is None else f"{text[slice(*operation.template)]} "
        parts += [text[copied : operation.where], pattern, clauses]
        copied = operation.where
    return "".join([*parts, text[copied:]])
