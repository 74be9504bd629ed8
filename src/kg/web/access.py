"""Who may do what: bearer tokens on the routes of programs, a session's cookie on the pages of an administrator.

Notes
-----
*Cookies write no data.* ``/update`` and ``/graphs`` know the Authorization header alone, so a page of another site
can't make a reader's browser write. The pages of an administrator take a cookie that no other site's request carries
(SameSite=Strict), and each of their forms a value that only this service can have put there.

*Guessing.* A token is at least 16 characters long, is compared in constant time, and an address that has sent ten wrong
ones waits a minute.
"""

import hmac
import logging
import time
from collections import OrderedDict
from hashlib import sha256
from http import HTTPStatus
from threading import Lock
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, g, redirect, render_template, request
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response as AnyResponse

from kg.web.problem import RequestRefused, wants_page
from kg.web.state import state
from kg.web.tokens import SCOPES, Holder, Keyring, Scope

logger = logging.getLogger(__name__)

blueprint: Final = Blueprint("access", __name__)

COOKIE: Final = "kg-session"
SESSION_SECONDS: Final = 8 * 3600
#: What is answered without a token even where reading needs one.
_OPEN: Final = frozenset(
    {"operations.health", "operations.ready", "access.login", "access.logout", "pages.asset", "pages.favicon"}
)
_WRONG_TOKENS: Final = 10
_WINDOW_SECONDS: Final = 60.0
_KNOWN_ADDRESSES: Final = 10_000
NOBODY: Final = Holder("anonymous", frozenset())


class Meter:
    """Counts what each address does in a minute; it remembers a bounded number of addresses, the latest ones."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def count(self, address: str, *, add: int = 1) -> int:
        """Add to an address's count and return it; a minute after its first it begins anew."""
        now = time.monotonic()
        with self._lock:
            since, number = self._counts.pop(address, (now, 0))
            if now - since >= _WINDOW_SECONDS:
                since, number = now, 0
            self._counts[address] = (since, number + add)
            if len(self._counts) > _KNOWN_ADDRESSES:
                self._counts.popitem(last=False)
            return number + add


class Access:
    """What an app knows of its clients: the tokens, and how often each address has tried."""

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring
        self.requests = Meter()
        self.mistakes = Meter()
        self.sessions = URLSafeTimedSerializer(keyring.fingerprint, salt="session")


def register(app: Flask, access: Access) -> None:
    """Guard an app's routes."""
    app.extensions["kg-access"] = access
    app.before_request(_guard)
    app.after_request(_private)
    app.register_blueprint(blueprint)


def current() -> Access:
    """Return what the app of the current request knows of its clients."""
    from flask import current_app

    found: Access = current_app.extensions["kg-access"]
    return found


def _guard() -> AnyResponse | None:
    settings = state().settings
    if settings.rate_per_minute and current().requests.count(_address()) > settings.rate_per_minute:
        raise RequestRefused(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"This address has sent more than {settings.rate_per_minute} requests in a minute.",
            "Wait a minute.",
            {"Retry-After": "60"},
        )
    if settings.read_token is None or request.endpoint in _OPEN or request.method == "OPTIONS":
        return None
    if holder().may("read"):
        return None
    if wants_page() and request.method == "GET":
        return _to_login()
    raise _unauthorized("Reading needs a token here.")


def require(scope: Scope) -> Holder:
    """Return who sent the request, if its bearer token has the scope.

    Raises
    ------
    RequestRefused
        401 without a token or with a wrong one, 403 with one that hasn't the scope or where nobody has it.
    """
    if not current().keyring.grants(scope):
        raise RequestRefused(
            HTTPStatus.FORBIDDEN,
            "Writing is off: this service knows no token that may write."
            if scope == "write"
            else "This service knows no token of an administrator.",
            "Whoever runs it sets KG_ADMIN_TOKEN or KG_TOKENS_FILE.",
        )
    found = _bearer()
    if found is None:
        raise _unauthorized("This needs a token.")
    if not found.may(scope):
        raise RequestRefused(
            HTTPStatus.FORBIDDEN, f"The token of {found.name} hasn't the scope {scope}.", "Use another token."
        )
    return found


def holder() -> Holder:
    """Return who sent the request, by its token or by its session."""
    if "kg_holder" not in g:
        g.kg_holder = _bearer() or _session() or NOBODY
    found: Holder = g.kg_holder
    return found


