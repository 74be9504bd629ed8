"""Labels: which of a resource's names is shown. One fallback, the same on every page and in every export."""

from collections.abc import Iterable
from dataclasses import dataclass

from pyoxigraph import Literal


@dataclass(frozen=True, slots=True)
class Label:
    """A text and the language it is written in; the language is empty where none is known."""

    text: str
    language: str = ""

    def __str__(self) -> str:
        return self.text


def local_name(iri: str) -> str:
    """Return the part of an IRI after its last ``#``, ``/`` or ``:``.

    >>> local_name("https://w3id.org/zone-kg/ontology#produces")
    'produces'
    >>> local_name("https://w3id.org/zone-kg/scheme/modality/actual")
    'actual'
    """
    trimmed = iri.rstrip("#/:")
    return max((trimmed.rpartition(mark)[2] for mark in "#/:" if mark in trimmed), key=lambda t: -len(t), default=iri)


def choose(labels: Iterable[Literal], wanted: str, iri: str = "") -> Label:
    """Return the label to show: the wanted language, else zh-CN, zh, none, en, else the local name.

    Parameters
    ----------
    labels
        The labels of one resource, of one kind.
    wanted
        The reader's language, ``zh`` or ``en``.
    iri
        The resource; its local name stands in where there is no label.

    Notes
    -----
    Among several labels of one language the first in alphabetical order wins, so that a page doesn't change between
    two requests.

    Examples
    --------
    >>> choose([Literal("甲", language="zh"), Literal("A", language="en")], "en").text
    'A'
    >>> choose([Literal("甲", language="zh")], "en")
    Label(text='甲', language='zh')
    >>> choose([], "en", "https://example.org/x/y").text
    'y'
    """
    by_language: dict[str, list[str]] = {}
    rest: list[tuple[str, str]] = []
    for label in labels:
        language = (label.language or "").lower()
        by_language.setdefault(language, []).append(label.value)
        rest.append((language, label.value))
    for language in (wanted.lower(), "zh-cn", "zh", "", "en"):
        if texts := by_language.get(language):
            return Label(min(texts), "zh" if language == "zh-cn" else language)
    if rest:
        language, text = min(rest)
        return Label(text, language)
    return Label(local_name(iri))
