"""Tables as files: nothing becomes a formula, nothing is lost, and a spreadsheet opens them."""

import csv
import io
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.services.tables import CELL_MAX_CHARACTERS, Table, text_of, write_csv, write_xlsx

FORMULAS = ("=1+1", '=HYPERLINK("x")', "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "=cmd|'/C calc'!A0")
HOSTILE = (
    *FORMULAS,
    "<img src=x onerror=alert(1)>",
    "</script>",
    'a"b',
    "a,b\nc",
    "\u202eabc",
    "\x00\x01\x1b",
    "长" * 10_000,
)


def read_xlsx(data: bytes) -> list[list[object]]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet = book.worksheets[0]
    for row in sheet.iter_rows():
        for cell in row:
            assert cell.data_type in {"s", "n"}, "texts and numbers, and never a formula or an error"
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def read_csv(data: bytes, encoding: str = "utf-8") -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(encoding), newline="")))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_plain_csv_holds_every_text_as_it_is(text: str) -> None:
    assert read_csv(write_csv(Table("t", ["列"], [[text]]))) == [["列"], [text]]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_csv_for_a_spreadsheet_holds_no_formula(text: str) -> None:
    data = write_csv(Table("t", ["列"], [[text, -5]]), for_spreadsheet=True)
    assert data.startswith("\ufeff".encode())
    (cell, number) = read_csv(data, "utf-8-sig")[1]
    assert cell == (f"'{text}" if text in FORMULAS else text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert number == "-5", "a number stays one"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_workbook_holds_texts_as_texts(text: str) -> None:
    rows = read_xlsx(write_xlsx(Table("t", ["列"], [[text]])))
    assert [row[0] for row in rows] == ["列", text_of(text)]


def test_a_workbook_holds_numbers_as_numbers_and_gaps_as_gaps() -> None:
    rows = read_xlsx(write_xlsx(Table("t", ["a", "b", "c"], [[Decimal("0.5"), 15000, None]])))
    assert rows[1] == [0.5, 15000, None]


def test_a_text_that_no_cell_holds_is_cut() -> None:
    rows = read_xlsx(write_xlsx(Table("t", ["a"], [["x" * 40_000]])))
    assert len(str(rows[1][0])) == CELL_MAX_CHARACTERS


@pytest.mark.parametrize("title", ["", "[]:*?/\\", "'", "名" * 80, "i", "History\x00", "a/b"])
def test_any_title_names_a_sheet(title: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(write_xlsx(Table(title, ["a"], [["b"]], ["数据截至 2025"]))))
    assert 1 <= len(book.sheetnames[0]) <= 31
    assert book.worksheets[1]["A1"].value == "数据截至 2025"


CELLS = st.none() | st.text(max_size=30) | st.sampled_from(HOSTILE) | st.integers(-(10**9), 10**9)


@given(st.text(max_size=40), st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=5))
@settings(max_examples=30, deadline=None)
def test_any_table_is_written_and_read(title: str, rows: list[list[str | int | None]]) -> None:
    table = Table(title, ["a", "b", "c"], rows)
    found = read_csv(write_csv(table))
    assert found[1:] == [["" if c is None else str(c) for c in row] for row in rows]
    sheet = read_xlsx(write_xlsx(table))
    # A sheet ends with its last cell that holds something.
    for row, written in zip(rows, sheet[1:], strict=False):
        for cell, value in zip(row, written, strict=True):
            assert isinstance(value, str | None) if isinstance(cell, str) else value == cell
