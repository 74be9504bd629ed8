"""The errors of the house: each holds its data and says what was asked, what was found and what to do."""


class KGError(Exception):
    """Root of every error that the service raises on purpose."""


class SettingError(KGError):
    """A setting has a value that can't be used."""

    def __init__(self, name: str, value: str, expected: str) -> None:
        super().__init__(f"{name}={value!r} can't be used: {expected}.")
        self.name = name
        self.value = value


class MissingAsset(KGError):
    """A file that ships with the package isn't where it should be."""

    def __init__(self, name: str, looked_in: list[str]) -> None:
        super().__init__(f"{name} isn't part of this installation; looked in {', '.join(looked_in)}.")
        self.name = name


class QuerySyntaxError(KGError):
    """A SPARQL operation that doesn't parse.

    Attributes
    ----------
    line, column
        1-based position of the error in the operation; None where the engine tells none.
    explanation
        What is wrong, without the position.
    """

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        where = f" at line {line}, column {column}" if line is not None else ""
        super().__init__(f"The query doesn't parse{where}: {message}")
        self.explanation = message
        self.line = line
        self.column = column


class QueryRefused(KGError):
    """A well-formed operation that this service doesn't run: SERVICE, LOAD, too large, nested too deeply."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(f"{reason} {advice}".strip())
        self.reason = reason
        self.advice = advice


class QueryTooLarge(QueryRefused):
    """The text of an operation is longer than the service reads."""

    def __init__(self, size_bytes: int, limit_bytes: int) -> None:
        super().__init__(
            f"The query has {size_bytes:,} bytes; at most {limit_bytes:,} are read.",
            "Split it, or move long VALUES lists into several queries.",
        )


class DefaultGraphKept(KGError):
    """A write that would change the default graph, whose one writer is the loader."""

    def __init__(self) -> None:
        super().__init__(
            "The default graph is the knowledge graph, and the loader alone writes it: every fact there has its "
            "evidence. Write into a named graph, or start the service with KG_BASE=none for data of your own."
        )


class QueryFailed(KGError):
    """The engine gave up on an operation while it ran."""


class InvalidTerm(KGError):
    """A value that can't stand in an operation: an IRI with forbidden characters is refused, never repaired."""

    def __init__(self, value: str, reason: str) -> None:
        super().__init__(f"{value[:200]!r} isn't usable as a term: {reason}.")
        self.value = value


class SelectionRefused(KGError):
    """A filter of facts (as of a day, modality, certainty) has a value that it can't have."""

    def __init__(self, name: str, value: str, expected: str) -> None:
        super().__init__(f"{name}={value[:200]!r} selects nothing.")
        self.reason = str(self)
        self.advice = f"Give {expected}, or leave {name} out."


class NotFound(KGError):
    """Nothing is known under the name that was asked for."""

    def __init__(self, kind: str, name: str, advice: str = "") -> None:
        super().__init__(f"There is no {kind} {name[:200]!r}. {advice}".strip())
        self.kind = kind
        self.name = name


class NotAcceptable(KGError):
    """None of the media types that a client accepts can be produced."""

    def __init__(self, accept: str, offered: list[str]) -> None:
        super().__init__(f"Nothing in Accept: {accept[:200]} can be produced; offered are {', '.join(offered)}.")
        self.offered = offered


class StoreError(KGError):
    """The store can't be opened, read or written."""


class StoreLocked(StoreError):
    """Another process holds the data folder."""

    def __init__(self, folder: str, holder: str = "") -> None:
        super().__init__(
            f"The data folder {folder} is held by {holder or 'another process'}; "
            "stop it, or set KG_DATA_DIR to a folder of your own."
        )
        self.folder = folder


class StoreUnusable(StoreError):
    """The data folder is missing, unreadable, read-only or damaged."""

    def __init__(self, folder: str, reason: str) -> None:
        super().__init__(f"The data folder {folder} can't be used: {reason}.")
        self.folder = folder


class ServerError(KGError):
    """The service can't start, or ended on its own."""


class AddressUnusable(ServerError):
    """The service can't listen where it was told to."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"The service can't listen on {host}, port {port}: {reason}. "
            "Stop what holds the port, or set KG_HOST and KG_PORT (0 takes a free port)."
        )
        self.host = host
        self.port = port


class LoadFailed(ServerError):
    """The process that loads the base before the service starts ended without having loaded it."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The base wasn't loaded, and the service didn't start: {reason}")


class ParseFailed(KGError):
    """A data file isn't well-formed RDF."""

    def __init__(self, path: str, message: str, line: int | None = None, column: int | None = None) -> None:
        at = "" if line is None else f", line {line}" + ("" if column is None else f", column {column}")
        super().__init__(f"{path}{at}: {message}")
        self.path = path
        self.line = line
        self.column = column


class ValidationFailed(KGError):
    """The data don't conform to the shapes; `results` holds every validation result of severity violation, as text."""

    def __init__(self, results: list[str]) -> None:
        shown = "\n".join(f"  {r}" for r in results[:20])
        more = f"\n  and {len(results) - 20} more" if len(results) > 20 else ""
        super().__init__(f"The data don't conform ({len(results)} violations); the store is as it was:\n{shown}{more}")
        self.results = results


class EvidenceError(KGError):
    """A phrase or a span can't be located in a document's text."""


class PhraseMissing(EvidenceError):
    """A phrase doesn't stand in the text."""

    def __init__(self, document: str, phrase: str) -> None:
        super().__init__(
            f"{document} has no {phrase[:100]!r}; copy the phrase from the text as it is printed, punctuation included."
        )
        self.document = document
        self.phrase = phrase


class PhraseAmbiguous(EvidenceError):
    """A phrase stands in the text more than once; `positions` holds the start of each."""

    def __init__(self, document: str, phrase: str, positions: list[int]) -> None:
        shown = ", ".join(str(position) for position in positions[:20])
        super().__init__(
            f"{document} has {phrase[:100]!r} {len(positions)} times, at {shown}; give a longer phrase around it."
        )
        self.document = document
        self.phrase = phrase
        self.positions = positions


class DocumentUnreadable(EvidenceError):
    """The text of a document isn't in the folder of the sources, or can't be read."""

    def __init__(self, document: str, folder: str, reason: str) -> None:
        super().__init__(f"The text of {document[:100]!r} can't be read in {folder}: {reason}.")
        self.document = document
        self.folder = folder


class InvalidState(KGError):
    """A state of a view that can't be read; `where` names the part, such as ``boxes[3]``."""

    def __init__(self, reason: str, where: str, *, too_large: bool = False) -> None:
        super().__init__(f"The state{f' ({where})' if where else ''} can't be read: {reason}.")
        self.reason = str(self)
        self.where = where
        self.too_large = too_large
        self.advice = "Show fewer entities." if too_large else "Start anew at /explore, or open the link again."


class SaveRefused(KGError):
    """Something that a reader wants to keep isn't kept: `cause` is ``off``, ``rate`` or ``full``."""

    def __init__(self, cause: str, reason: str, advice: str, retry_after_s: int | None = None) -> None:
        super().__init__(f"{reason} {advice}")
        self.cause = cause
        self.reason = reason
        self.advice = advice
        self.headers = {"Retry-After": str(retry_after_s)} if retry_after_s else {}
