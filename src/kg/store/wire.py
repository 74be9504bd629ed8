"""What carries requests to a SPARQL service of another machine: connections, authentication, deadlines, refusals.

Notes
-----
*Lines.* A request has a line of its own, which keeps one connection and carries one request at a time; idle lines wait
to be used again. So whoever asked can cut his own request while it waits for an answer, which for a service is the one
sign that nobody wants the answer any more.

*Once more.* A request is sent again where no connection came about, so that nothing can have been sent. What only
reads is sent again, once, where a connection that had been kept was closed before the first byte of an answer: the
service gave it up while it was idle. A request that wasn't answered in time is never sent again: the service may still
be at it, and the second would clog it like the first.
"""

import contextlib
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlencode

import httpx

from kg.errors import (
    DefaultGraphKept,
    KGError,
    QueryBusy,
    QueryFailed,
    QueryRefused,
    QuerySyntaxError,
    QueryTimedOut,
    StoreError,
)

#: Seconds that a connection may take to come about.
CONNECT_S: Final = 10.0
#: How many requests may be under way at the same time.
LINES: Final = 32
_FORM: Final = "application/x-www-form-urlencoded"
_TRIES: Final = 3
_PAUSE_S: Final = 0.2
_PATIENCE_S: Final = 5.0
_BLOCK_BYTES: Final = 65_536
_TOLD_BYTES: Final = 4_096
_POSITION: Final = re.compile(r"line\s+(\d+)(?:\D{1,20}col(?:umn)?\s*(\d+))?", re.IGNORECASE)
_SYNTAX: Final = re.compile(r"syntax error|SP03\d|parse error|lexical error|malformed query", re.IGNORECASE)
_UNKNOWN_FUNCTION: Final = re.compile(r"(?:undefined procedure|unknown function|no such function)", re.IGNORECASE)
_TOO_COSTLY: Final = re.compile(r"exceeds the limit|timeout|timed out|time limit", re.IGNORECASE)

Kind = Literal["basic", "digest", "bearer"]


class Bearer(httpx.Auth):
    """A token in each request."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        """Put the token into a request."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


@dataclass(frozen=True, slots=True)
class Credentials:
    """How a service knows who asks; a bearer's secret is its token."""

    kind: Kind
    secret: str
    user: str = ""

    def __repr__(self) -> str:
        return f"Credentials({self.kind!r})"

    def made(self) -> httpx.Auth:
        """Return them as the client wants them."""
        match self.kind:
            case "basic":
                return httpx.BasicAuth(self.user, self.secret)
            case "digest":
                return httpx.DigestAuth(self.user, self.secret)
        return Bearer(self.secret)


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent: a form, or a body of a media type."""

    method: str
    address: str
    accept: str = "*/*"
    form: Sequence[tuple[str, str]] = ()
    body: bytes | None = None
    media_type: str = ""


class _Line:
    """One connection, kept open between requests."""

    def __init__(self, credentials: Credentials | None, tls: ssl.SSLContext, transport: httpx.BaseTransport | None):
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._request = 0
        self.used = False
        self.cut_off = False
        self.client = httpx.Client(
            # An authentication of its own: a digest counts the requests of one connection.
            auth=None if credentials is None else credentials.made(),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=30.0),
            headers={"User-Agent": "zone-kg", "Accept-Encoding": "identity"},
            follow_redirects=False,
            trust_env=False,
            verify=tls,
            transport=transport,
        )

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Learn of the socket of a new connection."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            with self._lock:
                self._socket, self.used = info["return_value"].get_extra_info("socket"), False
                if self.cut_off:
                    self._shut()

    def cutter(self) -> Callable[[], None]:
        """Return what ends the request under way, and no later one: who waits for its bytes gets an error at once."""
        request = self._request

        def cut() -> None:
            with self._lock:
                if self._request == request:
                    self.cut_off = True
                    self._shut()

        return cut

    def _shut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Not the method of a TLS socket, which would take the session from under its reader.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def end(self) -> bool:
        """End the request; return whether another one may follow."""
        with self._lock:
            self._request += 1
            return not self.cut_off


class Exchange:
    """A request that was answered, or is about to be: its status is good, its body comes."""

    def __init__(self, wire: "Wire", line: _Line, response: httpx.Response, address: str, until: float) -> None:
        self._wire = wire
        self._line: _Line | None = line
        self._response = response
        self._address = address
        self._until = until

    @property
    def headers(self) -> Mapping[str, str]:
        """The answer's header fields."""
        return self._response.headers

    def blocks(self) -> Iterator[bytes]:
        """Yield the body as it comes.

        Raises
        ------
        QueryTimedOut
            If it takes longer than it may.
        StoreError
            If the connection breaks before its end.
        """
        try:
            with _told(self._address):
                for block in self._response.iter_bytes():
                    if time.monotonic() > self._until:
                        raise httpx.ReadTimeout("")
                    yield block
        except _Late:
            raise self._wire.late() from None
        except _Broken as error:
            raise StoreError(f"The answer of {error}") from None
        finally:
            self.close()

    def read(self, most_bytes: int) -> bytes:
        """Return the whole body.

        Raises
        ------
        StoreError
            If it is longer than that.
        """
        parts: list[bytes] = []
        left = most_bytes
        for block in self.blocks():
            left -= len(block)
            if left < 0:
                self.close()
                raise StoreError(f"{self._address} answers with more than {most_bytes:,} bytes.")
            parts.append(block)
        return b"".join(parts)

    def close(self) -> None:
        """Let the line go; the connection is kept if the body was read to its end."""
        line, self._line = self._line, None
        if line is not None:
            with contextlib.suppress(httpx.HTTPError, OSError):
                self._response.close()
            self._wire.give_back(line)


