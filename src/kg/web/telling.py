"""What an error says, in the language of a page.

Errors are made where no language is known, and say themselves in English. Each of their sentences has a code: the key
``said.<code>`` under which the strings of the interface hold it in every language. The English one is a pattern; what
it finds in its ``{fields}`` are the values of the sentence, which may be sentences or words with a code of their own.
A field written ``{name!r}`` stands between quotation marks: a word of the reader's, which is told as it is. One written
``{name!s}`` is a list of signs that SPARQL would take, with ``or`` between them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from string import Formatter
from typing import Final

from kg.web import i18n

_SAID: Final = "said."
_QUOTED: Final = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
#: What begins with a sign, where a term may stand.
_BEGINS: Final = {
    **dict.fromkeys(("?", "$"), "variable"),
    **dict.fromkeys(("'", '"', "'''", '"""'), "string"),
    **dict.fromkeys(("+", "-"), "number"),
    "<": "IRI",
    ":": "prefixed name",
    "_:": "blank node",
}
_LATIN: Final = re.compile(r"[A-Za-z]{2}")
_CHINESE: Final = re.compile(r"((?:[\u3000-\u9fff\uff00-\uffef]+[0-9“”·%]*)+)")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sentence; `language` is set where it isn't that of the page."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the house: its code, its values by name, and how each was written: ``r``, ``s`` or nothing."""

    code: str
    values: dict[str, str]
    written: Mapping[str, str]


@cache
def _patterns() -> Sequence[tuple[int, str, re.Pattern[str], Mapping[str, str]]]:
    """Return the patterns of all sentences, those with the most letters of their own first."""
    found = []
    for key, text in i18n.strings("en").items():
        if not key.startswith(_SAID):
            continue
        pattern, own, written = "", 0, {}
        for literal, name, _, conversion in Formatter().parse(text):
            pattern += re.escape(literal)
            own += len(literal)
            if name:
                pattern += f"(?P<{name}>{_QUOTED if conversion == 'r' else '.*?'})"
                written[name] = conversion or ""
        found.append((own, key.removeprefix(_SAID), re.compile(pattern, re.DOTALL), written))
    return sorted(found, key=lambda each: (-each[0], each[1]))


def read(text: str) -> Sentence | None:
    """Return the sentence that an English text is, or None where no code is known for it."""
    for _, code, pattern, written in _patterns():
        if match := pattern.fullmatch(text):
            return Sentence(code, match.groupdict(), written)
    return None


def runs(text: str) -> list[Piece]:
    """Return an English text with its Chinese words marked as such."""
    parts = _CHINESE.split(text)
    return [Piece(part, "zh" if place % 2 else "") for place, part in enumerate(parts) if part]


def tell(text: str, language: str) -> list[Piece]:
    """Return what an error said, in a language; what can't be told in it keeps its own and bears its mark."""
    if language == "en":
        return runs(text)
    return list(_told(text, language))


def _told(text: str, language: str) -> Iterator[Piece]:
    sentence = read(text)
    if sentence is None:
        if text:
            yield _as_it_is(text)
        return
    for literal, name, _, _ in Formatter().parse(i18n.strings(language)[f"{_SAID}{sentence.code}"]):
        if literal:
            yield Piece(literal)
        if not name:
            continue
        value = sentence.values[name]
        match sentence.written[name]:
            case "r":
                yield _as_it_is(value[1:-1])
            case "s":
                yield from _signs(value.split(" or "), language)
            case _:
                yield from _told(value, language)


def _signs(signs: Sequence[str], language: str) -> Iterator[Piece]:
    """Tell what may stand at a place: where a term may, by its kind instead of the signs that one begins with."""
    if "$" in signs or "'" in signs:
        signs = [_BEGINS.get(sign, sign) for sign in signs]
    for place, sign in enumerate(dict.fromkeys(signs)):
        if place:
            yield Piece(i18n.translate(language, "list.comma"))
        yield from _told(sign, language)


def _as_it_is(text: str) -> Piece:
    return Piece(text, "en" if _LATIN.search(text) and not _CHINESE.search(text) else "")
