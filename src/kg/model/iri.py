"""Minting: one function for each kind of IRI that the project makes (the patterns stand in ``ontology/iris.md``)."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping

from kg.model.vocabulary import ENTITY_SEGMENTS, FACT_SEGMENTS, ID

SLUG_LENGTH = 40
HASH_LENGTH = 8


def slug(label: str) -> str:
    """Return an ASCII slug of at most 40 characters: pinyin for Chinese characters, hyphens between words.

    >>> slug("海诺科技")
    'hainuokeji'
    >>> slug("70MW光伏项目")
    '70mwguangfuxiangmu'
    """
    # Imported here: minting is an authoring task, and the serving process need not hold the pinyin tables.
    from pypinyin import lazy_pinyin

    spelt = "".join(lazy_pinyin(unicodedata.normalize("NFKC", label), errors="default"))
    ascii_only = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode("ascii").lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:SLUG_LENGTH].strip("-") or "x"


def digest(*parts: str) -> str:
    """Return the first 8 hex digits of the SHA-256 of the parts, joined by line feeds."""
    return hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest()[:HASH_LENGTH]


def mint_entity(
    class_name: str,
    canonical_name: str,
    *,
    label: str | None = None,
    code: str | None = None,
    registry: Mapping[tuple[str, str], str] | None = None,
) -> str:
    """Return the IRI of an entity.

    Parameters
    ----------
    class_name
        Local name of the class, a key of `ENTITY_SEGMENTS`.
    canonical_name
        The full name in Chinese; it and the class make the hash.
    label
        The short label that the slug is spelt from; the canonical name where it is left out.
    code
        An official code (administrative division, stock code); it stands alone, without slug and hash.
    registry
        IRIs that were minted before, by class and canonical name: what stands there wins, so that a later change of
        the rules or of a label changes no IRI.

    Raises
    ------
    KeyError
        For a class that is no entity class.

    Examples
    --------
    >>> mint_entity("Enterprise", "山西海诺科技股份有限公司", label="海诺科技")
    'https://w3id.org/zone-kg/id/enterprise/hainuokeji-be5ff2d5'
    """
    segment = ENTITY_SEGMENTS[class_name]
    if registry is not None and (known := registry.get((class_name, canonical_name))):
        return known
    if code is not None:
        return f"{ID}{segment}/{code}"
    return f"{ID}{segment}/{slug(label or canonical_name)}-{digest(class_name, canonical_name)}"


def mint_fact(class_name: str, document: str, *key: str) -> str:
    """Return the IRI of a fact node from what makes it distinct: its values, modality and period.

    A claim that two documents state is one node, so a claim's IRI doesn't name the document; any other fact's does.

    >>> mint_fact("Claim", "gaoping", "s", "p", "o", "actual", "").startswith("https://w3id.org/zone-kg/id/claim/")
    True
    """
    segment = FACT_SEGMENTS[class_name]
    if class_name == "Claim":
        return f"{ID}{segment}/{hashlib.sha256(chr(10).join(key).encode('utf-8')).hexdigest()[:16]}"
    return f"{ID}{segment}/{document}-{digest(class_name, *key)}"


def mint_evidence(document: str, start: int, end: int) -> str:
    """Return the IRI of a passage: document key, start and end (code points, 0-based, end exclusive).

    >>> mint_evidence("gaoping", 608, 630)
    'https://w3id.org/zone-kg/id/ev/gaoping-608-630'
    """
    return f"{ID}ev/{document}-{start}-{end}"
