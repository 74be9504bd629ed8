"""Counting what a result has while it is written, and cutting it where a limit is reached.

The engine writes a result as a whole and has no limit of its own. What it writes is regular enough to be counted as it
passes, in a fraction of the time that writing took; that holds for every query, where a LIMIT around the query would
not. This module is read by worker processes, and imports nothing of the house.
"""

import re
from typing import Final

NO_LIMIT: Final = 1 << 62

# Each of these begins a solution, or stands between two; the engine's spelling leaves no other reading. In JSON a
# quotation mark within a string is escaped, and no variable begins with what may follow the end of a string.
_JSON_NEXT: Final = re.compile(rb'\},\{"(?=[^},])')
_XML_BEGIN: Final = re.compile(rb"<result>")


class Full(Exception):
    """A limit is reached.

    Attributes
    ----------
    limit
        ``rows`` or ``bytes``.
    last
        What may still be written.
    closing
        What makes a whole document of all that was written, or None where the cut lies within a solution.
    """

    def __init__(self, limit: str, last: bytes, closing: bytes | None) -> None:
        super().__init__(limit)
        self.limit = limit
        self.last = last
        self.closing = closing


class Meter:
    """Counts the solutions or triples, and the bytes, of a result that passes through it.

    Parameters
    ----------
    name
        The format's short name, as in `kg.store.formats`; JSON-LD and RDF/XML are counted in bytes alone, and so are,
        in JSON, solutions in which no variable is bound.
    max_rows, max_bytes
        The limits.

    Examples
    --------
    >>> meter = Meter("tsv", max_rows=1)
    >>> meter.feed(b"?x\\n1\\n")
    b'?x\\n1\\n'
    >>> meter.feed(b"2\\n")
    Traceback (most recent call last):
    kg.store.meter.Full: rows
    """

    def __init__(self, name: str, max_rows: int = NO_LIMIT, max_bytes: int = NO_LIMIT) -> None:
        self.rows = 0
        self.bytes = 0
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._held = b""
        self._quoted = False
        match name:
            case "json":
                self._sign, self._held_bytes, self._closing = _JSON_NEXT, 4, b"]}}"
                self._kept_of_sign = 1
                # The first solution has none before it.
                self.rows = 1
            case "xml":
                self._sign, self._held_bytes, self._closing = _XML_BEGIN, 7, b"</results></sparql>"
                self._kept_of_sign = 0
            case "csv" | "tsv":
                # The line of the variables isn't a solution.
                self.rows, self._closing = -1, b""
            case "ntriples":
                self._closing = b""
        self._kind = "signs" if name in {"json", "xml"} else name

    def feed(self, block: bytes) -> bytes:
        """Take in a block that was written; return what can be passed on.

        Raises
        ------
        Full
            If a limit is reached within it.
        """
        match self._kind:
            case "signs":
                block = self._count_signs(self._held + block)
            case "csv":
                self._count_quoted_lines(block)
            case "tsv" | "ntriples":
                lines = block.count(b"\n")
                if block and self.rows + lines >= self._max_rows:
                    self._cut_lines(block, block)
                self.rows += lines
        self._weigh(block)
        return block

    def rest(self) -> bytes:
        """Return what was held back, when nothing more comes."""
        held, self._held = self._held, b""
        self._weigh(held)
        return held

    def _weigh(self, block: bytes) -> None:
        left = self._max_bytes - self.bytes
        if len(block) > left:
            raise Full("bytes", block[: max(0, left)], None)
        self.bytes += len(block)

    def _count_signs(self, text: bytes) -> bytes:
        # A sign may lie across two blocks, so the last few bytes wait for the next one.
        found = len(self._sign.findall(text))
        if self.rows + found > self._max_rows:
            for match in self._sign.finditer(text):
                self.rows += 1
                if self.rows > self._max_rows:
                    self.rows = self._max_rows
                    end = match.start() + self._kept_of_sign
                    self._weigh(text[:end])
                    raise Full("rows", text[:end], self._closing)
        # What is held back must not be counted twice: it is shorter than a sign.
        self.rows += found
        keep = max(0, len(text) - self._held_bytes)
        self._held = text[keep:]
        return text[:keep]

    def _count_quoted_lines(self, block: bytes) -> None:
        if b'"' in block:
            # Doubled quotation marks leave a field and enter it again, so every second part lies outside of fields.
            parts = block.split(b'"')
            outside = parts[1 if self._quoted else 0 :: 2]
            lines = sum(part.count(b"\n") for part in outside)
        else:
            parts = [block]
            lines = 0 if self._quoted else block.count(b"\n")
        if block and self.rows + lines >= self._max_rows:
            # Spell what lies within fields in another way, so that the lines that are left are the solutions.
            first = 0 if self._quoted else 1
            plain = b'"'.join(
                part.replace(b"\n", b" ") if number % 2 == first else part for number, part in enumerate(parts)
            )
            self._cut_lines(block, plain)
        self._quoted ^= len(parts) % 2 == 0
        self.rows += lines

    def _cut_lines(self, block: bytes, plain: bytes) -> None:
        """Raise if something follows the last line that is allowed; `plain` tells where lines end."""
        end = 0
        for _ in range(self._max_rows - self.rows):
            end = plain.find(b"\n", end) + 1
        if end < len(block):
            self.rows = self._max_rows
            self._weigh(block[:end])
            raise Full("rows", block[:end], self._closing)
