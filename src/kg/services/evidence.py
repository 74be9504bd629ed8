"""Evidence: spans of the source documents, how they are located, and how every one of them is verified.

Notes
-----
A span counts Unicode code points of the text exactly as its file holds it (UTF-8, line ends untouched), from 0, its end
exclusive. Its paragraph is the 1-based count of non-empty lines at its start. Its hash is the SHA-256 of its characters
in UTF-8. The graph holds these alone, never the words.
"""

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from pyoxigraph import NamedNode

from kg import paths
from kg.errors import DocumentUnreadable, PhraseAmbiguous, PhraseMissing
from kg.store.protocol import Reader, Solution

#: A document's key comes from the graph and names a file: nothing that could lead out of the folder is one.
_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_FACTS_AT_ONCE: Final = 200

State = Literal["verified", "failed", "missing"]


@dataclass(frozen=True, slots=True)
class Span:
    """A passage of a document: key, start and end in code points, paragraph, and the hash of its characters."""

    document: str
    start: int
    end: int
    paragraph: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A span, or a document, that isn't as the graph says: which one, what is wrong, and which facts rest on it."""

    document: str
    evidence: str
    problem: str
    facts: tuple[str, ...] = ()

    def __str__(self) -> str:
        facts = f" (facts: {', '.join(f'<{fact}>' for fact in self.facts)})" if self.facts else ""
        return f"{self.document}: <{self.evidence}> {self.problem}{facts}"


