"""Figures: how a value in its base unit is printed, in 亿 and 万 or in bn and m."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from kg.model.vocabulary import QUDT_UNIT

YUAN: Final = f"{QUDT_UNIT}CCY_CNY"

#: Symbols of the QUDT units that the graph uses: zh, en. Units of the project's own take theirs from the code list.
SYMBOLS: Final = {
    YUAN: ("元", "CNY"),
    f"{QUDT_UNIT}PERCENT": ("%", "%"),
    f"{QUDT_UNIT}TONNE": ("吨", "t"),
    f"{QUDT_UNIT}MegaW": ("MW", "MW"),
    f"{QUDT_UNIT}GigaW": ("GW", "GW"),
    f"{QUDT_UNIT}HA": ("公顷", "ha"),
    f"{QUDT_UNIT}DEG_C": ("℃", "°C"),
    f"{QUDT_UNIT}KiloM": ("公里", "km"),
    f"{QUDT_UNIT}DAY": ("天", "days"),
    f"{QUDT_UNIT}HR": ("小时", "h"),
    f"{QUDT_UNIT}NUM": ("", ""),
}
_QUALIFIER: Final = {
    "approx": {"zh": "约", "en": "about"},
    "atLeast": {"zh": "≥", "en": "≥"},
    "atMost": {"zh": "≤", "en": "≤"},
}
#: Units that no 万 is put before: 3.9万 % or 1.2万 ℃ is nobody's way of writing.
_UNSCALED: Final = frozenset(f"{QUDT_UNIT}{name}" for name in ("PERCENT", "DEG_C", "MegaW", "GigaW"))


@dataclass(frozen=True, slots=True)
class Figure:
    """A printed figure: what stands before the number, the number, and the unit after it.

    `base` is the same in the base unit with every digit, where a scale such as 亿 hides that; else empty.
    """

    before: str
    number: str
    unit: str
    base: str = ""

    def __str__(self) -> str:
        glue = "" if self.unit[:1] in {"", "%"} or self.unit[:1] > "⺀" else " "
        space = " " if self.before and self.before[-1].isascii() and self.before[-1].isalpha() else ""
        return f"{self.before}{space}{self.number}{glue}{self.unit}"


def print_figure(
    value: Decimal,
    unit: str | None,
    language: str,
    *,
    value_max: Decimal | None = None,
    qualifier: str = "exact",
    symbol: str | None = None,
) -> Figure:
    """Print a figure the way a reader of the language expects it.

    Parameters
    ----------
    value, value_max
        In the base unit (yuan, tonnes); `value_max` is the upper end of a range.
    unit
        IRI of the unit; None for a bare number.
    language
        ``zh`` prints 亿 and 万, anything else thousands, and bn and m for money.
    qualifier
        ``exact``, ``approx``, ``atLeast`` or ``atMost``. At least is printed as ≥, for what the code covers (超, 余,
        以上, 突破) isn't always strictly more.
    symbol
        The unit's symbol where it isn't one of QUDT's: the label that the code list gives it.

    Examples
    --------
    >>> str(print_figure(Decimal(9495000000), YUAN, "zh"))
    '94.95亿元'
    >>> print_figure(Decimal(9495000000), YUAN, "zh").base
    '9,495,000,000元'
    >>> str(print_figure(Decimal(9495000000), YUAN, "en"))
    'CNY 9.495 bn'
    >>> str(print_figure(Decimal(1), None, "zh", value_max=Decimal(2), symbol="家"))
    '1–2家'
    >>> str(print_figure(Decimal("0.7"), QUDT_UNIT + "PERCENT", "zh", qualifier="atLeast"))
    '≥0.7%'
    """
    chinese = language == "zh"
    known = SYMBOLS.get(unit or "")
    name = symbol if symbol is not None else (known[0 if chinese else 1] if known else "")
    divisor, scale = _scale(value_max if value_max is not None else value, unit, chinese=chinese)
    number = _range(value, value_max, divisor, chinese=chinese)
    # Every digit, in groups of three in either language.
    whole = _range(value, value_max, Decimal(1), chinese=False) if scale else ""
    before = _QUALIFIER.get(qualifier, {}).get("zh" if chinese else "en", "")
    if unit == YUAN and not chinese:
        return Figure(f"{before} CNY".strip(), f"{number} {scale}".strip(), "", f"CNY {whole}" if whole else "")
    return Figure(before, number, f"{scale}{name}", f"{whole}{name}" if whole else "")


def _range(value: Decimal, value_max: Decimal | None, divisor: Decimal, *, chinese: bool) -> str:
    number = _number(value / divisor, chinese=chinese)
    if value_max is None or value_max == value:
        return number
    return f"{number}–{_number(value_max / divisor, chinese=chinese)}"


def _scale(value: Decimal, unit: str | None, *, chinese: bool) -> tuple[Decimal, str]:
    size = abs(value)
    steps: tuple[tuple[int, str], ...]
    if unit in _UNSCALED:
        steps = ()
    elif chinese:
        steps = ((100_000_000, "亿"), (10_000, "万"))
    else:
        steps = ((1_000_000_000, "bn"), (1_000_000, "m")) if unit == YUAN else ()
    for step, word in steps:
        # A scale that hides digits is passed over: 四位小数以内.
        if size >= step and _places(value / step) <= 4:
            return Decimal(step), word
    return Decimal(1), ""


def _places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _number(value: Decimal, *, chinese: bool) -> str:
    plain = f"{value:f}"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    if chinese and abs(value) < 10_000:
        return plain
    whole, dot, fraction = plain.partition(".")
    return f"{int(whole):,}{dot}{fraction}" if whole.lstrip("-").isdigit() else plain
