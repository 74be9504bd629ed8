"""Tables as files: CSV as it is, CSV for a spreadsheet, and XLSX, where no text ever becomes a formula."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import xlsxwriter

#: A spreadsheet holds no more in one cell.
CELL_MAX_CHARACTERS: Final = 32_767
_SHEET_NAME_MAX: Final = 31
_WIDEST: Final = 60
#: What a spreadsheet takes for the start of a formula, when it opens a file of plain text.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
#: Characters that XML 1.0 has no way to write.
_UNWRITABLE: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Cell = str | int | Decimal | None


@dataclass(frozen=True)
class Table:
    """A table with what its reader must know.

    Attributes
    ----------
    title
        What it is; the name of the sheet.
    columns
        The heads of the columns.
    rows
        The cells, as many in each row as there are columns; a number stays one.
    notes
        Sentences on date, version and selection: on a sheet of their own, and not in a CSV, which has one table alone.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()


def write_csv(table: Table, *, for_spreadsheet: bool = False) -> bytes:
    """Return a table as CSV (RFC 4180) in UTF-8.

    Parameters
    ----------
    for_spreadsheet
        With the mark at the start by which a spreadsheet knows UTF-8, and with an apostrophe before a text that it
        would take for a formula. Without, every cell is as it is in the graph.

    Examples
    --------
    >>> write_csv(Table("t", ["a"], [["=1+1"]])).decode()
    'a\\r\\n=1+1\\r\\n'
    >>> write_csv(Table("t", ["a"], [["=1+1"]]), for_spreadsheet=True).decode("utf-8-sig")
    "a\\r\\n'=1+1\\r\\n"
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for row in (table.columns, *table.rows):
        writer.writerow([_plain(cell, for_spreadsheet=for_spreadsheet) for cell in row])
    return out.getvalue().encode("utf-8-sig" if for_spreadsheet else "utf-8")


def _plain(cell: Cell, *, for_spreadsheet: bool) -> str:
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return str(cell)
    return f"'{cell}" if for_spreadsheet and cell.startswith(_FORMULA) else cell


def write_xlsx(table: Table) -> bytes:
    """Return a table as a workbook: texts as texts, numbers as numbers, the notes on a second sheet.

    A text that no cell can hold is cut to `CELL_MAX_CHARACTERS`; a character that XML can't write becomes U+FFFD.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "nan_inf_to_errors": True,
        },
    )
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet(_sheet_name(table.title))
    for column, head in enumerate(table.columns):
        sheet.write_string(0, column, text_of(head), bold)
        longest = max((len(str(row[column] or "")) for row in table.rows), default=0)
        sheet.set_column(column, column, min(max(longest, len(head)) * 1.6 + 2, _WIDEST))
    for number, row in enumerate(table.rows, 1):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(number, column, text_of(cell), wrap)
            elif cell is not None:
                sheet.write_number(number, column, float(cell), wrap)
    sheet.freeze_panes(1, 0)
    if table.rows:
        sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
    if table.notes:
        notes = book.add_worksheet("i" if _sheet_name(table.title) != "i" else "ii")
        notes.set_column(0, 0, 2 * _WIDEST)
        for number, note in enumerate(table.notes):
            notes.write_string(number, 0, text_of(note), wrap)
    book.close()
    return out.getvalue()


def text_of(text: str) -> str:
    """Return a text as XML and a cell can hold it; its line ends become line feeds, as a parser of XML makes them."""
    return _UNWRITABLE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))[:CELL_MAX_CHARACTERS]


def _sheet_name(title: str) -> str:
    """Return a title as a sheet may be called: not empty, short, without the characters that no sheet has."""
    kept = re.sub(r"[\[\]:*?/\\]", " ", text_of(title)).strip().strip("'").strip()
    return kept[:_SHEET_NAME_MAX].strip().strip("'") or "-"
