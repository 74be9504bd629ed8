"""One lexer of SPARQL's terminals, and the guards that stand before the engine's parser.

The engine can't be told to leave `SERVICE` and `LOAD` alone, and hostile nesting overflows its stack, so a reader's
text is judged before the engine sees it. A judgement is worth something only if the engine reads the text as it was
judged. Its parser has no tokens of its own, so it may read ``?a<'>'`` as a comparison with a string where the
standard's longest match reads an IRI, and what follows is then a string for one and code for the other. `check`
therefore returns the text to evaluate: where it isn't harmless at first sight, the first character of each IRI is spelt
as a codepoint escape, which can stand in an IRI and nowhere else, so that no other reading is left.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple
from typing import Literal as Choice
from urllib.parse import urljoin

from kg.errors import QueryRefused, QuerySyntaxError, QueryTooLarge

Kind = Choice["iri", "string", "variable", "blank", "name", "word", "number", "language", "punctuation"]
OperationForm = Choice["select", "ask", "construct", "describe", "update"]

_BASE: Final = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_START: Final = _BASE + "_0-9"
_CHARS: Final = _BASE + "_0-9\\-\u00b7\u0300-\u036f\u203f-\u2040"
_PLX: Final = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"
_IRI: Final = r"<(?:[^<>\"{}|^`\\\x00-\x20]++|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+>"

# Every quantifier is possessive and every alternative starts with a character of its own, so a token is found without
# going back, and the scan is linear in the text's length.
_TOKEN: Final = re.compile(
    rf"""
      (?P<space>[\x20\t\r\n]++|\#[^\r\n]*+)
    | (?P<iri>{_IRI})
    | (?P<string>'''(?:[^'\\]++|\\.|'(?!''))*+'''
               | \"\"\"(?:[^"\\]++|\\.|"(?!""))*+\"\"\"
               | '(?!'')(?:[^'\\\r\n]++|\\[^\r\n])*+'
               | "(?!"")(?:[^"\\\r\n]++|\\[^\r\n])*+")
    | (?P<variable>[?$][{_START}][{_START}\u00b7\u0300-\u036f\u203f-\u2040]*+)
    | (?P<blank>_:[{_START}](?:\.*+[{_CHARS}])*+)
    | (?P<name>[{_BASE}][{_CHARS}.]*+(?P<colon>:(?:(?:[{_START}:]|{_PLX})(?:\.*+(?:[{_CHARS}:]|{_PLX}))*+)?+)?+)
    | (?P<bare>:(?:(?:[{_START}:]|{_PLX})(?:\.*+(?:[{_CHARS}:]|{_PLX}))*+)?+)
    | (?P<number>(?:[0-9]++(?:\.[0-9]++)?+|\.[0-9]++)(?:[eE][+\-]?[0-9]++)?+)
    | (?P<language>@[A-Za-z]++(?:-{{1,2}}[A-Za-z0-9]++)*+)
    | (?P<punctuation>\^\^|<(?={_IRI})|<<|>>|\{{\||\|\}}|&&|\|\||!=|<=|>=|[{{}}()\[\].;,=<>!|/^*+\-?~])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_OUTBOUND: Final = re.compile(r"service|load", re.IGNORECASE)
_REMEMBERED_LENGTH: Final = 10_000
_FORMS: Final[tuple[tuple[str, OperationForm], ...]] = (
    ("SELECT", "select"),
    ("ASK", "ask"),
    ("CONSTRUCT", "construct"),
    ("DESCRIBE", "describe"),
    *(
        (word, "update")
        for word in ["INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"]
    ),
)
_BRANCHING: Final = frozenset({"|", "||", "&&", "!", "/", "*", "+", "-", "^", "{"})
_OPENING: Final = {"{": 1, "(": 1, "[": 1, "<<": 1, "{|": 1}
_CLOSING: Final = frozenset({"}", ")", "]", ">>", "|}"})


