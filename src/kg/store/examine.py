"""A look at RDF that somebody sends, before the writer reads it: how deep it nests, and how much it becomes.

The engine's parsers recurse on triple terms until their stack overflows, and a document of some megabytes can stand for
gigabytes of terms: by a long prefix that is used often, or by XML entities. This module is read by worker processes.
"""

import _thread
import io
from collections.abc import Iterator
from typing import IO, Any, Final, cast

import pyoxigraph as ox

from kg.errors import QueryRefused

MOST_NESTING: Final = 100
#: A stack that is much smaller than any of the writer's threads: what passes here passes there.
_STACK_BYTES: Final = 512 * 1024


class _Scales:
    """A file that keeps nothing and counts its bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._left = most_bytes

    def write(self, block: bytes) -> int:
        self._left -= len(block)
        if self._left < 0:
            raise _Heavy
        return len(block)

    def flush(self) -> None:
        """Do nothing."""


class _Heavy(Exception):
    """More than may be."""


def examine(data: bytes, media_type: str, base: str | None, most_bytes: int) -> None:
    """Parse RDF to the end or to its first error, keeping nothing.

    Parameters
    ----------
    data
        The document.
    media_type
        Its format.
    base
        What its relative IRIs are relative to.
    most_bytes
        How large it may be as N-Triples.

    Raises
    ------
    QueryRefused
        If it nests too deeply or becomes too large. What isn't well-formed is left to whoever reads it.
    """
    target = ox.RdfFormat.from_media_type(media_type)
    if target is None:
        return
    try:
        quads = ox.parse(io.BytesIO(data), target, base_iri=base, without_named_graphs=True, rename_blank_nodes=True)
        ox.serialize(_triples(quads), cast(IO[bytes], _Scales(most_bytes)), ox.RdfFormat.N_TRIPLES)
    except _Heavy:
        raise QueryRefused(
            f"The graph would have more than {most_bytes:,} bytes as N-Triples.", "Send it in parts."
        ) from None
    except (SyntaxError, ValueError):
        return


def examine_apart(*what: Any) -> None:
    """Do the same on a small stack; where that overflows, the process ends."""
    raised: list[BaseException] = []

    def work() -> None:
        try:
            examine(*what)
        except BaseException as error:  # noqa: BLE001 - it is raised again below
            raised.append(error)
        finally:
            done.release()

    done = _thread.allocate_lock()
    done.acquire()
    before = _thread.stack_size(_STACK_BYTES)
    try:
        _thread.start_new_thread(work, ())
    finally:
        _thread.stack_size(before)
    done.acquire()
    if raised:
        raise raised[0]


def _triples(quads: Iterator[ox.Quad]) -> Iterator[ox.Triple]:
    for quad in quads:
        triple = quad.triple
        depth = 0
        while isinstance(triple.object, ox.Triple):
            triple = triple.object
            depth += 1
            if depth > MOST_NESTING:
                raise QueryRefused(
                    f"The graph nests triple terms more than {MOST_NESTING} levels deep.", "Write it flatter."
                )
        yield quad.triple
