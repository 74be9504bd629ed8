"""What is wrong with an operation that the engine can't parse, told so that a reader can mend it.

The engine's parser has no tokens. It says how far it came in any of its tries, and what it would have liked to see
there; but it tries a keyword by taking as many characters as that has, so a long keyword tried early can hide a short
one tried later, and where the text ends within a try it says nothing of use. It is therefore asked again about the same
terminals with more room behind each than any keyword is long: however far a try at one terminal goes, it doesn't reach
the next, and the last terminal that begins before the place it tells is the one that it couldn't read. Brackets and
prefixes, which it explains worse, are looked at first.
"""

import re
from bisect import bisect_right
from typing import Final

from pyoxigraph import NamedNode, Store

from kg.errors import QuerySyntaxError
from kg.model.vocabulary import BASE, PREFIXES
from kg.store.lexer import Token, position_of, prologue, tokens, undeclared_prefix, unescape

_AT: Final = re.compile(r"error at (\d+):(\d+): expected (?:one of )?(.*)", re.DOTALL)
#: Longer than any keyword of SPARQL.
_ROOM: Final = " " * 32
_NO_END: Final = "\x00"
#: The engine reads some functions only with their bracket at once: `COALESCE(`.
_CALLS: Final = frozenset({("word", "("), ("name", "(")})
_TOUCHING: Final = frozenset({"+", "-", "^^"})
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_PAIRS: Final = {"}": "{", ")": "(", "]": "[", ">>": "<<", "|}": "{|"}


def diagnose(message: str, operation: str) -> QuerySyntaxError:
    """Return the error for an operation that the engine refused with a message; it has a position in the operation."""
    try:
        explanation, offset = _prefix(operation) or _brackets(operation) or _engine(message, operation)
    except QuerySyntaxError as error:
        return error
    return QuerySyntaxError(explanation, *position_of(operation, offset))


def _engine(message: str, operation: str) -> tuple[str, int]:
    """Explain what the engine says of the operation, spread out."""
    spread, places = _spread(operation)
    match = _AT.match(_refusal(spread, prologue(operation).form == "update"))
    if match is None:
        return f"{message}.", len(operation)
    position = _offset(spread, int(match[1]), int(match[2]))
    number = bisect_right([start for start, _ in places], position) - 1
    token = places[number][1] if number >= 0 and position < len(spread) else None
    offset = len(operation) if token is None else token.start
    if token is not None and token.kind == "iri" and (wrong := _wrong(token)):
        return wrong, offset
    wishes = _wishes(match[3])
    if '">"' in wishes or any(wish.startswith("IRI parsing") for wish in wishes):
        opened = [place.start for start, place in places if place.text == "<" and start < position]
        if opened:
            return "an IRI begins here that isn't closed, or holds what an IRI can't.", opened[-1]
    # What the engine found out beyond the grammar is a sentence among the terminals. What it says at the very end, the
    # character put there hides.
    told = wishes if token is not None else [*wishes, *_wishes(message)]
    sentences = [wish for wish in told if wish[:1] not in {'"', "'", "["} and wish.count(" ") >= 2]
    if token is None and sentences in ([], ["IRI parsing failed"]) and (relative := _relative(operation)):
        return relative
    if sentences:
        return f"{sentences[0].rstrip('.')}.", offset
    terminals = [wish[1:-1] for wish in wishes if wish[:1] == '"']
    here = operation[offset:].split("\n", 1)[0].strip()[:30]
    what = (
        f"what begins with {here!r} doesn't fit here, or a part before it is missing" if here else "it ends too early"
    )
    expected = f"; expected {' or '.join(terminals[:8])}" if terminals else ""
    return f"{what}{expected}.", offset


def _wishes(told: str) -> list[str]:
    """Return the terminals and the sentences that the engine tells."""
    match = _AT.match(told)
    return re.split(r", (?=[\"'\[A-Za-z])", match[3] if match else told)


def _spread(operation: str) -> tuple[str, list[tuple[int, Token]]]:
    """Return the operation with room between its terminals, and each with the offset where it then begins."""
    parts: list[str] = []
    places: list[tuple[int, Token]] = []
    length = end = 0
    before: Token | None = None
    for token in tokens(operation):
        if before is not None and (token.start > end or not _touch(before, token)):
            parts.append(_ROOM)
            length += len(_ROOM)
        if before is None or token.start > end or (before.kind, token.text) not in _CALLS:
            places.append((length, token))
        parts.append(token.text)
        length, end, before = length + len(token.text), token.start + len(token.text), token
    return "".join((*parts, _ROOM)), places


def _touch(before: Token, token: Token) -> bool:
    """Say whether two terminals without space between them may be another thing than the two with space."""
    return (
        (before.kind, token.text) in _CALLS
        or token.kind == "language"
        or not _TOUCHING.isdisjoint((before.text, token.text))
        or before.text == "<<"
        or token.text == ">>"
    )


def _refusal(spread: str, update: bool) -> str:
    """Return what the engine says of an operation with a base and, at the end, a character that no operation has.

    It is always refused, at the end if nowhere else, so nothing is ever evaluated here.
    """
    engine, text = Store(), f"{spread}{_NO_END}"
    try:
        if update:
            engine.update(text, base_iri=BASE)
        else:
            engine.query(text, base_iri=BASE)
    except (SyntaxError, ValueError, RuntimeError) as error:
        return str(error)
    return ""


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


def _relative(operation: str) -> tuple[str, int] | None:
    """Return the first relative IRI of an operation that declares no base."""
    if prologue(operation).base is not None:
        return None
    relative = (t for t in tokens(operation) if t.kind == "iri" and not _SCHEME.match(unescape(t.text[1:-1])))
    return next(
        ((f"{t.text[:80]} is relative; write the IRI in full, or begin with BASE.", t.start) for t in relative), None
    )


def _wrong(token: Token) -> str | None:
    """Return what is wrong with an IRI in full."""
    iri = unescape(token.text[1:-1])
    if _SCHEME.match(iri):
        try:
            NamedNode(iri)
        except ValueError as error:
            return f"<{iri[:80]}> is no IRI: {error}."
    return None


def _offset(operation: str, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = operation.find("\n", start) + 1
    return start + column - 1
