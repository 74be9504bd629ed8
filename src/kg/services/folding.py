"""Folding: the form in which texts are compared, and the way back from it to the text as it was written."""

import re
import unicodedata
from typing import Final

#: Control, format (such as marks of direction) and surrogate characters: invisible, so nobody types or looks for them.
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs"})
#: No folded text holds it.
_ODD: Final = "\0"
#: White space that doesn't count, or not as it stands.
_NO_SPACE: Final = re.compile("^ | $|  |(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])")


def fold(text: str) -> tuple[str, tuple[int, ...]]:
    """Return a text as it is compared, and for each of its characters (and its end) the offset in the original.

    Notes
    -----
    Compatibility forms, case, accents and invisible characters make no difference. A run of white space counts as one
    space, and as none at the ends and between two Chinese characters. Each character is folded by itself, so the folded
    part of a text is a part of the folded text.

    Examples
    --------
    >>> fold("ＰＥＴ  膜")
    ('pet 膜', (0, 1, 2, 3, 5, 6))
    >>> fold(" Café\\u200f")[0]
    'cafe'
    """
    # Most texts have a character for each of theirs, and no space that doesn't count.
    plain = text.translate(_PLAIN)
    if _ODD not in plain and not _NO_SPACE.search(plain):
        return plain, tuple(range(len(plain) + 1))
    folded: list[str] = []
    offsets: list[int] = []
    for offset, character in enumerate(text):
        for part in _folded(character):
            if part == " " and (not folded or folded[-1] == " "):
                continue
            if len(folded) > 1 and folded[-1] == " " and _is_chinese(folded[-2]) and _is_chinese(part):
                folded.pop()
                offsets.pop()
            folded.append(part)
            offsets.append(offset)
    end = len(text)
    if folded and folded[-1] == " ":
        folded.pop()
        end = offsets.pop()
    return "".join(folded), (*offsets, end)


def span(offsets: tuple[int, ...], start: int, end: int) -> tuple[int, int]:
    """Return where a part of a folded text, which isn't empty, stands in the original.

    >>> span(fold("5㎏装")[1], 1, 2)  # the k of ㎏ can't be marked without its g
    (1, 2)
    """
    last = offsets[end - 1]
    while offsets[end] == last:
        end += 1
    return offsets[start], offsets[end]


def _is_chinese(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff"


def _folded(character: str) -> str:
    if character.isspace():
        return " "
    lowered = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(
        " " if part.isspace() else part
        for part in lowered
        if not unicodedata.combining(part) and unicodedata.category(part) not in _INVISIBLE
    )


class _Plain(dict[int, str]):
    """What `str.translate` makes of each character: what it is folded to, or `_ODD` where that isn't one character."""

    def __missing__(self, code: int) -> str:
        folded = _folded(chr(code))
        self[code] = folded if len(folded) == 1 else _ODD
        return self[code]


_PLAIN: Final = _Plain()
