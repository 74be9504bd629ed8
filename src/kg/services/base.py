"""The base: the files that the knowledge graph is made of, merged, with the direct triples that its facts give."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg import paths
from kg.errors import MissingAsset, ParseFailed
from kg.store.embedded import EmbeddedStore, has_blank_node, parse_failed

#: One update for each row of the table of derivations, in `queries/ingest`.
RULES: Final = ("claim", "partnership", "investment", "supply", "leader", "certification", "position", "milestone")

Progress = Callable[[str, int, int], None]


def silent(_stage: str, _done: int, _total: int) -> None:
    """Take progress and say nothing."""


@dataclass(frozen=True, slots=True)
class BaseFiles:
    """The files that the base consists of. Shapes, examples, competency questions and hygiene stay outside it.

    Attributes
    ----------
    called
        What the names of the data's files begin with in messages, where they aren't those that ship.
    """

    ontology: Path
    graph: Path
    called: str = "graph"

    @classmethod
    def shipped(cls) -> "BaseFiles":
        """Return the folders that ship with the package."""
        return cls(paths.asset("ontology"), paths.asset("graph"))

    def listed(self) -> dict[str, Path]:
        """Return the files by their name below ``ontology/`` and ``graph/`` (or what that is called), sorted.

        Raises
        ------
        MissingAsset
            If there is no file of data.
        """
        found: dict[str, Path] = {}
        for name, root, folders in (
            ("ontology", self.ontology, (".", "codelists", "alignments")),
            (self.called, self.graph, ("reference", ".")),
        ):
            for folder in folders:
                for path in sorted((root / folder).glob("*.ttl")):
                    found[f"{name}/{path.relative_to(root).as_posix()}"] = path
        if not any(path.is_relative_to(self.graph) for path in found.values()):
            raise MissingAsset("graph/*.ttl", [str(self.graph)])
        return found

    def shapes(self) -> dict[str, Path]:
        """Return the files of the shapes and of the hygiene queries by their name, sorted."""
        found = sorted((self.ontology / "shapes").glob("*.ttl")) + sorted((self.ontology / "hygiene").glob("*.rq"))
        return {f"ontology/{path.relative_to(self.ontology).as_posix()}": path for path in found}


@dataclass(frozen=True, slots=True)
class Target:
    """What the default graph is to hold.

    Attributes
    ----------
    store
        The base in memory, derived triples included.
    lines
        The same as sorted lines of N-Quads (of the default graph alone, so N-Triples as well), without line feeds.
    derived
        How many of them the rules added.
    """

    store: EmbeddedStore
    lines: tuple[bytes, ...]
    derived: int

    @property
    def data(self) -> bytes:
        """The lines as one document."""
        return b"".join(line + b"\n" for line in self.lines)


def rules() -> dict[str, str]:
    """Return the updates that derive the direct triples, by name. They don't feed one another."""
    return {name: paths.query(f"ingest/{name}.ru") for name in RULES}


def build(listed: Mapping[str, Path], progress: Progress | None = None) -> Target:
    """Parse and merge the files, and derive the direct triples.

    Raises
    ------
    ParseFailed
        For a file that isn't well-formed or has a blank node.
    """
    tell = progress or silent
    merged = ox.Store()
    for number, (name, path) in enumerate(listed.items()):
        tell("parse", number, len(listed))
        merged.bulk_extend(parse_file(name, path))
    tell("parse", len(listed), len(listed))
    stated = len(merged)
    updates = rules()
    for number, update in enumerate(updates.values()):
        tell("derive", number, len(updates))
        merged.update(update)
    tell("derive", len(updates), len(updates))
    out = BytesIO()
    merged.dump(out, ox.RdfFormat.N_TRIPLES, from_graph=ox.DefaultGraph())
    lines = sorted(out.getvalue().split(b"\n")[:-1])
    return Target(EmbeddedStore(merged, on_disk=False), tuple(lines), len(lines) - stated)


def parse_file(name: str, path: Path) -> list[ox.Quad]:
    """Return the triples of a Turtle file of the base.

    Raises
    ------
    ParseFailed
        If it isn't well-formed or has a blank node.
    """
    try:
        quads = list(ox.parse(path=str(path), format=ox.RdfFormat.TURTLE))
    except SyntaxError as error:
        failure = parse_failed(name, error)
    except (OSError, ValueError) as error:
        failure = ParseFailed(name, str(error))
    else:
        for quad in quads:
            if has_blank_node(quad):
                raise ParseFailed(name, f"blank nodes have no place in the base; give an IRI in {quad.triple}")
        return quads
    raise failure
