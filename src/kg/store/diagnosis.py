"""What is wrong with an operation that the engine can't parse, told so that a reader can mend it.

The engine says where it gave up last and which terminals it would have liked to see there. It tries a keyword by taking
as many characters as it has, so a place at which it wished for keywords lies that much too far on, and where the text
ended too early for the try, it says nothing of use. Brackets and prefixes are therefore looked at here first.
"""

import re
from typing import Final

from pyoxigraph import NamedNode

from kg.errors import QuerySyntaxError
from kg.model.vocabulary import PREFIXES
from kg.store.lexer import position_of, tokens, undeclared_prefix, unescape

_AT: Final = re.compile(r"error at (\d+):(\d+): expected (?:one of )?(.*)", re.DOTALL)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_PAIRS: Final = {"}": "{", ")": "(", "]": "[", ">>": "<<", "|}": "{|"}


def diagnose(message: str, operation: str) -> QuerySyntaxError:
    """Return the error for an operation that the engine refused with a message."""
    match = _AT.match(message)
    if match is None:
        return QuerySyntaxError(message)
    try:
        found = _prefix(operation) or _brackets(operation) or _iri(operation)
    except QuerySyntaxError as error:
        return error
    if found is not None:
        explanation, offset = found
        return QuerySyntaxError(explanation, *position_of(operation, offset))
    offset = _offset(operation, int(match[1]), int(match[2]))
    wishes = re.split(r", (?=[\"'\[A-Za-z])", match[3])
    for wish in wishes:
        # What the engine found out beyond the grammar is a sentence among the terminals.
        if wish[:1] not in {'"', "'", "["} and wish.count(" ") >= 2:
            return QuerySyntaxError(f"{wish}.", *position_of(operation, min(offset, len(operation))))
    terminals = [wish[1:-1] for wish in wishes if wish[:1] == '"']
    keywords = [wish for wish in wishes if wish.isalpha()]
    if not terminals and not keywords:
        return QuerySyntaxError(
            "each word may stand where it is, but a variable may be bound twice, or a part is missing."
        )
    if not terminals:
        offset -= min(map(len, keywords))
    offset = _next(operation, max(0, offset))
    here = operation[offset:].split("\n", 1)[0].strip()[:30]
    what = f"what begins with {here!r} doesn't fit here" if here else "it ends too early"
    expected = f"; expected {' or '.join(terminals[:8])}" if terminals else ""
    return QuerySyntaxError(f"{what}{expected}.", *position_of(operation, offset))


def _prefix(operation: str) -> tuple[str, int] | None:
    unknown = undeclared_prefix(operation)
    if unknown is None:
        return None
    prefix, offset = unknown
    namespace = PREFIXES.get(prefix, "…")
    return f"the prefix {prefix}: isn't declared; begin with PREFIX {prefix}: <{namespace}>.", offset


def _brackets(operation: str) -> tuple[str, int] | None:
    opened: list[tuple[str, int]] = []
    for token in tokens(operation):
        if token.kind != "punctuation":
            continue
        if token.text in _PAIRS.values():
            opened.append((token.text, token.start))
        elif token.text in {"}", ")", "]"}:
            if not opened:
                return f"{token.text!r} closes nothing.", token.start
            bracket, start = opened.pop()
            if bracket != _PAIRS[token.text]:
                return f"{bracket!r} isn't closed before the {token.text!r} that closes what is around it.", start
    return (f"{opened[-1][0]!r} isn't closed.", opened[-1][1]) if opened else None


def _iri(operation: str) -> tuple[str, int] | None:
    has_base = False
    for token in tokens(operation):
        if token.kind == "word":
            has_base = has_base or token.text.upper() == "BASE"
        elif token.kind == "iri":
            iri = unescape(token.text[1:-1])
            if not _SCHEME.match(iri):
                if not has_base:
                    return f"<{iri[:80]}> is relative; write the IRI in full, or begin with BASE.", token.start
                continue
            try:
                NamedNode(iri)
            except ValueError as error:
                return f"<{iri[:80]}> is no IRI: {error}.", token.start
    return None


def _offset(operation: str, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = operation.find("\n", start) + 1
    return start + column - 1


def _next(operation: str, offset: int) -> int:
    """Return the offset of the first terminal that begins at an offset or after it."""
    for token in tokens(operation):
        if token.start + len(token.text) > offset:
            return max(offset, token.start)
    return len(operation)
