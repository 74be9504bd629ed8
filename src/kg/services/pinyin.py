"""Pinyin: how names are read, and whether what a reader typed in letters spells a part of one.

Notes
-----
A character has as many readings as are common, at most `READINGS_MAX`; tones don't count, and ü is v, u or yu, as it is
typed. A name isn't given the one reading that it has in context: who types 长治 as ``changzhi`` and who types it as
``zhangzhi`` both mean it. An initial alone tells little, so it stands for the first reading only, unless the character
is one of `AMBIGUOUS`.
"""

import importlib.util
import unicodedata
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

READINGS_MAX: Final = 3
#: Initials of two letters; they may be typed by their first letter alone.
_DOUBLE: Final = ("zh", "ch", "sh")
#: Characters that are common in names and commonly read in two ways with different initials.
AMBIGUOUS: Final = frozenset("行长重乐调朝弹藏参阿率校畜泊曾堡粘栅轧茄囤厦单解仇朴会蔚尉洞峙番")
_DIAERESIS: Final = "\u0308"
#: The most ways to cut letters into syllables and initials that are looked up.
CUTS_MAX: Final = 8


class Sound(NamedTuple):
    """A character of a folded name that is read.

    Attributes
    ----------
    position, character
        Where it stands, and which it is.
    readings
        Its readings; of any but a Chinese character, itself.
    initials
        The readings for which their initial may stand alone.
    """

    position: int
    character: str
    readings: tuple[str, ...]
    initials: tuple[str, ...]

    @property
    def is_chinese(self) -> bool:
        """Whether it is a character that has readings of its own."""
        return self.readings[0] != self.character


@dataclass(frozen=True, slots=True)
class _Table:
    #: For each code point the number of its readings in `readings`; 0 for those without.
    numbers: "array[int]"
    readings: list[tuple[str, ...]]


@cache
def _table() -> _Table:
    # The package itself would load its phrases too, which take 40 MB and which nothing here asks for.
    package = importlib.util.find_spec("pypinyin")
    if package is None or not package.submodule_search_locations:
        raise ImportError("pypinyin isn't installed")
    place = Path(package.submodule_search_locations[0]) / "pinyin_dict.py"
    spec = importlib.util.spec_from_file_location("_kg_pinyin_dict", place)
    if spec is None or spec.loader is None:
        raise ImportError(f"{place} can't be read")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    numbers, toned = _numbered(module.__dict__.pop("pinyin_dict"))
    return _Table(numbers, [(), *map(_plain, toned.split())])


def _numbered(known: dict[int, str]) -> tuple["array[int]", str]:
    """Return for each code point the number of its readings, from 1 on, and the different readings as one text.

    What is kept is made after the package's 40,000 texts are gone: made among them, it would keep their memory from
    being given back.
    """
    order: dict[str, int] = {}
    numbers = array("H", bytes(2 * (max(known) + 1)))
    for code, toned in known.items():
        numbers[code] = order.setdefault(toned, len(order) + 1)
    return numbers, " ".join(order)


def _plain(toned: str) -> tuple[str, ...]:
    plain = list(dict.fromkeys(filter(None, map(_toneless, toned.split(",")))))[:READINGS_MAX]
    # Who finds no ü on the keyboard types v, as every input method takes it, or u, or yu, as passports have it.
    umlauts = [reading for reading in plain if "v" in reading]
    return tuple(dict.fromkeys([*plain, *(r.replace("v", u) for r in umlauts for u in ("u", "yu"))]))


def _toneless(reading: str) -> str:
    """Return a reading as it is typed, or nothing for a grunt without a vowel (hm, ng).

    >>> _toneless("lǜ"), _toneless("zhǎng"), _toneless("ǹg")
    ('lv', 'zhang', '')
    """
    decomposed = unicodedata.normalize("NFD", reading).replace(f"u{_DIAERESIS}", "v")
    letters = "".join(letter for letter in decomposed if letter.isascii() and letter.isalpha())
    return letters if set(letters) & set("aeiouv") else ""


