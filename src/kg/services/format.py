"""The one sorted spelling of the data's Turtle files, so that a change of the data is a change of few lines.

Subjects stand in the order schemes and the like, entities, facts, evidence, and within these by IRI; below each comes
the class, then the label, then the other predicates by IRI, one a line. Comments at the head of a file stay; others
can't, because a serialiser doesn't know what they belong to.

Language tags are written in lower case, `zh-cn` where others write `zh-CN`: the engine keeps them so wherever they come
in (files, queries, results), and a file that showed another case would differ from what the service answers. The data
themselves tag Chinese `zh` and English `en`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.errors import ParseFailed
from kg.model.vocabulary import BASE, ENTITY_SEGMENTS, FACT_SEGMENTS, ID, PREFIXES, RDF, SKOS, XSD
from kg.store.embedded import has_blank_node, parse_failed

_LEADING: Final = (f"{RDF}type", f"{SKOS}prefLabel", f"{RDF}subject", f"{RDF}predicate", f"{RDF}object")
_ENTITIES: Final = frozenset(ENTITY_SEGMENTS.values())
_FACTS: Final = frozenset(FACT_SEGMENTS.values())
_LOCAL: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_\-]*[A-Za-z0-9_])?")
#: What may follow `BASE` in a relative reference: no dot segments, no colon, no empty segment.
_RELATIVE: Final = re.compile(r"[A-Za-z0-9_\-]+(?:/[A-Za-z0-9_~\-][A-Za-z0-9_~.\-]*)+")
_BARE: Final = {
    f"{XSD}integer": re.compile(r"[+-]?[0-9]+"),
    f"{XSD}decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    f"{XSD}double": re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE][+-]?[0-9]+"),
    f"{XSD}boolean": re.compile(r"true|false"),
}
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_TO_ESCAPE: Final = re.compile(r'[\x00-\x1f\x7f-\x9f\\"\u2028\u2029\ufeff]')


def format_file(path: Path) -> str:
    """Return a Turtle file's content in the sorted spelling.

    Raises
    ------
    ParseFailed
        If it isn't well-formed, or holds a blank node or a triple term, which the data don't use.
    """
    return format_text(_read(path), str(path))


def format_text(text: str, name: str = "the text") -> str:
    """Return Turtle in the sorted spelling; `name` says in errors where it came from.

    Raises
    ------
    ParseFailed
        As for `format_file`.
    """
    try:
        triples = {quad.triple for quad in ox.parse(text, ox.RdfFormat.TURTLE)}
    except SyntaxError as error:
        failure = parse_failed(name, error)
    else:
        for triple in triples:
            if has_blank_node(triple) or isinstance(triple.object, ox.Triple):
                raise ParseFailed(name, f"the data have no blank nodes and no triple terms; give an IRI in {triple}")
        return _head(text) + write(triples)
    raise failure


def unformatted(paths: Iterable[Path]) -> list[Path]:
    """Return those of the files that aren't in the sorted spelling, without changing any.

    Raises
    ------
    ParseFailed
        As for `format_file`.
    """
    return [path for path in paths if _read(path) != format_file(path)]


def write(triples: Iterable[ox.Triple]) -> str:
    """Return triples without blank nodes as Turtle in the sorted spelling."""
    subjects: dict[str, dict[str, set[ox.NamedNode | ox.Literal]]] = defaultdict(lambda: defaultdict(set))
    for triple in triples:
        subjects[triple.subject.value][triple.predicate.value].add(triple.object)  # type: ignore[union-attr, arg-type]
    writer = _Writer()
    blocks = [writer.block(subject, subjects[subject]) for subject in sorted(subjects, key=_subject_order)]
    return "\n".join([writer.declarations(), *blocks])


class _Writer:
    """Spells terms, and remembers what it has to declare."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._relative = False

    def declarations(self) -> str:
        lines = [f"@base <{BASE}> .\n"] if self._relative else []
        lines += [f"@prefix {prefix}: <{PREFIXES[prefix]}> .\n" for prefix in sorted(self._used)]
        return "".join(lines)

    def block(self, subject: str, predicates: dict[str, set[ox.NamedNode | ox.Literal]]) -> str:
        lines = []
        for predicate in sorted(predicates, key=_predicate_order):
            verb = "a" if predicate == _LEADING[0] else self._iri(predicate)
            objects = ", ".join(self._term(term) for term in sorted(predicates[predicate], key=_object_order))
            lines.append(f"    {verb} {objects}")
        return f"{self._iri(subject)}\n" + " ;\n".join(lines) + " .\n"

    def _term(self, term: ox.NamedNode | ox.Literal) -> str:
        if isinstance(term, ox.NamedNode):
            return self._iri(term.value)
        datatype = term.datatype.value
        if (bare := _BARE.get(datatype)) and bare.fullmatch(term.value):
            return term.value
        text = f'"{_TO_ESCAPE.sub(_escape, term.value)}"'
        if term.language is not None:
            return f"{text}@{term.language}" + (f"--{_direction(term)}" if _direction(term) else "")
        return text if datatype == f"{XSD}string" else f"{text}^^{self._iri(datatype)}"

    def _iri(self, iri: str) -> str:
        prefix = max(
            (p for p, namespace in PREFIXES.items() if iri.startswith(namespace)),
            key=lambda p: len(PREFIXES[p]),
            default=None,
        )
        if prefix is not None and _LOCAL.fullmatch(local := iri[len(PREFIXES[prefix]) :]):
            self._used.add(prefix)
            return f"{prefix}:{local}"
        if iri.startswith(BASE) and _RELATIVE.fullmatch(rest := iri[len(BASE) :]):
            self._relative = True
            return f"<{rest}>"
        return f"<{iri}>"


def _direction(term: ox.Literal) -> str:
    direction = getattr(term, "direction", None)
    return "" if direction is None else str(getattr(direction, "value", direction))


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return _ESCAPES.get(character) or f"\\u{ord(character):04X}"


def _read(path: Path) -> str:
    # Without the translation of line ends, which would change what a long string says.
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        failure = ParseFailed(str(path), f"it isn't UTF-8: {error.reason}", line)
    raise failure


def _head(text: str) -> str:
    """Return the comment lines that a file begins with, and an empty line after them."""
    match = re.match(r"(?:#[^\r\n]*(?:\r?\n|\r|\Z))+", text)
    return "".join(f"{line}\n" for line in [*re.split(r"[\r\n]+", match.group().rstrip("\r\n")), ""]) if match else ""


def _subject_order(iri: str) -> tuple[int, list[str | tuple[int, str]], str]:
    segment = iri[len(ID) :].partition("/")[0] if iri.startswith(ID) else ""
    rank = 1 if segment in _ENTITIES else 2 if segment in _FACTS else 3 if segment == "ev" else 0
    # Numbers in their own order: a passage's name ends with its position.
    parts: list[str | tuple[int, str]] = []
    for position, part in enumerate(re.split(r"([0-9]+)", iri)):
        number = part.lstrip("0")
        parts.append((len(number), number) if position % 2 else part)
    return rank, parts, iri


def _predicate_order(iri: str) -> tuple[int, str]:
    return (_LEADING.index(iri) if iri in _LEADING else len(_LEADING)), iri


def _object_order(term: ox.NamedNode | ox.Literal) -> tuple[str, ...]:
    if isinstance(term, ox.NamedNode):
        return ("", term.value)
    return ("literal", term.value, term.language or "", term.datatype.value, _direction(term))