class Token(NamedTuple):
    """A terminal: its kind, its text as it stands, and its offset in the operation."""

    kind: Kind
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What an operation may have before the engine's parser is asked to read it.

    The engine overflows its stack, which ends the process, between 2,000 and 3,000 levels and from about 3,000
    branches on. `service_allow` holds the beginnings of the addresses that a query may call by SERVICE.
    """

    max_bytes: int = 1_000_000
    max_nesting: int = 200
    max_branches: int = 1_000
    service_allow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prologue:
    """What an operation declares before it begins, and what it is; `form` is None for an empty text."""

    form: OperationForm | None
    base: str | None = None
    prefixes: Mapping[str, str] = field(default_factory=dict)


def tokens(text: str) -> Iterator[Token]:
    """Yield the terminals of a SPARQL operation, without white space and comments.

    Raises
    ------
    QuerySyntaxError
        At a character that starts no terminal, and at a string that isn't closed.
    """
    position, end = 0, len(text)
    match_at = _TOKEN.match
    while position < end:
        match = match_at(text, position)
        if match is None:
            raise _unreadable(text, position)
        kind = match.lastgroup
        start, position = position, match.end()
        if kind == "space":
            continue
        value = match.group()
        if kind == "name":
            if match["colon"] is None:
                yield from _words(value, start)
                continue
        elif kind == "bare":
            kind = "name"
        yield Token(kind, value, start)  # type: ignore[arg-type]  # lastgroup is one of the kinds


def _words(run: str, start: int) -> Iterator[Token]:
    """Take apart a run of name characters without a colon: the dots in it end triples."""
    if "." not in run:
        yield Token("word", run, start)
        return
    for part in re.split(r"(\.)", run):
        if part == ".":
            yield Token("punctuation", part, start)
        elif part:
            yield Token("number" if part[0].isdigit() else "word", part, start)
        start += len(part)


def position_of(text: str, offset: int) -> tuple[int, int]:
    """Return the 1-based line and column of an offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _unreadable(text: str, offset: int) -> QuerySyntaxError:
    line, column = position_of(text, offset)
    if text[offset] in "'\"":
        return QuerySyntaxError("a string begins here that isn't closed.", line, column)
    return QuerySyntaxError(f"{text[offset]!r} can't stand here.", line, column)


def unescape(text: str) -> str:
    """Put the characters in for codepoint escapes, as the standard does before it looks at the grammar."""

    def character(match: re.Match[str]) -> str:
        code = int(match[1] or match[2], 16)
        return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"

    return _ESCAPE.sub(character, text)


def prologue(text: str) -> Prologue:
    """Read the declarations and the form of an operation; stops at the form's keyword.

    Raises
    ------
    QuerySyntaxError
        If no form follows the declarations.
    """
    # A request asks for it in several rooms; what is remembered is bounded in number and in length.
    return _remembered(text) if len(text) <= _REMEMBERED_LENGTH else _read_prologue(text)


def _read_prologue(text: str) -> Prologue:
    base: str | None = None
    prefixes: dict[str, str] = {}
    stream = tokens(text)
    for token in stream:
        word = token.text.upper()
        if token.kind == "word":
            for spelling, form in _FORMS:
                if word.startswith(spelling):
                    return Prologue(form, base, prefixes)
            if word == "BASE":
                base = _iri(text, next(stream, None))
                continue
            if word == "PREFIX":
                name = next(stream, None)
                if name is not None and name.kind == "name" and name.text.endswith(":"):
                    prefixes[name.text[:-1]] = _iri(text, next(stream, None))
                    continue
                raise _no_operation(text, name or token)
            if word == "VERSION":
                next(stream, None)
                continue
        raise _no_operation(text, token)
    if base is not None or prefixes:
        raise QuerySyntaxError("there are declarations, and no operation after them.", *position_of(text, len(text)))
    return Prologue(None, base, prefixes)


_remembered: Final = lru_cache(maxsize=256)(_read_prologue)


def _no_operation(text: str, token: Token) -> QuerySyntaxError:
    return QuerySyntaxError(
        f"{token.text[:40]!r} begins no operation; expected are PREFIX, BASE, SELECT, ASK, CONSTRUCT, DESCRIBE or an "
        "update.",
        *position_of(text, token.start),
    )


def _iri(text: str, token: Token | None) -> str:
    if token is None or token.kind != "iri":
        line, column = position_of(text, len(text) if token is None else token.start)
        raise QuerySyntaxError("an IRI in angle brackets is expected here.", line, column)
    return unescape(token.text[1:-1])


