"""The records of a CSV file by column name, and the values of one record."""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import TypeVar

from agent_spend.errors import FeedError
from agent_spend.sources.files import SourceFile
from agent_spend.sources.written import amount_of, day_of, whole_of

Value = TypeVar("Value")

_ZIP, _UTF_16 = b"PK\x03\x04", (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: Separators of exports that hold names and days only: where amounts are, a comma may be a decimal sign.
SEPARATORS = ",;\t"
#: What a page or a spreadsheet leaves around a value without anybody seeing it.
_UNSEEN = "\u200b\u200c\u200d\u2060\ufeff"


@dataclass(frozen=True)
class Line:
    """One record of a CSV file, or of a list in a JSON file.

    Every accessor raises ``FeedError('bad_value')`` naming file, line, column and value.

    Args:
        number: the line where the record starts, counted from 1 with the header; of a JSON list, the entry.
        kind: what ``number`` counts.
    """

    file: str
    number: int
    values: Mapping[str, str]
    kind: str = "line"

    @property
    def where(self) -> str:
        """``<file> line <number>``, for messages."""
        return f"{self.file} {self.kind} {self.number}"

    def text(self, column: str) -> str | None:
        """The stripped value; ``None`` when the column is absent or the cell empty."""
        return self.values.get(column) or None

    def required(self, column: str) -> str:
        """The stripped value, which must not be empty."""
        value = self.text(column)
        if value is None:
            raise self.bad(column, "must not be empty")
        return value

    def day(self, column: str) -> date | None:
        """A UTC day; see :func:`agent_spend.sources.written.day_of`."""
        return self._read(column, day_of, "must be a day written YYYY-MM-DD")

    def required_day(self, column: str) -> date:
        """As :meth:`day`, never empty."""
        self.required(column)
        return self.day(column)

    def whole(self, column: str) -> int | None:
        """A whole number without sign or separators."""
        return self._read(column, whole_of, "must be a whole number")

    def amount(self, column: str) -> Decimal | None:
        """An amount as accounting exports write it; see :func:`agent_spend.sources.written.amount_of`."""
        return self._read(column, amount_of, "must be an amount such as 1234.50, 1,234.50, $1,234.50 or (12.00)")

    def _read(self, column: str, read: Callable[[str], Value | None], rule: str) -> Value | None:
        text = self.text(column)
        if text is None:
            return None
        value = read(text)
        if value is None:
            raise self.bad(column, rule)
        return value

    def bad(self, column: str, rule: str) -> FeedError:
        """The error for a value that breaks ``rule``."""
        return FeedError("bad_value", f"{self.where}: {column} {rule}, not {self.values.get(column, '')!r}")


def csv_lines(
    file: SourceFile, required: Sequence[str], optional: Sequence[str] = (), *, refused: Collection[str] = (),
    separators: str = ",", also: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> list[Line]:
    """The records of a CSV file with a header, by the names in ``required`` and ``optional``; others are ignored.

    A header matches whatever its case, spaces, hyphens and underscores: ``Person ID`` is ``person_id``. A byte order
    mark, CRLF, quoted commas and quoted line breaks are read; blank lines are skipped.

    Args:
        refused: squeezed names of columns that must not be in such a file at all, e.g. one that holds secrets.
        also: column -> further headers, squeezed, that hold it where none has its name; the first that is there counts.
        separators: of these the one that parts the header into most columns; a first line ``sep=;`` names it itself.

    Raises:
        FeedError: ``refused`` for such a column; ``malformed`` (no text file, not UTF-8, broken quoting), ``empty_file``
            (no header, or a header without records), ``missing_field`` (naming file, column and the columns found),
            ``truncated`` (a record of another width).
    """
    records = _records(file, separators)
    header_line, header = next(records, (0, []))
    if not header:
        raise FeedError("empty_file", f"{file.name} is empty; expected a header with {', '.join(required)}")
    for name in header:
        if squeezed(name) in refused:
            raise refusal(file.name, name.strip())
    positions = _positions(file, header, required, optional, also)
    lines = []
    for number, cells in records:
        if len(cells) != len(header):
            raise FeedError(
                "truncated",
                f"{file.name} line {number} has {len(cells)} values, the header has {len(header)}; "
                "the file is cut off or a value with a comma is not quoted",
            )
        lines.append(Line(file.name, number, {name: _shown(cells[at]) for name, at in positions.items()}))
    if not lines:
        message = f"{file.name} has a header in line {header_line} and no records; nothing was replaced"
        raise FeedError("empty_file", message)
    return lines


def is_record(cells: Sequence[str]) -> bool:
    """Whether the one cell of a record is itself a record of quoted values."""
    return len(cells) == 1 and ',"' in cells[0]


def squeezed(name: str) -> str:
    """A column or tag name without case, spaces and punctuation: ``Cost-Center`` and ``cost_center`` are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def refusal(where: str, name: str) -> FeedError:
    """The error for a file that brings secrets along; names the field, never its content."""
    return FeedError("refused", f"{where}: field {name} may hold a secret; export names and tags only")


def _records(file: SourceFile, separators: str) -> Iterator[tuple[int, list[str]]]:
    text, separator, first_line = _told_separator(_text(file), separators)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    above, is_wrapped = first_line - 1, None
    try:
        for cells in reader:
            # Some exports reach us with each record quoted once more as a whole.
            if is_wrapped is None and any(cells):
                is_wrapped = is_record(cells)
            if is_wrapped and is_record(cells):
                cells = next(csv.reader(cells, strict=True))
            if any(cell.strip() for cell in cells):
                yield first_line, cells
            first_line = above + reader.line_num + 1
    except csv.Error as error:
        raise FeedError("malformed", f"{file.name} line {first_line}: not a CSV record ({error})") from None


def _text(file: SourceFile) -> str:
    if file.content.startswith(_ZIP):
        raise FeedError("malformed", f"{file.name} is a workbook and no text; save the sheet as 'CSV UTF-8'")
    try:
        return file.content.decode("utf-16" if file.content.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise FeedError(
            "malformed", f"{file.name}: byte {error.start} is not UTF-8; export the file as 'CSV UTF-8'"
        ) from None


def _told_separator(text: str, separators: str) -> tuple[str, str, int]:
    """The text, what separates its columns, and the number of its first line."""
    first, _, rest = text.partition("\n")
    told = first.strip().lower().removeprefix("sep=")
    if len(told) == 1 and told in separators and len(first.strip()) == len("sep=") + 1:
        return rest, told, 2
    header = next((line for line in text.splitlines() if line.strip()), "")
    return text, max(separators, key=header.count), 1


def _shown(cell: str) -> str:
    """The value as everybody writes it: some systems write an accent as a sign of its own."""
    return unicodedata.normalize("NFC", cell.strip().strip(_UNSEEN).strip())


def _positions(
    file: SourceFile, header: list[str], required: Sequence[str], optional: Sequence[str], also: Mapping[str, Sequence[str]]
) -> dict[str, int]:
    found = [squeezed(cell) for cell in header]
    positions = {}
    for name in (*required, *optional):
        held_in = next((way for way in (squeezed(name), *also.get(name, ())) if way in found), "")
        if found.count(held_in) > 1 and held_in:
            raise FeedError("missing_field", f"{file.name}: the header names column {name} {found.count(held_in)} times")
        if held_in:
            positions[name] = found.index(held_in)
        elif name in required:
            is_one = len(header) == 1 and re.search(r"[;\t]", header[0])
            hint = "separate the columns with commas" if is_one else f"rename the one that holds it to {name}, or add it"
            columns = ", ".join(cell.strip() for cell in header)
            raise FeedError("missing_field", f"{file.name}: column {name} is missing; found: {columns}; {hint}")
    return positions
