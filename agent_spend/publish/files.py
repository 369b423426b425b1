"""Writing published files: whole or not at all, only when the content changed, and with no cell that runs as a formula."""

import csv
import io
import os
import uuid
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

#: What a spreadsheet would run as a formula when a cell starts with it.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def beside(path: Path) -> Path:
    """A name in the same folder for a file that is still being built."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}.building")


def write_if_changed(path: Path, content: bytes) -> bool:
    """Make ``path`` hold ``content``; a file that already does is left alone, its modification time too.

    Returns:
        Whether the file was written.
    """
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    building = beside(path)
    try:
        building.write_bytes(content)
        os.replace(building, path)
    finally:
        building.unlink(missing_ok=True)
    return True


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A CSV file with a header, as RFC 4180 has it; the caller makes cells of text :func:`neutral`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def neutral(value: object) -> str:
    """A cell that no spreadsheet runs as a formula: text that would be one starts with an apostrophe; amounts stay."""
    text = str(value)
    if isinstance(value, Decimal) or not text.startswith(_FORMULA_STARTS):
        return text
    return f"'{text}"