def from_clauses(text: str, base: str | None = None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the graphs that a query's FROM and FROM NAMED clauses name, as absolute IRIs.

    Parameters
    ----------
    text
        A query.
    base
        What its relative IRIs are relative to, unless it declares a base.
    """
    if _FROM.search(text) is None:
        return (), ()
    declared = prologue(text)
    within = declared.base if base is None else urljoin(base, declared.base or "")
    defaults: list[str] = []
    named: list[str] = []
    depth = 0
    stream = tokens(text)
    for token in stream:
        if token.kind == "punctuation":
            depth += (token.text in _OPENING) - (token.text in _CLOSING)
            if token.text == "{" and depth == 1:
                break
        word = token.text.upper() if token.kind == "word" and depth == 0 else ""
        if word not in {"FROM", "FROMNAMED"}:
            continue
        target = next(stream, None)
        into = named if word == "FROMNAMED" else defaults
        if word == "FROM" and target is not None and target.kind == "word" and target.text.upper() == "NAMED":
            target, into = next(stream, None), named
        if target is None:
            break
        if target.kind == "iri":
            into.append(urljoin(within or "", unescape(target.text[1:-1])))
        elif target.kind == "name":
            prefix, _, rest = target.text.partition(":")
            # An undeclared prefix is the engine's to refuse.
            into.append(urljoin(within or "", declared.prefixes.get(prefix, "")) + _LOCAL_ESCAPE.sub(r"\1", rest))
    return tuple(defaults), tuple(named)


_FROM: Final = re.compile(r"from", re.IGNORECASE)
_LOCAL_ESCAPE: Final = re.compile(r"\\(.)")


def undeclared_prefix(text: str) -> tuple[str, int] | None:
    """Return the first prefix that is used without a declaration, and the offset of its use."""
    declared: set[str] = set()
    declaring = False
    for token in tokens(text):
        if token.kind == "name":
            name = token.text.partition(":")[0]
            if declaring:
                declared.add(name)
            elif name not in declared:
                return name, token.start
        declaring = token.kind == "word" and token.text.upper() == "PREFIX"
    return None


def check(text: str, limits: Limits) -> str:
    """Judge an operation before the engine reads it, and return the text to evaluate.

    Returns
    -------
    str
        The operation itself where it is harmless at first sight, else the same operation with the first character of
        each IRI spelt as an escape (see the module's description). Lines stay; `unpinned_column` maps columns back.

    Raises
    ------
    QueryTooLarge
        If its UTF-8 is longer than the limit.
    QueryRefused
        If it calls out (`SERVICE`, `LOAD`), nests too deeply or has too many branches.
    QuerySyntaxError
        If a string isn't closed or a character starts no terminal.
    """
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    if size > limits.max_bytes:
        raise QueryTooLarge(size, limits.max_bytes)
    if _harmless(text, limits):
        return text
    if _ESCAPE.search(text):
        # SPARQL 1.1 puts escapes in before the grammar, 1.2 and the engine only within strings and IRIs: judge both. In
        # the former reading a string may end early; then only the engine's own counts.
        with contextlib.suppress(QuerySyntaxError):
            _judge(unescape(text), limits)
    return _judge(text, limits)


def _harmless(text: str, limits: Limits) -> bool:
    """Say whether the bare characters already show that no guard can trip, however the text is read."""
    count = text.count
    opened = count("{") + count("(") + count("[") + count("<<")
    branches = opened + sum(map(count, "|!/*+-^.;,&"))
    return (
        opened <= limits.max_nesting
        and branches <= limits.max_branches
        and "\\u" not in text
        and "\\U" not in text
        and _OUTBOUND.search(text) is None
    )


def _judge(text: str, limits: Limits) -> str:
    pinned: list[str] = []
    copied = 0
    open_brackets: list[str] = []
    data_follows, data_level = False, -1  # a block of DATA or VALUES is a flat list for the engine
    branches = 0
    before = previous = Token("punctuation", "", 0)
    calling = False  # SERVICE was read, and its address comes next
    for token in tokens(text):
        kind, value, start = token
        if calling:
            calling = kind == "word" and value.upper() == "SILENT"
            if not calling:
                _check_service(text, token, limits.service_allow)
        if kind == "iri":
            if len(value) > 2 and value[1] != "\\":
                pinned.append(f"{text[copied : start + 1]}\\U{ord(value[1]):08x}")
                copied = start + 2
        elif kind == "punctuation":
            if value in _OPENING:
                if value == "{":
                    _refuse_called_name(before, previous)
                    if data_follows:
                        data_follows, data_level = False, len(open_brackets)
                open_brackets.append(value)
                if len(open_brackets) > limits.max_nesting:
                    raise QueryRefused(
                        f"The query nests brackets more than {limits.max_nesting} levels deep.",
                        "Write it flatter, for example with VALUES or IN instead of nested groups.",
                    )
            elif value in _CLOSING and open_brackets:
                open_brackets.pop()
                if len(open_brackets) <= data_level:
                    data_level = -1
            if data_level < 0 and (
                value in _BRANCHING or (value in ".;," and open_brackets and open_brackets[-1] in "{[")
            ):
                branches += 1
        elif kind == "word":
            if _OUTBOUND.search(value):
                if not limits.service_allow or value.upper() != "SERVICE" or prologue(text).form == "update":
                    raise _calls_out(value)
                calling = True
            data_follows = data_follows or value.upper().endswith(("DATA", "VALUES"))
            branches += _binds(value)
        elif kind == "name":
            prefix = value.partition(":")[0]
            if not open_brackets and "load" in prefix.lower() and previous.kind != "word":
                raise _calls_out("LOAD")
            branches += _binds(prefix)
        if branches > limits.max_branches:
            raise QueryRefused(
                f"The query has more than {limits.max_branches:,} branches (groups, triples, filters, operators).",
                "Use VALUES or IN for long lists, or split it.",
            )
        before, previous = previous, token
    pinned.append(text[copied:])
    return "".join(pinned)


def _check_service(text: str, token: Token, allowed: tuple[str, ...]) -> None:
    """Refuse to call any address that doesn't begin with a listed one.

    The address stands there as it is: no variable, no relative IRI, and no step up a path, which the engine's client
    would take before it calls.
    """
    address = ""
    if token.kind == "iri":
        address = unescape(token.text[1:-1])
    elif token.kind == "name":
        prefix, _, rest = token.text.partition(":")
        address = prologue(text).prefixes.get(prefix, "") + _LOCAL_ESCAPE.sub(r"\1", rest)
    if not any(address.startswith(prefix) for prefix in allowed) or _STEP.search(address):
        raise QueryRefused(
            f"SERVICE {token.text[:200]} isn't among the addresses that this service may call.",
            "Ask one that KG_SERVICE_ALLOW lists, by its whole address.",
        )


#: A segment of one or two dots, however it is spelt, and what a client might take for a slash.
_STEP: Final = re.compile(r"/(?:\.|%2e){1,2}(?:[/?#]|$)|%2f|%5c|\\", re.IGNORECASE)


def _binds(word: str) -> int:
    lowered = word.lower()
    return "filter" in lowered or "bind" in lowered


def _refuse_called_name(before: Token, name: Token) -> None:
    """Refuse ``SERVICE:x {``, which the engine reads as SERVICE and `:x`, although the standard sees one name."""
    if name.kind == "name" and "service" in name.text.partition(":")[0].lower():
        if before.kind == "word" and before.text.upper() in {"GRAPH", "FROM", "NAMED"}:
            return
        raise _calls_out("SERVICE")


def _calls_out(word: str) -> QueryRefused:
    keyword = "LOAD" if "load" in word.lower() else "SERVICE"
    return QueryRefused(
        f"{keyword} would make this service call another one, which it doesn't.",
        "Query the other service yourself and give its results in VALUES."
        if keyword == "SERVICE"
        else "Fetch the document yourself and send it to /graphs.",
    )


def unpinned_column(text: str, line: int, column: int) -> int:
    """Map a column of the text that `check` returned to the reader's own text."""
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
    written = 0
    for token in tokens(text):
        if token.kind == "iri" and len(token.text) > 2 and token.text[1] != "\\" and token.start >= start:
            if token.start - start + written + 1 >= column - 1 or "\n" in text[start : token.start]:
                break
            written += 9
    return max(1, column - written)
