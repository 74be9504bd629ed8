"""Spans: the interval in which a reported figure lies, and what can be told by comparing two.

References
----------
.. [1] Moore, R. E., Kearfott, R. B., Cloud, M. J. *Introduction to Interval Analysis*. SIAM 2009,
   https://doi.org/10.1137/1.9780898717716
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Literal

Told = tuple[Literal["fits", "off", "untold"], str]


@dataclass(frozen=True, slots=True)
class Span:
    """An interval with the number that is printed.

    Attributes
    ----------
    low, high
        Ends, None where it is open.
    middle
        The number as printed or computed from printed ones; None for a bound or a range.

    Examples
    --------
    >>> Span.of(Decimal("15.5"), rounded=True)
    Span(low=Decimal('15.45'), high=Decimal('15.55'), middle=Decimal('15.5'))
    >>> (Span.point(Decimal(67)) - Span.point(Decimal(25))).within(Span.point(Decimal(42)))
    ('fits', '')
    """

    low: Decimal | None
    high: Decimal | None
    middle: Decimal | None = None

    @classmethod
    def point(cls, value: Decimal) -> "Span":
        """Return a number that is exactly itself."""
        return cls(value, value, value)

    @classmethod
    def zero(cls) -> "Span":
        """Return 0, from which sums start."""
        return cls.point(Decimal(0))

    @classmethod
    def of(
        cls, value: Decimal, maximum: Decimal | None = None, qualifier: str = "exact", *, rounded: bool = False
    ) -> "Span":
        """Return the span of a reported figure.

        Parameters
        ----------
        maximum
            Upper end of a range.
        qualifier
            ``exact``, ``approx`` (no bound), ``atLeast`` or ``atMost``.
        rounded
            Whether it may be off by half a unit of its last digit that isn't 0.
        """
        if qualifier == "approx":
            return cls(None, None)
        half = _last_place(value) / 2 if rounded else Decimal(0)
        if maximum is not None and maximum != value:
            return cls(value - half, maximum + half)
        if qualifier == "atLeast":
            return cls(value, None)
        if qualifier == "atMost":
            return cls(None, value)
        return cls(value - half, value + half, value)

    @property
    def closed(self) -> bool:
        """Whether it is one printed number, rounding aside."""
        return self.middle is not None

    def __add__(self, other: "Span") -> "Span":
        return Span(_add(self.low, other.low), _add(self.high, other.high), _add(self.middle, other.middle))

    def __sub__(self, other: "Span") -> "Span":
        return self + other * Decimal(-1)

    def __mul__(self, factor: "Decimal | Span") -> "Span":
        """Multiply by a number, or by a span where neither holds numbers below 0."""
        if isinstance(factor, Span):
            return Span(
                _times(self.low, factor.low), _times(self.high, factor.high), _times(self.middle, factor.middle)
            )
        low, high = (self.low, self.high) if factor >= 0 else (self.high, self.low)
        return Span(_times(low, factor), _times(high, factor), _times(self.middle, factor))

    def __truediv__(self, other: "Span") -> "Span | None":
        """Divide by a span of numbers above 0; None where it isn't one."""
        if other.low is None or other.low <= 0:
            return None
        # Of a fraction that isn't below 0 the least is the least by the most; below 0 it is the least by the least.
        low = None if self.low is None else _over(self.low, other.high if self.low >= 0 else other.low)
        high = None if self.high is None else _over(self.high, other.low if self.high >= 0 else other.high)
        middle = None if self.middle is None or not other.middle else self.middle / other.middle
        return Span(low, high, middle)

    def power(self, exponent: int) -> "Span":
        """Raise numbers that aren't below 0 to a power."""
        return Span(*(None if end is None else end**exponent for end in (self.low, self.high, self.middle)))

    def below(self, other: "Span") -> bool:
        """Say whether all of it lies below all of another."""
        return self.high is not None and other.low is not None and self.high < other.low

    def within(self, stated: "Span", *, meets: bool = False) -> Told:
        """Tell whether a computed span fits a stated one.

        Parameters
        ----------
        meets
            Whether it is enough that the two meet, where the computed one is closed: it is no bound but a rounding.

        Returns
        -------
        tuple
            ``fits``, ``off`` or ``untold``, and why it can't be told.
        """
        if self.below(stated) or stated.below(self):
            return "off", ""
        if self.low is None and self.high is None:
            return "untold", "qualifier"
        inside_low = stated.low is None or (self.low is not None and self.low >= stated.low)
        inside_high = stated.high is None or (self.high is not None and self.high <= stated.high)
        if inside_low and inside_high and not (stated.low is None and stated.high is None):
            return "fits", ""
        if (self.closed or meets) and self.low is not None and self.high is not None and stated.closed:
            return "fits", ""
        return "untold", "qualifier"


def computed_count(span: Span) -> Span:
    """Return what a computed count may be: the whole numbers below and above, for there is no part of an enterprise."""
    return Span(
        None if span.low is None else span.low.to_integral_value(ROUND_FLOOR),
        None if span.high is None else span.high.to_integral_value(ROUND_CEILING),
        span.middle,
    )


def _last_place(value: Decimal) -> Decimal:
    """Return the unit of the last digit that isn't 0.

    >>> _last_place(Decimal("9495000000")), _last_place(Decimal("60.9")), _last_place(Decimal(0))
    (Decimal('1E+6'), Decimal('0.1'), Decimal('1'))
    """
    exponent = value.normalize().as_tuple().exponent if value else 0
    return Decimal(1).scaleb(int(exponent))


def _add(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


def _times(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one * other


def _over(one: Decimal, other: Decimal | None) -> Decimal:
    # Divided by what has no end, it comes as near to 0 as one likes.
    return one / other if other is not None else Decimal(0)