def readings(character: str) -> tuple[str, ...]:
    """Return the readings of a Chinese character, the most common first; of any other none.

    >>> readings("长"), readings("铝"), readings("x")
    (('zhang', 'chang'), ('lv', 'lu', 'lyu'), ())
    """
    table, code = _table(), ord(character)
    return table.readings[table.numbers[code]] if code < len(table.numbers) else ()


@cache
def syllables() -> frozenset[str]:
    """Return all syllables that are the reading of some character."""
    return frozenset(reading for known in _table().readings for reading in known)


@cache
def _initials() -> frozenset[str]:
    return frozenset({syllable[0] for syllable in syllables()} | set(_DOUBLE))


def sounds(folded: str) -> list[Sound]:
    """Return what is read of a folded text: its letters, digits and characters, without what stands between them.

    >>> [sound.readings for sound in sounds("pet·膜")]
    [('p',), ('e',), ('t',), ('mo',)]
    """
    return [
        Sound(position, character, *heard) for position, character in enumerate(folded) if (heard := hear(character))
    ]


@lru_cache(maxsize=1 << 15)
def hear(character: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the readings of a folded character and those for which their initial may stand; None if it isn't read."""
    if not character.isalnum():
        return None
    heard = readings(character) or (character,)
    return heard, heard if character in AMBIGUOUS else heard[:1]


def letters(folded: str) -> str:
    """Return what was typed as it is compared with readings: without what separates syllables.

    >>> letters("xi'an 70mw")
    'xian70mw'
    """
    return "".join(character for character in folded if character.isalnum())


def spelt_part(typed: str, name: Sequence[Sound], *, at_beginning: bool = False) -> Sequence[Sound]:
    """Return the first part of a name that letters spell, none where they spell none.

    Each sound is spelt by a whole reading, by its initial, or by the character itself; the last reading may be broken
    off anywhere after its initial.

    >>> name = sounds("山西海诺科技")
    >>> for typed in ("hnkj", "hain", "hainkj", "海nkj", "hanuo"):
    ...     print(typed, "".join(sound.character for sound in spelt_part(typed, name)) or None)
    hnkj 海诺科技
    hain 海诺
    hainkj 海诺科技
    海nkj 海诺科技
    hanuo None
    """
    for first in range(1 if at_beginning else len(name)):
        sound = name[first]
        if (typed[0] == sound.character or any(typed[0] == reading[0] for reading in sound.readings)) and (
            count := _spells(typed, name, first)
        ):
            return name[first : first + count]
    return ()


def _spells(typed: str, name: Sequence[Sound], first: int) -> int:
    """Return how many sounds of a name, from one on, the letters spell; 0 where they don't."""
    reached = {0}
    for count in range(1, len(name) - first + 1):
        following: set[int] = set()
        for at in reached:
            for end, _ in _spelt(typed, at, name[first + count - 1]):
                if end == len(typed):
                    return count
                following.add(end)
        if not following:
            return 0
        reached = following
    return 0


def spelling(typed: str, name: Sequence[Sound]) -> str:
    """Return the readings of sounds that the letters spell, with spaces between them.

    >>> spelling("czjk", sounds("长治经开"))
    'chang zhi jing kai'
    """
    ways: dict[int, tuple[str, ...]] = {0: ()}
    last: tuple[str, ...] = ()
    for sound in name:
        following: dict[int, tuple[str, ...]] = {}
        for at, way in ways.items():
            for end, reading in _spelt(typed, at, sound):
                following.setdefault(end, (*way, reading))
        ways, last = following, following.get(len(typed), last)
    return " ".join(last)


def _spelt(typed: str, at: int, sound: Sound) -> Iterator[tuple[int, str]]:
    """Yield how far the letters from a position on spell a sound, and by which of its readings."""
    if typed[at] == sound.character:
        yield at + 1, sound.readings[0]
    for reading in sound.readings:
        if typed.startswith(reading, at):
            yield at + len(reading), reading
        elif len(typed) > at + 1 and reading.startswith(typed[at:]):
            yield len(typed), reading
        if typed[at] == reading[0] and reading in sound.initials:
            yield at + 1, reading
            if reading[:2] in _DOUBLE and typed.startswith(reading[:2], at):
                yield at + 2, reading


def sounds_alike(wanted: Sequence[Sound], name: Sequence[Sound], first: int) -> bool:
    """Tell whether the sounds of a name, from one on, can be read as those that are wanted.

    >>> sounds_alike(sounds("海糯"), sounds("山西海诺"), 2)
    True
    """
    return len(name) - first >= len(wanted) and all(
        not set(one.readings).isdisjoint(other.readings)
        for one, other in zip(wanted, name[first : first + len(wanted)], strict=True)
    )


def cuts(typed: str) -> list[tuple[str, ...]]:
    """Return the likeliest ways to cut letters into syllables and initials, those with the fewest pieces first.

    The last piece may be the beginning of a syllable. Any single letter or digit may be a piece, since names hold
    those too, and the cut into single ones is always among the ways.

    >>> cuts("hainuo")[0], cuts("hainkj")[0], cuts("hnkj")[0], cuts("xian")[:2]
    (('hai', 'nuo'), ('hai', 'n', 'k', 'j'), ('h', 'n', 'k', 'j'), [('xian',), ('xi', 'an')])
    """
    #: For each position the best ways to get there, as cost and pieces.
    ways: list[list[tuple[int, tuple[str, ...]]]] = [[(0, ())], *([] for _ in typed)]
    for start in range(len(typed)):
        ways[start] = sorted(ways[start])[:CUTS_MAX]
        for piece, cost in _pieces(typed, start):
            ways[start + len(piece)] += [(spent + cost, (*pieces, piece)) for spent, pieces in ways[start]]
    best = [pieces for _, pieces in sorted(ways[-1])[:CUTS_MAX]]
    return list(dict.fromkeys([*best, tuple(typed)]))


def _pieces(typed: str, start: int) -> Iterator[tuple[str, int]]:
    # A letter that begins no syllable must be one of a foreign word in the name: possible, and unlikely.
    yield typed[start], 1 if typed[start] in _initials() or not typed[start].isascii() else 3
    if typed[start : start + 2] in _DOUBLE:
        yield typed[start : start + 2], 1
    for end in range(start + 2, min(len(typed), start + 6) + 1):
        piece = typed[start:end]
        if piece in syllables() or (end == len(typed) and piece not in _DOUBLE and is_beginning(piece)):
            yield piece, 1


@cache
def _beginnings() -> frozenset[str]:
    return frozenset(syllable[:end] for syllable in syllables() for end in range(1, len(syllable) + 1))


@lru_cache(maxsize=1 << 10)
def completions(piece: str) -> list[str]:
    """Return the syllables that begin with a piece.

    >>> completions("nuo"), completions("zhua")
    (['nuo'], ['zhua', 'zhuai', 'zhuan', 'zhuang'])
    """
    return sorted(syllable for syllable in syllables() if syllable.startswith(piece))


def is_beginning(piece: str) -> bool:
    """Tell whether some syllable begins with a piece."""
    return piece in _beginnings()


@lru_cache(maxsize=1 << 12)
def fewest_syllables(typed: str) -> int:
    """Return of how few syllables letters are made, the last of which may be broken off; 0 if they aren't.

    >>> fewest_syllables("hainuo"), fewest_syllables("hainu"), fewest_syllables("xian"), fewest_syllables("hianuo")
    (2, 2, 1, 0)
    """
    if is_beginning(typed):
        return 1
    ends = (end for end in range(1, min(6, len(typed) - 1) + 1) if typed[:end] in syllables())
    return min((1 + rest for end in ends if (rest := fewest_syllables(typed[end:]))), default=0)


def heads(typed: str) -> list[int]:
    """Return the positions that letters reach by whole syllables.

    >>> heads("xianou")
    [0, 2, 3, 4, 5, 6]
    """
    reached = [0]
    for end in range(1, len(typed) + 1):
        if any(typed[start:end] in syllables() for start in reached if end - start <= 6):
            reached.append(end)
    return reached
