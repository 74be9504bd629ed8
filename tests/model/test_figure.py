from decimal import Decimal

import pytest

from kg.model.figure import YUAN, print_figure
from kg.model.vocabulary import QUDT_UNIT, UNIT

PERCENT = f"{QUDT_UNIT}PERCENT"
TONNE = f"{QUDT_UNIT}TONNE"


@pytest.mark.parametrize(
    ("value", "unit", "symbol", "zh", "en"),
    [
        ("9495000000", YUAN, None, "94.95亿元", "CNY 9.495 bn"),
        ("690000000", YUAN, None, "6.9亿元", "CNY 690 m"),
        ("20000000", YUAN, None, "2000万元", "CNY 20 m"),
        ("9999", YUAN, None, "9999元", "CNY 9,999"),
        ("15000", TONNE, None, "1.5万吨", "15,000 t"),
        ("3308", f"{UNIT}xiang", "项", "3308项", "3,308项"),
        ("12000", f"{UNIT}zhi-animal", "只", "1.2万只", "12,000只"),
        ("65", PERCENT, None, "65%", "65%"),
        ("70", f"{QUDT_UNIT}MegaW", None, "70 MW", "70 MW"),
        ("67.5", f"{UNIT}mu", "亩", "67.5亩", "67.5亩"),
        ("1000", f"{QUDT_UNIT}DEG_C", None, "1000 ℃", "1,000 °C"),
        ("123456789", YUAN, None, "12345.6789万元", "CNY 123,456,789"),
        ("0", f"{UNIT}jia", "家", "0家", "0家"),
    ],
)
def test_a_figure_is_printed_as_readers_write_it(value: str, unit: str, symbol: str | None, zh: str, en: str) -> None:
    assert str(print_figure(Decimal(value), unit, "zh", symbol=symbol)).replace(",", "") == zh.replace(",", "")
    assert str(print_figure(Decimal(value), unit, "en", symbol=symbol)) == en


def test_a_range_shares_its_unit() -> None:
    assert str(print_figure(Decimal(600), f"{QUDT_UNIT}DEG_C", "zh", value_max=Decimal(1000))) == "600–1000 ℃"


@pytest.mark.parametrize(
    ("qualifier", "zh", "en"), [("approx", "约6亿元", "about CNY 600 m"), ("atLeast", "≥6亿元", "≥ CNY 600 m")]
)
def test_a_qualifier_stands_before_the_number(qualifier: str, zh: str, en: str) -> None:
    assert str(print_figure(Decimal(600_000_000), YUAN, "zh", qualifier=qualifier)) == zh
    assert str(print_figure(Decimal(600_000_000), YUAN, "en", qualifier=qualifier)) == en


@pytest.mark.parametrize(
    ("value", "value_max", "unit", "zh", "en"),
    [
        ("9495000000", None, YUAN, "9,495,000,000元", "CNY 9,495,000,000"),
        ("15000", None, TONNE, "15,000吨", ""),
        ("15000", "20000", TONNE, "15,000–20,000吨", ""),
        ("9999", None, YUAN, "", ""),
        ("0.7", None, PERCENT, "", ""),
    ],
)
def test_a_scaled_figure_knows_its_base_value(value: str, value_max: str | None, unit: str, zh: str, en: str) -> None:
    top = Decimal(value_max) if value_max else None
    printed = [print_figure(Decimal(value), unit, language, value_max=top).base for language in ("zh", "en")]
    assert printed == [zh, en]
