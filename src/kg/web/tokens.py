"""Tokens: who a request comes from, and what it may do.

A token is a secret that its holder sends as ``Authorization: Bearer``. ``KG_ADMIN_TOKEN`` may do everything,
``KG_READ_TOKEN`` reads where reading is closed, and ``KG_TOKENS_FILE`` lists more, each with its scopes.
"""

import hashlib
import hmac
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast, get_args

from kg.config import Settings
from kg.errors import SettingError

Scope = Literal["read", "write", "admin"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
#: A scope brings those before it: who may write may read.
_BRINGS: Final[dict[str, frozenset[str]]] = {
    "read": frozenset({"read"}),
    "write": frozenset({"read", "write"}),
    "admin": frozenset({"read", "write", "admin"}),
}
#: Shorter ones could be guessed, however slowly they may be tried.
LEAST_CHARACTERS: Final = 16


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a token: its name for the audit log, and its scopes."""

    name: str
    scopes: frozenset[str]

    def may(self, scope: Scope) -> bool:
        """Whether the scope is among its own."""
        return scope in self.scopes


class Keyring:
    """The tokens that a service knows, as hashes: none can be read from its memory by their names.

    Parameters
    ----------
    keys
        SHA-256 of each token, with its holder.
    """

    def __init__(self, keys: Sequence[tuple[bytes, Holder]]) -> None:
        self._keys = tuple(keys)

    @classmethod
    def of(cls, settings: Settings) -> "Keyring":
        """Gather the tokens of the settings.

        Raises
        ------
        SettingError
            For a token that is too short, and a file that can't be read or isn't formed as it should be.
        """
        keys: list[tuple[bytes, Holder]] = []
        for name, token, scope in (
            ("admin", settings.admin_token, "admin"),
            ("reader", settings.read_token, "read"),
        ):
            if token is not None:
                keys.append((_hash(token), Holder(name, _BRINGS[scope])))
        if settings.tokens_file is not None:
            keys += _listed(settings.tokens_file)
        return cls(keys)

    def holder(self, token: str) -> Holder | None:
        """Return who holds a token. The time that this takes tells nothing of how nearly right it was."""
        given = _hash(token)
        found = None
        for known, holder in self._keys:
            if hmac.compare_digest(given, known):
                found = holder
        return found

    def grants(self, scope: Scope) -> bool:
        """Whether any token has a scope."""
        return any(holder.may(scope) for _, holder in self._keys)

    @property
    def fingerprint(self) -> bytes:
        """A secret that changes with the tokens, and is the same wherever the same ones are set."""
        return hashlib.sha256(b"sessions" + b"".join(key for key, _ in self._keys)).digest()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _listed(path: Path) -> list[tuple[bytes, Holder]]:
    """Read the file of tokens: a TOML table for each, its name as the key."""

    def refuse(reason: str) -> SettingError:
        return SettingError("KG_TOKENS_FILE", str(path), reason)

    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise refuse(f"it can't be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise refuse(f"it isn't TOML: {error}") from None
    found = []
    for name, table in tables.items():
        entry = cast("dict[str, Any]", table if isinstance(table, dict) else {})
        scopes = entry.get("scopes")
        if not isinstance(scopes, list) or not scopes or not set(map(str, scopes)) <= set(SCOPES):
            raise refuse(f"[{name}] needs scopes, a list of {', '.join(SCOPES)}")
        if isinstance(token := entry.get("token"), str) and len(token) >= LEAST_CHARACTERS:
            key = _hash(token)
        elif isinstance(digest := entry.get("sha256"), str) and len(digest) == 64:
            try:
                key = bytes.fromhex(digest)
            except ValueError:
                raise refuse(f"[{name}] has a sha256 that isn't hexadecimal") from None
        else:
            raise refuse(f"[{name}] needs a token of {LEAST_CHARACTERS} characters or more, or its sha256")
        found.append((key, Holder(name, frozenset().union(*(_BRINGS[str(scope)] for scope in scopes)))))
    return found