class Wire:
    """What carries requests to one service.

    Parameters
    ----------
    credentials
        How it knows who asks.
    timeout_s
        How long an answer may take where a request doesn't say.
    transport
        Makes what carries the bytes, for tests.
    """

    def __init__(
        self,
        credentials: Credentials | None = None,
        *,
        timeout_s: float = 60.0,
        transport: Callable[[], httpx.BaseTransport] | None = None,
    ) -> None:
        self._credentials = credentials
        self._timeout_s = timeout_s
        self._transport = transport
        self._tls = ssl.create_default_context()
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(LINES)
        self._idle: list[_Line] = []
        self._closed = False

    def late(self) -> KGError:
        """Return the error for an answer that didn't come in time."""
        return QueryTimedOut(self._timeout_s)

    def send(
        self,
        request: Request,
        *,
        reads: bool,
        timeout_s: float | None = None,
        started: Callable[[Callable[[], None]], None] | None = None,
    ) -> Exchange:
        """Send a request; return once its answer begins.

        Parameters
        ----------
        request
            What is sent.
        reads
            It changes nothing, and may be sent again (see the module's notes).
        timeout_s
            How long the answer may take, its body included.
        started
            Is given what cuts the request off, before it is sent.

        Raises
        ------
        KGError
            What the service's refusal means, or `StoreError` where it can't be reached.
        """
        until = time.monotonic() + min(timeout_s or self._timeout_s, 86_400.0)
        for left in range(_TRIES - 1, -1, -1):
            line = self._take()
            if started is not None:
                started(line.cutter())
            was_used = line.used
            try:
                return self._sent(line, request, until)
            except _Unreachable as error:
                self.give_back(line)
                if not left:
                    raise StoreError(str(error)) from None
                time.sleep(_PAUSE_S)
            except _Broken as error:
                cut_off = line.cut_off
                self.give_back(line)
                if cut_off or not (reads and was_used and error.unanswered and left):
                    raise StoreError(str(error)) from None
            except _Late:
                self.give_back(line)
                raise self.late() from None
            except BaseException:
                self.give_back(line)
                raise
        raise AssertionError

    def _sent(self, line: _Line, request: Request, until: float) -> Exchange:
        seconds = max(0.001, until - time.monotonic())
        body, media_type = request.body, request.media_type
        if request.form:
            body, media_type = urlencode(request.form, errors="replace").encode("ascii"), _FORM
        built = line.client.build_request(
            request.method,
            request.address,
            headers={"Accept": request.accept} | ({"Content-Type": media_type} if media_type else {}),
            content=body,
            extensions={
                "timeout": {"connect": CONNECT_S, "read": seconds, "write": seconds, "pool": CONNECT_S},
                "trace": line.trace,
            },
        )
        with _told(request.address):
            response = line.client.send(built, stream=True)
        line.used = True
        if response.status_code < 300 and response.status_code != 206:
            return Exchange(self, line, response, request.address, until)
        told = b""
        with contextlib.suppress(httpx.HTTPError):
            for block in response.iter_bytes(_TOLD_BYTES):
                told += block
                if len(told) >= _TOLD_BYTES:
                    break
        with contextlib.suppress(httpx.HTTPError):
            response.close()
        raise refusal(response.status_code, response.headers, told[:_TOLD_BYTES], request.address)

    def _take(self) -> _Line:
        if self._closed:
            raise StoreError("The store is closed.")
        if not self._places.acquire(timeout=_PATIENCE_S):
            raise QueryBusy("As many requests to the remote store are under way as may be.")
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return _Line(self._credentials, self._tls, None if self._transport is None else self._transport())

    def give_back(self, line: _Line) -> None:
        """Take a line back whose request has ended."""
        usable = line.end()
        self._places.release()
        with self._lock:
            if usable and not self._closed:
                self._idle.append(line)
                return
        line.client.close()

    def close(self) -> None:
        """Close the connections that wait; the others close when their requests end."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for line in idle:
            line.client.close()


class _Broken(Exception):
    """A connection that failed."""

    def __init__(self, message: str, *, unanswered: bool = False) -> None:
        super().__init__(message)
        self.unanswered = unanswered


class _Unreachable(_Broken):
    """A connection that didn't come about: nothing was sent."""


