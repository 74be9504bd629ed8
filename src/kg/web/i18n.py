"""The languages of the interface: which one a reader gets, and its strings.

A string holds ``{names}`` to be filled in; of two forms joined by ``|`` the first is for n = 1, the second for others.
"""

import json
import logging
from collections.abc import Mapping
from functools import cache
from typing import Final

from flask import g, has_request_context, request

from kg import paths

logger = logging.getLogger(__name__)

LANGUAGES: Final = ("zh", "en")
COOKIE: Final = "kg-lang"


@cache
def strings(language: str) -> Mapping[str, str]:
    """Return the strings of a language by key: those of every area's file together."""
    loaded: dict[str, str] = {}
    for path in sorted(paths.asset(f"web/i18n/{language}").glob("*.json")):
        area: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        if twice := loaded.keys() & area.keys():
            raise ValueError(f"{path.name} says again: {', '.join(sorted(twice))}")
        loaded |= area
    return loaded


def translate(language: str, key: str, **values: object) -> str:
    """Return a string of the interface with its values filled in."""
    text = strings(language).get(key)
    if text is None:
        # A page with one odd word serves its reader better than none; the tests let no key be missing.
        logger.error("no string %s in %s", key, language)
        return key
    if "|" in text:
        one, many = text.split("|", 1)
        text = one if values.get("n") == 1 else many
    return text.format_map(values) if values else text


def has(key: str) -> bool:
    """Whether there is such a string."""
    return key in strings("zh")


def language() -> str:
    """Return the reader's language: ``?lang=``, else the cookie, else Accept-Language, else zh."""
    if not has_request_context():
        return "zh"
    if "kg_language" not in g:
        g.kg_language = asked() or _from_cookie() or _from_header() or "zh"
    return str(g.kg_language)


def asked() -> str | None:
    """Return the language that the address names, or None."""
    wanted = request.args.get("lang", "")
    return wanted if wanted in LANGUAGES else None


def _from_cookie() -> str | None:
    kept = request.cookies.get(COOKIE, "")
    return kept if kept in LANGUAGES else None


def _from_header() -> str | None:
    for tag, quality in request.accept_languages:
        short = tag.partition("-")[0].lower()
        if short in LANGUAGES and quality > 0:
            return short
    return None


def t(key: str, **values: object) -> str:
    """Return a string in the language of the request."""
    return translate(language(), key, **values)
