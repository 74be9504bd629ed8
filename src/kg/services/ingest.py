"""The loader: the one writer of the default graph.

It merges the base's files in memory, derives the direct triples, and applies what differs from what the store really
holds, in one transaction. The manifest in the data folder says what was loaded. Before anything is written it is
replaced by one that promises nothing but that the default graph is the loader's, so that a load that was cut short is
done again by the next start, or cleared away by one with ``KG_BASE=none``, whatever was cut.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final, Literal

import pyoxigraph as ox

from kg.errors import StoreUnusable
from kg.services.base import BaseFiles, Progress, build, rules, silent
from kg.store.protocol import Store

MANIFEST: Final = "base.json"
NQUADS: Final = "base.nq"
_NTRIPLES: Final = "application/n-triples"

Base = Literal["graph", "none"]


@dataclass(frozen=True, slots=True)
class Validation:
    """How a base was validated: by `shapes`, by `hygiene` queries alone, or not (`none`); and what was warned of."""

    how: Literal["shapes", "hygiene", "none"] = "none"
    warnings: tuple[str, ...] = ()
    inputs: str = ""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did.

    Attributes
    ----------
    files, triples
        Size of the base, derived triples included.
    derived
        How many triples the rules added.
    added, removed
        The difference that was applied to the store; both 0 where nothing had changed.
    validation
        How the base was validated, now or when the same inputs were loaded before.
    seconds
        How long it took.
    base_version
        12 hex digits that stand for the content of the base; empty for an empty base.
    """

    files: int
    triples: int
    derived: int
    added: int
    removed: int
    validation: Validation
    seconds: float
    base_version: str


@dataclass(frozen=True, slots=True)
class _Manifest:
    base: Base
    store: str
    inputs: str
    files: dict[str, str]
    triples: int
    derived: int
    base_version: str
    validation: Validation


def load(
    store: Store,
    data_dir: Path | None,
    *,
    base: Base = "graph",
    progress: Progress | None = None,
    validate: bool = True,
    files: BaseFiles | None = None,
) -> LoadReport:
    """Make the store's default graph the base, and leave the named graphs alone.

    Parameters
    ----------
    store
        Open for writing.
    data_dir
        Where the manifest and the sorted N-Quads of the base are kept; None keeps nothing, and loads anew each time.
    base
        `none`: the default graph belongs to others, and nothing is loaded or derived.
    progress
        Is told the stage and how much of it is done; the total of a stage without steps is 1.
    validate
        Refuse a base that doesn't conform, before anything is written.
    files
        Where the base's files lie; the shipped ones where it is left out.

    Raises
    ------
    ParseFailed
        For a file that isn't well-formed, or has a blank node, which no later difference could find again.
    ValidationFailed
        If the base doesn't conform; the store is as it was.
    StoreUnusable
        If the default graph was written under ``KG_BASE=none``: it isn't the loader's to replace.
    """
    started = time.perf_counter()
    tell = progress or silent
    known = _read_manifest(data_dir)
    if known is not None and known.store != store.identity:
        known = None
    if base == "none":
        return _leave_to_others(store, data_dir, known, started)
    if known is not None and known.base == "none" and store.statistics().triples_default:
        raise StoreUnusable(
            str(data_dir),
            "its default graph was written under KG_BASE=none; choose another KG_DATA_DIR, or drop that graph first",
        )
    files = files or BaseFiles.shipped()
    listed = files.listed()
    hashes = _hashes(listed)
    inputs = _digest(hashes, rules(), ox.__version__)
    shape_inputs = _digest(inputs, _hashes(files.shapes())) if validate else ""
    if (
        known is not None
        and (known.base, known.inputs) == ("graph", inputs)
        and (not validate or known.validation.inputs == shape_inputs)
    ):
        return _report(known, 0, 0, started)

    target = build(listed, tell)
    validation = Validation()
    if validate:
        from kg.services.validate import validate_base

        tell("validate", 0, 1)
        how, warnings = validate_base(target, files)
        validation = Validation(how, tuple(warnings), shape_inputs)
        tell("validate", 1, 1)

    tell("compare", 0, 1)
    held = _lines_of(store)
    wanted = set(target.lines)
    removed, added = held - wanted, wanted - held
    tell("compare", 1, 1)

    manifest = _Manifest(
        base="graph",
        store=store.identity,
        inputs=inputs,
        files=hashes,
        triples=len(target.lines),
        derived=target.derived,
        base_version=hashlib.sha256(target.data).hexdigest()[:12],
        validation=validation,
    )
    tell("write", 0, len(removed) + len(added))
    _announce(data_dir, store)
    if removed or added:
        store.replace_default(_parse_lines(removed), _parse_lines(added))
        store.flush()
    if data_dir is not None:
        _write_whole(data_dir / NQUADS, target.data)
        _write_manifest(data_dir, manifest)
    tell("write", len(removed) + len(added), len(removed) + len(added))
    return _report(manifest, len(added), len(removed), started)


def base_version(data_dir: Path) -> str:
    """Return the version of the base that was loaded last; empty where there is none."""
    known = _read_manifest(data_dir)
    return "" if known is None else known.base_version


def _leave_to_others(store: Store, data_dir: Path | None, known: _Manifest | None, started: float) -> LoadReport:
    removed: set[bytes] = set()
    if known is None or known.base != "none":
        if known is not None:
            removed = _lines_of(store)
            _announce(data_dir, store)
            store.replace_default(_parse_lines(removed), [])
            store.flush()
        known = _Manifest("none", store.identity, "", {}, 0, 0, "", Validation())
        if data_dir is not None:
            _write_manifest(data_dir, known)
            (data_dir / NQUADS).unlink(missing_ok=True)
    return _report(known, 0, len(removed), started)


def _report(manifest: _Manifest, added: int, removed: int, started: float) -> LoadReport:
    return LoadReport(
        files=len(manifest.files),
        triples=manifest.triples,
        derived=manifest.derived,
        added=added,
        removed=removed,
        validation=manifest.validation,
        seconds=time.perf_counter() - started,
        base_version=manifest.base_version,
    )


def _lines_of(store: Store) -> set[bytes]:
    out = BytesIO()
    store.dump(out, _NTRIPLES)
    return set(out.getvalue().split(b"\n")[:-1])


def _parse_lines(lines: Iterable[bytes]) -> Iterable[ox.Quad]:
    return ox.parse(b"\n".join(lines), ox.RdfFormat.N_TRIPLES)


def _hashes(listed: dict[str, Path]) -> dict[str, str]:
    hashes = {}
    for name, path in listed.items():
        with path.open("rb") as file:
            hashes[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return hashes


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8")).hexdigest()


def _read_manifest(data_dir: Path | None) -> _Manifest | None:
    """Return what was loaded last; None where nothing was, or another version of the loader wrote it."""
    if data_dir is None:
        return None
    try:
        raw: dict[str, Any] = json.loads((data_dir / MANIFEST).read_text(encoding="utf-8"))
        validation = raw.pop("validation")
        return _Manifest(
            **raw, validation=Validation(validation["how"], tuple(validation["warnings"]), validation["inputs"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_manifest(data_dir: Path, manifest: _Manifest) -> None:
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1)
    _write_whole(data_dir / MANIFEST, text.encode("utf-8"))


def _announce(data_dir: Path | None, store: Store) -> None:
    """Say that a load is under way: what the default graph holds is the loader's, and no inputs lead to it."""
    if data_dir is not None:
        _write_manifest(data_dir, _Manifest("graph", store.identity, "", {}, 0, 0, "", Validation()))


def _write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or as it was, even after a loss of power."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.draft")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