class _Late(Exception):
    """An answer that didn't come in time."""


@contextlib.contextmanager
def _told(address: str) -> Iterator[None]:
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise _Unreachable(f"{address} can't be reached: {error or type(error).__name__}") from None
    except httpx.TimeoutException:
        raise _Late from None
    except (httpx.HTTPError, httpx.StreamError) as error:
        unanswered = isinstance(error, httpx.ReadError | httpx.WriteError) or "without sending" in str(error)
        raise _Broken(f"{address} broke off: {error or type(error).__name__}", unanswered=unanswered) from None


def refusal(status: int, headers: Mapping[str, str], body: bytes, address: str) -> KGError:
    """Return the error of the house for an answer that isn't what was asked for.

    Parameters
    ----------
    status, headers
        The answer's.
    body
        How it begins.
    address
        What was asked.
    """
    if "problem+json" in headers.get("content-type", "") and (known := _problem(body)) is not None:
        return known
    told = " ".join(body.decode("utf-8", "replace").split())[:500]
    if 300 <= status < 400:
        target = headers.get("location", "elsewhere")[:200]
        return StoreError(f"{address} sends its clients on to {target}, which isn't followed; set KG_STORE to it.")
    if status in {401, 403}:
        return StoreError(
            f"{address} refuses who asks ({status}); see KG_STORE_USER, KG_STORE_PASSWORD and KG_STORE_AUTH."
        )
    if status == 206:
        return QueryFailed(f"{address} gave up on the way and sent a part of the result (206).")
    if _UNKNOWN_FUNCTION.search(told):
        return QueryRefused(f"The remote store says: {told}", "Its functions with an IRI may be others than elsewhere.")
    if status == 400 or (status == 500 and _SYNTAX.search(told)):
        place = _POSITION.search(told)
        line, column = (int(place[1]), int(place[2] or 1)) if place else (None, None)
        return QuerySyntaxError(f"the remote store says: {told}", line, column)
    if status in {404, 405, 406, 411, 413, 415, 501}:
        return QueryRefused(f"{address} answers {status}: {told}", "See which addresses KG_STORE and its like have.")
    if status in {429, 503}:
        return QueryBusy(f"The remote store has no time now ({status}).")
    if status == 504 or _TOO_COSTLY.search(told):
        return QueryFailed(f"The remote store gave up on it: {told}")
    return QueryFailed(f"{address} answers {status}: {told}")


def _problem(body: bytes) -> KGError | None:
    """Return what a service of this kind says in problem details."""
    try:
        problem = json.loads(body)
        kind = str(problem.get("type", "")).rpartition("/")[2]
        detail, advice = str(problem["detail"]), str(problem.get("advice", ""))
        match kind:
            case "query-syntax-error":
                return QuerySyntaxError(detail, problem.get("line"), problem.get("column"))
            case "query-refused" | "query-too-large":
                return QueryRefused(detail, advice)
            case "default-graph-kept":
                return DefaultGraphKept()
            case "query-busy":
                return QueryBusy(detail)
            case "query-failed" | "query-out-of-memory" | "query-crashed" | "query-timed-out":
                return QueryFailed(f"{detail} {advice}".strip())
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return None