def administrator() -> Holder | None:
    """Return the administrator whose session or token the request carries, or None."""
    found = holder()
    return found if found.may("admin") else None


def _bearer() -> Holder | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer":
        return None
    return _of_token(token.strip())


def _of_token(token: str) -> Holder:
    address = _address()
    access = current()
    if access.mistakes.count(address, add=0) >= _WRONG_TOKENS:
        raise RequestRefused(
            HTTPStatus.TOO_MANY_REQUESTS,
            "This address has sent too many wrong tokens.",
            "Wait a minute, and look the token up.",
            {"Retry-After": "60"},
        )
    found = access.keyring.holder(token)
    if found is None:
        access.mistakes.count(address)
        logger.warning("a wrong token came from %s", address)
        raise _unauthorized("The token isn't one that this service knows.", error="invalid_token")
    return found


def _session() -> Holder | None:
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        return None
    try:
        name, scopes = current().sessions.loads(cookie, max_age=SESSION_SECONDS)
    except (BadData, ValueError, TypeError):
        return None
    return Holder(str(name), frozenset(s for s in SCOPES if s in scopes))


def _address() -> str:
    return request.remote_addr or "unknown"


def _unauthorized(reason: str, error: str | None = None) -> RequestRefused:
    challenge = 'Bearer realm="zone-kg"' + (f', error="{error}"' if error else "")
    return RequestRefused(
        HTTPStatus.UNAUTHORIZED,
        reason,
        "Send it in the header Authorization: Bearer, or log in at /login.",
        {"WWW-Authenticate": challenge},
    )


def _private(response: Response) -> Response:
    if state().settings.read_token is not None or "Authorization" in request.headers:
        # What a token opened may lie in its holder's cache, and in nobody else's.
        response.vary.update(("Authorization", "Cookie"))
        if response.cache_control.public:
            return response
        response.cache_control.private = True
    return response


# Pages of an administrator


def form_key() -> str:
    """Return the value that a form of the current session must bring back."""
    cookie = request.cookies.get(COOKIE, "")
    return hmac.new(current().keyring.fingerprint, b"form" + cookie.encode(), sha256).hexdigest()


def check_form() -> None:
    """Refuse a form that this service didn't make for this session.

    Raises
    ------
    RequestRefused
        If its key is missing or wrong, or a browser says that another site sent it.
    """
    elsewhere = request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}
    if elsewhere or not hmac.compare_digest(request.form.get("key", "").encode(), form_key().encode()):
        raise RequestRefused(
            HTTPStatus.FORBIDDEN, "The form wasn't made for this session.", "Open the page anew and send it again."
        )


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> AnyResponse:
    """Take a token, and remember in a cookie what its holder may do."""
    wanted = request.values.get("next", "/admin")
    target = wanted if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) else "/admin"
    wrong = False
    if request.method == "POST":
        try:
            found = _of_token(request.form.get("token", "").strip())
        except RequestRefused as error:
            if error.status != HTTPStatus.UNAUTHORIZED:
                raise
            wrong = True
        else:
            response = redirect(target, HTTPStatus.SEE_OTHER)
            response.set_cookie(
                COOKIE,
                str(current().sessions.dumps([found.name, sorted(found.scopes)])),
                max_age=SESSION_SECONDS,
                secure=(state().settings.public_url or "").startswith("https:"),
                httponly=True,
                samesite="Strict",
            )
            response.headers["Cache-Control"] = "no-store"
            return response
    page = render_template("login.html", next=target, wrong=wrong, off=not current().keyring.grants("read"))
    status = HTTPStatus.UNAUTHORIZED if wrong else HTTPStatus.OK
    return Response(page, status=status, headers={"Cache-Control": "no-store"})


@blueprint.post("/logout")
def logout() -> AnyResponse:
    """End the session."""
    check_form()
    response = redirect("/", HTTPStatus.SEE_OTHER)
    response.delete_cookie(COOKIE, httponly=True, samesite="Strict")
    return response


def _to_login() -> AnyResponse:
    here = request.full_path.rstrip("?")
    response = redirect(f"/login?{urlencode({'next': here})}", HTTPStatus.SEE_OTHER)
    response.headers["Cache-Control"] = "no-store"
    return response
