"""Files that people and other systems leave for us: found by path or `file://` URI, read by column name."""

import csv
import io
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote, urlsplit

from agent_spend.errors import FeedError, State
from agent_spend.sources.answers import Answer

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# Thousands groups must be whole: "1,5" is a European decimal and "1.234,50" a European amount; both are refused.
_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,20})(?:\.[0-9]{1,18})?|\.[0-9]{1,18}"
_AMOUNT = re.compile(rf"(?P<sign>-?)(?:US)?\$? ?(?P<inner>-?)(?P<digits>{_DIGITS})")


@dataclass(frozen=True)
class SourceFile:
    """One file as received. ``name`` is what messages call it: the path, or the path below the folder asked for."""

    name: str
    path: Path
    content: bytes

    def as_answer(self) -> Answer:
        """The content for the raw archive, in the shape of an HTTP answer."""
        return Answer(self.path.as_uri(), 200, {}, self.content)


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
        """A UTC day written ``YYYY-MM-DD``."""
        value = self.text(column)
        if value is None:
            return None
        try:
            if not _DAY.fullmatch(value):
                raise ValueError(value)
            return date.fromisoformat(value)
        except ValueError:
            raise self.bad(column, "must be a day written YYYY-MM-DD") from None

    def required_day(self, column: str) -> date:
        """As :meth:`day`, never empty."""
        self.required(column)
        return self.day(column)

    def whole(self, column: str) -> int | None:
        """A whole number without sign or separators."""
        value = self.text(column)
        if value is None:
            return None
        # int() would also accept "1_000", "+5" and digits of other scripts.
        if not re.fullmatch(r"[0-9]{1,18}", value):
            raise self.bad(column, "must be a whole number")
        return int(value)

    def amount(self, column: str) -> Decimal | None:
        """An amount as accounting exports write it: ``1,234.50``, ``$1,234.50``, ``-12``, ``(12.00)`` for minus 12."""
        value = self.text(column)
        if value is None:
            return None
        in_brackets = value.startswith("(") and value.endswith(")")
        match = _AMOUNT.fullmatch(value[1:-1].strip() if in_brackets else value)
        minuses = in_brackets + bool(match and match["sign"]) + bool(match and match["inner"])
        if match is None or minuses > 1:
            raise self.bad(column, "must be an amount such as 1234.50, 1,234.50, $1,234.50 or (12.00)")
        number = Decimal(match["digits"].replace(",", ""))
        return -number if minuses else number

    def bad(self, column: str, rule: str) -> FeedError:
        """The error for a value that breaks ``rule``."""
        return FeedError("bad_value", f"{self.where}: {column} {rule}, not {self.values.get(column, '')!r}")


def local_path(setting: str, uri: str) -> Path:
    """The absolute path behind a plain path or a ``file://`` URI.

    Raises:
        FeedError: ``file_not_found`` for any other scheme, naming the setting.
    """
    if "://" not in uri:
        return Path(uri).expanduser().absolute()
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        raise FeedError("file_not_found", f"{setting}: {uri!r} is not supported; give a path or file:///absolute/path")
    return Path(unquote(parts.path))


def read_file(setting: str, uri: str) -> SourceFile:
    """The one file that ``setting`` names.

    Raises:
        FeedError: ``file_not_found`` or ``file_unreadable`` (state ``forbidden``), naming the setting and the path.
    """
    path = local_path(setting, uri)
    if path.is_dir():
        raise FeedError("file_not_found", f"{setting}: {path} is a folder; name the file itself")
    return _read(setting, path, str(path))


def read_folder(setting: str, uri: str, suffix: str) -> list[SourceFile]:
    """The file that ``setting`` names, or every ``suffix`` file below the folder it names, in order of path.

    Hidden files and the lock files of office programs are left out. The list is empty when the folder holds none.

    Raises:
        FeedError: as :func:`read_file`.
    """
    path = local_path(setting, uri)
    if not path.is_dir():
        return [_read(setting, path, str(path))]
    found = (
        file
        for file in path.rglob("*")
        if file.suffix.lower() == suffix and file.is_file()
        and not any(part.startswith((".", "~$")) for part in file.relative_to(path).parts)
    )
    return [_read(setting, file, str(file.relative_to(path))) for file in sorted(found)]