@dataclass(frozen=True, slots=True)
class DocumentState:
    """How far the spans of one document were verified; `missing` where the folder has no text of it."""

    key: str
    iri: str
    state: State
    spans: int
    verified: int


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found.

    Attributes
    ----------
    folder
        Where the texts were looked for; empty where none was given.
    """

    folder: str
    documents: tuple[DocumentState, ...]
    failures: tuple[Failure, ...]

    @property
    def spans(self) -> int:
        """How many spans the graph has."""
        return sum(document.spans for document in self.documents)

    @property
    def verified(self) -> int:
        """How many of them were found in their documents as the graph says."""
        return sum(document.verified for document in self.documents)

    @property
    def unchecked(self) -> int:
        """How many couldn't be looked at, for want of the document's text."""
        return sum(document.spans for document in self.documents if document.state == "missing")

    @property
    def passed(self) -> bool:
        """Whether every span was verified, and there was one: nothing checked is no success."""
        return self.spans > 0 and self.verified == self.spans and not self.failures


def digest(text: str) -> str:
    """Return the SHA-256 of characters in UTF-8.

    >>> digest("甲")[:16]
    '33e3580c093111e1'
    """
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def locate(text: str, phrase: str, document: str = "the text") -> Span:
    """Return the span of a phrase that stands in a text exactly once.

    Parameters
    ----------
    text
        The document's text, as `read` returns it.
    phrase
        The passage, character for character.
    document
        The document's key, for the span and for what an error says.

    Raises
    ------
    PhraseMissing
        If the text doesn't have it, or it is empty.
    PhraseAmbiguous
        If the text has it more than once; overlapping occurrences count.

    Examples
    --------
    >>> span = locate("第一段。\\n\\n第二段有氢能。\\n", "氢能")
    >>> span.start, span.end, span.paragraph
    (10, 12, 2)
    """
    if not phrase:
        raise PhraseMissing(document, phrase)
    found: list[int] = []
    at = text.find(phrase)
    while at >= 0:
        found.append(at)
        at = text.find(phrase, at + 1)
    if not found:
        raise PhraseMissing(document, phrase)
    if len(found) > 1:
        raise PhraseAmbiguous(document, phrase, found)
    start, end = found[0], found[0] + len(phrase)
    return Span(document, start, end, Paragraphs(text).at(start), digest(phrase))


class Paragraphs:
    """The paragraphs of a text: its non-empty lines, counted from 1."""

    def __init__(self, text: str) -> None:
        self._starts: list[int] = []
        self._numbers: list[int] = []
        number = start = 0
        for line in text.split("\n"):
            number += bool(line.strip())
            self._starts.append(start)
            self._numbers.append(number)
            start += len(line) + 1

    def at(self, position: int) -> int:
        """Return the paragraph that a position stands in; of an empty line, the one before it."""
        return self._numbers[bisect_right(self._starts, position) - 1]

    @property
    def count(self) -> int:
        """How many there are."""
        return self._numbers[-1]


def read(folder: Path, key: str) -> str:
    """Return the text of a document, exactly as its file holds it.

    Parameters
    ----------
    folder
        Where the deployer keeps the texts (``KG_SOURCES_DIR``).
    key
        The document's key, which comes from the graph: the file is ``<key>.txt``.

    Raises
    ------
    DocumentUnreadable
        If the key can't be a file's name, the file isn't there or leads out of the folder, or it isn't UTF-8.
    """
    if not _KEY.fullmatch(key):
        raise DocumentUnreadable(key, str(folder), "a key has ASCII letters, digits, - and _ alone")
    path = folder / f"{key}.txt"
    try:
        if not path.resolve(strict=True).is_relative_to(folder.resolve()):
            raise DocumentUnreadable(key, str(folder), f"{path.name} leads out of the folder")
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        reason = f"there is no file {path.name}"
    except UnicodeDecodeError as error:
        reason = f"{path.name} isn't UTF-8 at byte {error.start}"
    except OSError as error:
        reason = f"{path.name}: {error.strerror}"
    raise DocumentUnreadable(key, str(folder), reason)


def text_of(folder: Path | None, key: str, expected_sha256: str) -> str | None:
    """Return the text of a document for its passages to be shown, or None where positions are all there is.

    None where no folder is set, the folder hasn't the document, or holds another text than the one that the graph was
    made from: in another text a position would show other words as evidence.
    """
    if folder is None:
        return None
    try:
        text = read(folder, key)
    except DocumentUnreadable:
        return None
    return text if digest(text) == expected_sha256 else None


@dataclass(slots=True)
class _Node:
    """A node's values by variable: the graph says each once, or the check says so."""

    iri: str
    values: dict[str, set[str]] = field(default_factory=dict)

    def one(self, name: str) -> str:
        return next(iter(self.values.get(name, ())), "")

    def faults(self, names: Mapping[str, str]) -> list[str]:
        found = []
        for name, words in names.items():
            values = self.values.get(name, set())
            if len(values) != 1:
                found.append(f"has {len(values) or 'no'} {words}{'s' if len(values) > 1 else ''}")
            elif name in _NUMBERS and not re.fullmatch(r"[0-9]{1,9}", self.one(name)):
                found.append(f"has {self.one(name)[:40]!r} as its {words}, which is no count")
        return found


_NUMBERS: Final = frozenset({"start", "end", "paragraph", "characters", "paragraphs"})
_OF_A_SPAN: Final = {
    "document": "document",
    "start": "start",
    "end": "end",
    "paragraph": "paragraph",
    "sha256": "hash",
}
_OF_A_DOCUMENT: Final = {
    "key": "key",
    "sha256": "hash of its text",
    "characters": "number of characters",
    "paragraphs": "number of paragraphs",
}


