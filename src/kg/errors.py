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


class ResultNotXml(QueryFailed):
    """A result holds a character that XML can't carry."""

    def __init__(self, character: int) -> None:
        super().__init__(
            f"The result holds the control character U+{character:04X}, which XML can't carry; ask for JSON."
        )
        self.character = character


class QueryStopped(KGError):
    """Root of what ends a query before its result is whole, though nothing is wrong with its text."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(f"{reason} {advice}".strip())
        self.reason = reason
        self.advice = advice


class QueryTimedOut(QueryStopped):
    """A query ran for as long as it may."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__(
            f"The query was stopped after {timeout_s:g} s, the time limit (KG_QUERY_TIMEOUT_S, or the request's own).",
            "Ask for less: bind more of its terms, add a LIMIT, or split it; the order of the patterns may matter too.",
        )
        self.timeout_s = timeout_s


class QueryOutOfMemory(QueryStopped):
    """A query needed more memory than it may."""

    def __init__(self, memory_mb: int) -> None:
        super().__init__(
            f"The query needed more than {memory_mb:,} MB, the memory limit (KG_QUERY_MEMORY_MB).",
            "Ask for less at a time: ORDER BY, DISTINCT, GROUP BY and GROUP_CONCAT hold all their rows in memory.",
        )
        self.memory_mb = memory_mb


class QueryCrashed(QueryStopped):
    """The process that evaluated a query ended with it."""

    def __init__(self, how: str) -> None:
        super().__init__(
            f"The process that evaluated the query ended ({how}); nothing else was harmed.",
            "Write the query flatter: deep nesting, long chains of operators and very long paths overflow the engine.",
        )
        self.how = how


class QueryCancelled(QueryStopped):
    """Somebody who holds a query's id has stopped it, or its reader went away."""

    def __init__(self, reason: str = "The query was stopped at the request of somebody who holds its id.") -> None:
        super().__init__(reason, "Send it again if that wasn't meant.")


class QueryBusy(QueryStopped):
    """There is no place for a query now."""

    def __init__(self, reason: str, retry_after_s: int = 5) -> None:
        super().__init__(reason, "Try again in a few seconds.")
        self.headers = {"Retry-After": str(retry_after_s)}


class QueryIdRefused(KGError):
    """A name that a client gave its query can't be taken."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The KG-Query-Id can't be used: {reason}.")


class ResultIncomplete(KGError):
    """A result ends at a limit.

    Attributes
    ----------
    reason
        Which limit.
    closing
        What makes a whole document of the bytes that came before, or None where nothing does.
    """

    def __init__(self, limit: str, amount: int, setting: str, closing: bytes | None) -> None:
        super().__init__(f"The result has more than {amount:,} {limit}, the limit ({setting}); the rest is missing.")
        self.reason = str(self)
        self.closing = closing


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


class SnapshotFailed(StoreError):
    """No copy of the store can be made for the processes that evaluate queries."""

    def __init__(self, folder: str, reason: str) -> None:
        super().__init__(f"No snapshot can be taken in {folder}: {reason} Free some space there, and try again.")
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