def csv_lines(
    file: SourceFile, required: Sequence[str], optional: Sequence[str] = (), *, refused: Collection[str] = ()
) -> list[Line]:
    """The records of a CSV file with a header, by the names in ``required`` and ``optional``; others are ignored.

    A header matches whatever its case, spaces, hyphens and underscores: ``Person ID`` is ``person_id``. A byte order
    mark, CRLF, quoted commas and quoted line breaks are read; blank lines are skipped.

    Args:
        refused: squeezed names of columns that must not be in such a file at all, e.g. one that holds secrets.

    Raises:
        FeedError: ``refused`` for such a column; ``malformed`` (not UTF-8, broken quoting), ``empty_file`` (no header,
            or a header without records), ``missing_field`` (naming file, column and the columns found), ``truncated``
            (a record of another width).
    """
    records = _records(file)
    header_line, header = next(records, (0, []))
    if not header:
        raise FeedError("empty_file", f"{file.name} is empty; expected a header with {', '.join(required)}")
    for name in header:
        if squeezed(name) in refused:
            raise refusal(file.name, name.strip())
    positions = _positions(file, header, required, optional)
    lines = []
    for number, cells in records:
        if len(cells) != len(header):
            raise FeedError(
                "truncated",
                f"{file.name} line {number} has {len(cells)} values, the header has {len(header)}; "
                "the file is cut off or a value with a comma is not quoted",
            )
        lines.append(Line(file.name, number, {name: cells[at].strip() for name, at in positions.items()}))
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


def _records(file: SourceFile) -> Iterable[tuple[int, list[str]]]:
    try:
        text = file.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FeedError(
            "malformed", f"{file.name}: byte {error.start} is not UTF-8; export the file as 'CSV UTF-8'"
        ) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    first_line, is_wrapped = 1, None
    try:
        for cells in reader:
            # Some exports reach us with each record quoted once more as a whole.
            if is_wrapped is None and any(cells):
                is_wrapped = is_record(cells)
            if is_wrapped and is_record(cells):
                cells = next(csv.reader(cells, strict=True))
            if any(cell.strip() for cell in cells):
                yield first_line, cells
            first_line = reader.line_num + 1
    except csv.Error as error:
        raise FeedError("malformed", f"{file.name} line {first_line}: not a CSV record ({error})") from None


def _positions(file: SourceFile, header: list[str], required: Sequence[str], optional: Sequence[str]) -> dict[str, int]:
    found = [squeezed(cell) for cell in header]
    positions = {}
    for name in (*required, *optional):
        count = found.count(squeezed(name))
        if count > 1:
            raise FeedError("missing_field", f"{file.name}: the header names column {name} {count} times")
        if count:
            positions[name] = found.index(squeezed(name))
        elif name in required:
            hint = "; separate the columns with commas" if len(header) == 1 and re.search(r"[;\t]", header[0]) else ""
            columns = ", ".join(cell.strip() for cell in header)
            raise FeedError("missing_field", f"{file.name}: column {name} is missing; found: {columns}{hint}")
    return positions


def _read(setting: str, path: Path, name: str) -> SourceFile:
    try:
        return SourceFile(name, path, path.read_bytes())
    except FileNotFoundError:
        raise FeedError("file_not_found", f"{setting}: there is no file or folder {path}") from None
    except PermissionError:
        message = f"{setting}: {path} may not be read; grant this process read access"
        raise FeedError("file_unreadable", message, State.FORBIDDEN) from None
    except OSError as error:
        raise FeedError("file_unreadable", f"{setting}: {path} cannot be read ({error.strerror})") from None