def check(store: Reader, folder: Path | None) -> CheckReport:
    """Verify every span of the graph, and every document, against a folder of texts.

    Parameters
    ----------
    store
        The graph.
    folder
        Where ``<key>.txt`` lie; None checks nothing, and the report says so.

    Returns
    -------
    CheckReport
        Each document with how far its spans were verified, and each failure with the facts that rest on it.
    """
    documents = _nodes(store.select(paths.query("evidence/documents.rq")), "document")
    spans: dict[str, list[_Node]] = {iri: [] for iri in documents}
    homeless: list[_Node] = []
    for span in _nodes(store.select(paths.query("evidence/spans.rq")), "evidence").values():
        spans.get(span.one("document"), homeless).append(span)

    failures: list[Failure] = []
    states: list[DocumentState] = []
    for iri, document in documents.items():
        state, found = _check_document(document, spans[iri], folder)
        states.append(state)
        failures += found
    failures += [Failure("", span.iri, "; ".join(span.faults(_OF_A_SPAN))) for span in homeless]
    if homeless:
        states.append(DocumentState("", "", "failed", len(homeless), 0))
    return CheckReport(
        str(folder or ""),
        tuple(sorted(states, key=lambda s: (s.key, s.iri))),
        tuple(_with_facts(store, failures)),
    )


def _check_document(
    document: _Node, spans: Sequence[_Node], folder: Path | None
) -> tuple[DocumentState, list[Failure]]:
    key = document.one("key")
    if folder is None:
        return DocumentState(key, document.iri, "missing", len(spans), 0), []
    faults = document.faults(_OF_A_DOCUMENT)
    try:
        text = read(folder, key)
    except DocumentUnreadable as error:
        failures = [Failure(key, document.iri, str(error))]
        return DocumentState(key, document.iri, "missing", len(spans), 0), failures
    paragraphs = Paragraphs(text)
    if not faults:
        for name, found in (
            ("sha256", digest(text)),
            ("characters", str(len(text))),
            ("paragraphs", str(paragraphs.count)),
        ):
            if document.one(name) != found:
                faults.append(
                    f"the graph says {document.one(name)} as the {_OF_A_DOCUMENT[name]}, the file has {found}"
                )
    failures = [Failure(key, document.iri, fault) for fault in faults]
    verified = 0
    for span in spans:
        problems = span.faults(_OF_A_SPAN) or _compare(span, text, paragraphs)
        failures += [Failure(key, span.iri, problem) for problem in problems]
        verified += not problems
    state: State = "failed" if failures else "verified"
    return DocumentState(key, document.iri, state, len(spans), verified), failures


def _compare(span: _Node, text: str, paragraphs: Paragraphs) -> list[str]:
    start, end = int(span.one("start")), int(span.one("end"))
    if not 0 <= start < end <= len(text):
        return [f"goes from {start} to {end}, and the text has {len(text)} characters"]
    problems = []
    if digest(text[start:end]) != span.one("sha256"):
        problems.append(f"has another hash than the characters {start} to {end} of the text")
    if paragraphs.at(start) != int(span.one("paragraph")):
        problems.append(f"says paragraph {span.one('paragraph')}, and starts in paragraph {paragraphs.at(start)}")
    return problems


def _with_facts(store: Reader, failures: Sequence[Failure]) -> Iterable[Failure]:
    facts: dict[str, list[str]] = {}
    wanted = sorted({failure.evidence for failure in failures})
    for first in range(0, len(wanted), _FACTS_AT_ONCE):
        terms = [NamedNode(iri) for iri in wanted[first : first + _FACTS_AT_ONCE]]
        for solution in store.select(paths.query("evidence/facts.rq"), {"evidence": terms}):
            facts.setdefault(_text(solution, "evidence"), []).append(_text(solution, "fact"))
    for failure in failures:
        yield Failure(failure.document, failure.evidence, failure.problem, tuple(facts.get(failure.evidence, ())))


def _nodes(solutions: Iterable[Solution], subject: str) -> dict[str, _Node]:
    """Gather solutions by subject: a node with two values of one property has several."""
    nodes: dict[str, _Node] = {}
    for solution in solutions:
        iri = _text(solution, subject)
        node = nodes.setdefault(iri, _Node(iri))
        for name in solution:
            if name != subject:
                node.values.setdefault(name, set()).add(_text(solution, name))
    return nodes


def _text(solution: Solution, name: str) -> str:
    return str(getattr(solution[name], "value", solution[name]))
