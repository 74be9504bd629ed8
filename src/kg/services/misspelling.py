"""Misspellings: what a text with a typing error in it may have meant."""

from typing import Final

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from kg.services import pinyin

#: The most respelt letters that are looked up, and the longest letters that are respelt.
RESPELT_MAX: Final = 20
LETTERS_MAX: Final = 24


def errors_allowed(wanted: str) -> int:
    """Return how many typing errors a text may hold and still mean a name.

    A Chinese text may hold one from its third character on, and two from its eighth; others, whose letters tell less,
    one from the fifth and two from the tenth.

    >>> [errors_allowed(wanted) for wanted in ("海诺", "海诺科", "山西海诺科技股份", "pet", "datong", "datong zone")]
    [0, 1, 2, 0, 1, 2]
    """
    one, two = (5, 10) if wanted.isascii() else (3, 8)
    return (len(wanted) >= one) + (len(wanted) >= two)


def nearest(wanted: str, folded: str, allowed: int) -> tuple[int, int, int] | None:
    """Return the errors, start and end of the part of a folded name that is nearest, or None if none is near."""
    length = len(wanted)
    # An error costs this comparison up to 3 of the 2 x length that it counts; the place that it finds is off by one
    # character for each error at most, and the number of errors is counted anew around it.
    cutoff = 100 * max(0.0, 1 - 3 * allowed / (2 * length))
    place = fuzz.partial_ratio_alignment(wanted, folded, score_cutoff=cutoff)
    if place is None:
        return None
    best: tuple[int, int, int, int] | None = None
    # At the ends of a name the place that it finds is cut short.
    first = max(0, min(place.dest_start, place.dest_end - length))
    for start in range(max(0, first - allowed), min(len(folded), place.dest_start + allowed) + 1):
        for end in range(start + max(1, length - allowed), min(len(folded), start + length + allowed) + 1):
            errors = OSA.distance(wanted, folded[start:end], score_cutoff=allowed)
            if errors <= allowed:
                # Of parts that are as near, the one with the same ends and length is what was meant.
                ends = (folded[start] != wanted[0]) + (folded[end - 1] != wanted[-1]) + (end - start != length)
                best = min(best or (errors, ends, start, end), (errors, ends, start, end))
    return None if best is None else (best[0], best[2], best[3])


def respelt(typed: str) -> list[str]:
    """Return the letters with one error put right, as far as they are then syllables.

    >>> respelt("hianuo")[0]
    'hainuo'
    """
    if not 5 <= len(typed) <= LETTERS_MAX or not typed.isascii() or not typed.isalpha():
        return []
    heads = pinyin.heads(typed)
    tails = [at for at in range(len(typed)) if pinyin.fewest_syllables(typed[at:])] + [len(typed)]
    # Around the error the letters are syllables, and no syllable is longer than this.
    halves = [
        (typed[:at], typed[at:])
        for at in range(len(typed) + 1)
        if any(at - 6 <= head <= at for head in heads) and any(at <= tail <= at + 7 for tail in tails)
    ]
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    edited = dict.fromkeys(
        [
            *(left + right[1] + right[0] + right[2:] for left, right in halves if len(right) > 1),
            *(left + right[1:] for left, right in halves if right),
            *(left + letter + right for left, right in halves for letter in alphabet),
            *(left + letter + right[1:] for left, right in halves if right for letter in alphabet),
        ]
    )
    edited.pop(typed, None)
    # The fewer syllables, the likelier they were meant: most letters are syllables of their own in some way.
    return sorted(filter(pinyin.fewest_syllables, edited), key=pinyin.fewest_syllables)[:RESPELT_MAX]
