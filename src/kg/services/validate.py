"""Validation of the base before it is written: SHACL shapes, or the hygiene queries where the data are too many."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urljoin

from kg.errors import MissingAsset, ParseFailed, ValidationFailed
from kg.services.base import BaseFiles, Target
from kg.store.protocol import Store

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

#: pySHACL takes about 50 s and 1.3 GB for a million triples; above this the hygiene queries stand in for it.
MOST_TRIPLES_FOR_SHAPES: Final = 500_000

Severity = Literal["violation", "warning", "info"]
_SH: Final = "http://www.w3.org/ns/shacl#"
_SUBJECT: Final = re.compile(r"^(?:<([^<>\s]+)>|([\w.\-]*):([^\s;,<>]*))\s")
_BASE: Final = re.compile(r"^\s*(?:@base|BASE)\s+<([^<>]*)>", re.IGNORECASE)
_PREFIX: Final = re.compile(r"^\s*(?:@prefix|PREFIX)\s+([\w.\-]*):\s*<([^<>]*)>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """One result: what is wrong, with which node, and in which file and line that node is described.

    `shape` is the IRI of the shape, or the name of the hygiene query. `path` and `value` are empty where there is none.
    """

    severity: Severity
    focus: str
    shape: str
    path: str
    value: str
    message_zh: str
    message_en: str
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.file else ""
        message = " / ".join(dict.fromkeys(part for part in (self.message_zh, self.message_en) if part))
        at = f" at <{self.path}>" if self.path else ""
        value = f", value {self.value[:100]}" if self.value else ""
        return f"{where}<{self.focus}>{at}{value}: {message} ({self.shape})"


def validate_base(target: Target, files: BaseFiles) -> tuple[Literal["shapes", "hygiene"], list[str]]:
    """Validate what the default graph is to hold; return how it was done, and the warnings.

    Raises
    ------
    ValidationFailed
        If there is a violation. Where there is no shape nothing conforms: an empty shapes graph would let all pass.
    """
    if len(target.lines) > MOST_TRIPLES_FOR_SHAPES:
        how: Literal["shapes", "hygiene"] = "hygiene"
        results = hygiene(target.store, files)
    else:
        how, results = "shapes", shapes(target.data, files)
    if violations := [str(result) for result in results if result.severity == "violation"]:
        raise ValidationFailed(violations)
    return how, [str(result) for result in results if result.severity == "warning"]


def shapes(data: bytes, files: BaseFiles) -> list[ValidationResult]:
    """Validate N-Triples, which hold the ontology too, by the shapes of the ontology; return every result, sorted.

    Raises
    ------
    ParseFailed
        If a file of shapes isn't well-formed.
    ValidationFailed
        If no shape is found.
    """
    # Imported here: neither a start nor a query should pay for them.
    from pyshacl import validate as run_shacl
    from rdflib import Graph
    from rdflib.namespace import RDF, SH

    found = {name: path for name, path in files.shapes().items() if path.suffix == ".ttl"}
    shapes_graph = _parse(found)
    if not any((None, RDF.type, kind) in shapes_graph for kind in (SH.NodeShape, SH.PropertyShape)):
        raise ValidationFailed(
            [f"no shape was found in {files.ontology / 'shapes'}, so nothing can be said to conform"]
        )
    modules = {name: path for name, path in files.listed().items() if path.is_relative_to(files.ontology)}
    _, report, _ = run_shacl(
        Graph().parse(data=data, format="nt"),
        shacl_graph=shapes_graph,
        # With the ontology a subclass's instances are instances of its parents.
        ont_graph=_parse(modules),
        advanced=True,
    )
    if not isinstance(report, Graph):
        raise ValidationFailed([f"the validation itself failed: {report}"])
    places = Places(files.listed())
    return sorted(
        (_result(report, node, shapes_graph, places) for node in report.subjects(RDF.type, SH.ValidationResult)),
        key=lambda r: (r.severity != "violation", r.file, r.line, r.focus, r.shape, r.path, r.value),
    )


def hygiene(store: Store, files: BaseFiles) -> list[ValidationResult]:
    """Run the hygiene queries ``hygiene/*-violation.rq``; each solution is a violation.

    The focus node is the variable ``?focus``, or the first that the query selects. The first two comment lines of a
    query are its message in Chinese and English.

    Raises
    ------
    MissingAsset
        If there is no query.
    """
    queries = {name: path for name, path in files.shapes().items() if name.endswith("-violation.rq")}
    if not queries:
        raise MissingAsset("hygiene/*-violation.rq", [str(files.ontology)])
    places = Places(files.listed())
    results = []
    for path in queries.values():
        text = path.read_text(encoding="utf-8")
        comments = [line.lstrip("# ").strip() for line in text.splitlines() if line.startswith("#")]
        message_zh, message_en = (*comments, "", "")[:2]
        for solution in store.select(text):
            names = list(solution)
            focus = "focus" if "focus" in solution else next(iter(names), "")
            focus_iri = getattr(solution.get(focus), "value", "")
            rest = ", ".join(f"{name} {solution[name]}" for name in names if name != focus)
            file, line = places.find(focus_iri)
            results.append(
                ValidationResult("violation", focus_iri, path.stem, "", rest, message_zh, message_en, file, line)
            )
    return sorted(results, key=lambda r: (r.shape, r.file, r.line, r.focus, r.value))


class Places:
    """Where each node is described: the file and line in which it stands as a subject at the beginning of a line."""

    def __init__(self, listed: Mapping[str, Path]) -> None:
        self._listed = listed
        self._found: dict[str, tuple[str, int]] | None = None

    def find(self, iri: str) -> tuple[str, int]:
        """Return the file and the 1-based line; an empty name and 0 where it is described nowhere."""
        if self._found is None:
            self._found = {}
            for name, path in self._listed.items():
                self._scan(name, path)
        return self._found.get(iri, ("", 0))

    def _scan(self, name: str, path: Path) -> None:
        base, prefixes = "", dict[str, str]()
        found = self._found if self._found is not None else {}
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if match := _BASE.match(line):
                    base = match[1]
                elif match := _PREFIX.match(line):
                    prefixes[match[1]] = match[2]
                elif match := _SUBJECT.match(line):
                    subject = urljoin(base, match[1]) if match[1] else prefixes.get(match[2], "") + match[3]
                    found.setdefault(subject, (name, number))


def _parse(files: Mapping[str, Path]) -> "Graph":
    from rdflib import Graph

    graph = Graph()
    for name, path in files.items():
        try:
            graph.parse(path, format="turtle")
        except Exception as error:  # noqa: BLE001  # rdflib's parser raises whatever it stumbles over
            raise ParseFailed(name, str(error)) from None
    return graph


def _result(report: "Graph", node: "Node", shapes_graph: "Graph", places: Places) -> ValidationResult:
    from rdflib.namespace import SH
    from rdflib.term import URIRef

    severity = str(report.value(node, SH.resultSeverity)).removeprefix(_SH).lower()
    focus = str(report.value(node, SH.focusNode))
    messages = {getattr(m, "language", None): str(m) for m in report.objects(node, SH.resultMessage)}
    default = messages.get(None, "")
    path, value = report.value(node, SH.resultPath), report.value(node, SH.value)
    file, line = places.find(focus)
    return ValidationResult(
        severity="violation" if severity == "violation" else "info" if severity == "info" else "warning",
        focus=focus,
        shape=_shape_name(report.value(node, SH.sourceShape), shapes_graph),
        # A path that isn't one property has no name; the message says what it means.
        path=str(path) if isinstance(path, URIRef) else "",
        value="" if value is None else str(value),
        message_zh=messages.get("zh", default),
        message_en=messages.get("en", default),
        file=file,
        line=line,
    )


def _shape_name(shape: "Node | None", shapes_graph: "Graph") -> str:
    """Return the IRI of a shape; of one without a name, that of the shape that it is part of."""
    from rdflib.namespace import SH
    from rdflib.term import URIRef

    seen: set[Any] = set()
    while shape is not None and not isinstance(shape, URIRef) and shape not in seen:
        seen.add(shape)
        shape = next(chain(shapes_graph.subjects(SH.property, shape), shapes_graph.subjects(SH.node, shape)), None)
    return "" if shape is None else str(shape)
