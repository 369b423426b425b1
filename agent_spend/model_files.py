"""One SQL model file: its header, columns and inputs; and an organisation's own file in place of one.

A model's header is a few ``-- key: value`` lines (grain, unit, source, late data, partitions, look) and one block
comment with a line for each published column, or ``same as <model>`` of the same folder. ``partitions`` is ``day``,
``week``, ``month`` or ``none``, with ``view`` before it for a model that is not stored. ``look`` widens what a partition
may read, in days: ``back 7, ahead 7``.

An organisation replaces a model by a file of the same name (``catalog.own_files`` says where it may be):
one SELECT with the same columns. Header, partitions and descriptions stay ours.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import sqlglot
from sqlglot import exp

from agent_spend.errors import ConfigurationError

PARTITION_COLUMNS = {"day": "usage_day", "week": "week_start", "month": "month", "none": None}
_HEADER_LINE = re.compile(r"^-- ([a-z ]+): (.+)$")
_LOOK = re.compile(r"^(?:back (\d+))?(?:, )?(?:ahead (\d+))?$")


@dataclass(frozen=True)
class Model:
    """One SQL file. ``columns`` maps each published column to its description, in order."""

    name: str
    layer: str
    sql: str
    grain: str
    unit: str
    partitions: str
    is_view: bool
    look_back: int
    look_ahead: int
    columns: Mapping[str, str]
    upstream: tuple[str, ...]
    header: Mapping[str, str] = field(default_factory=dict)
    replaces: "Model | None" = None
    """The model of ours that an organisation's own file stands in for."""
    path: Path = Path()

    @property
    def place(self) -> str:
        """How messages name it."""
        return str(self.path) if self.replaces else f"model {self.name}"

    @property
    def partition_column(self) -> str | None:
        """Column that the stored table is partitioned by."""
        return PARTITION_COLUMNS[self.partitions]

    @property
    def description(self) -> str:
        """What the Dagster UI shows: the grain in a line of its own, which lists cut off, then the other header lines."""
        said = {key: value for key, value in self.header.items() if key not in ("grain", "partitions", "look")}
        if "look" in self.header:
            said["also reads"] = f"days around its own, {self.header['look']}"
        if self.is_view:
            said["stored"] = "no, computed whenever it is read"
        lines = [f"**{key.capitalize()}:** {value}." for key, value in said.items()]
        return "\n\n".join([f"{self.grain[:1].upper()}{self.grain[1:]}.", *lines])


def parse(path: Path) -> Model:
    """Read one model file.

    Raises:
        ConfigurationError: the header or the SQL is not as the house style asks; names the file and the line's key.
    """
    text = path.read_text(encoding="utf-8")
    header = dict(match.groups() for line in text.splitlines() if (match := _HEADER_LINE.match(line)))
    for key in ("grain", "partitions"):
        if key not in header:
            raise ConfigurationError(f"{path}: the header has no '-- {key}: ...' line")
    kind = header["partitions"].split()
    is_view, partitions = kind[0] == "view", kind[-1]
    if partitions not in PARTITION_COLUMNS:
        raise ConfigurationError(f"{path}: partitions must be day, week, month or none, not {partitions!r}")
    look_back, look_ahead = look(path, header)
    return Model(
        name=path.stem, layer=path.parent.name, sql=_without_header(text), grain=header["grain"],
        unit=header.get("unit", ""), partitions=partitions, is_view=is_view,
        look_back=look_back, look_ahead=look_ahead, columns=_columns(path, text),
        upstream=tables(path, text), header=header, path=path,
    )


def parse_override(path: Path, ours: Model) -> Model:
    """An organisation's own file in place of ``ours``.

    Raises:
        ConfigurationError: it is not SQL; names the file.
    """
    text = path.read_text(encoding="utf-8")
    header = {**ours.header, "replaced by": path.name}
    return replace(ours, sql=_without_header(text), upstream=tables(path, text), header=header, replaces=ours, path=path)


def look(path: Path, header: Mapping[str, str]) -> tuple[int, int]:
    """Days back and ahead that a header's ``look`` line widens a partition by; none without the line.

    Raises:
        ConfigurationError: the line is not like ``back 7, ahead 7``; names the file.
    """
    match = _LOOK.match(header.get("look", ""))
    if match is None:
        raise ConfigurationError(f"{path}: look must be like 'back 7, ahead 7', not {header['look']!r}")
    return int(match[1] or 0), int(match[2] or 0)


def tables(path: Path, text: str) -> tuple[str, ...]:
    """The catalog names that a SELECT reads.

    Raises:
        ConfigurationError: it is not SQL; names the file.
    """
    try:
        return _names(text)
    except sqlglot.errors.ParseError as error:
        raise ConfigurationError(f"{path}: {error}") from None


@lru_cache(maxsize=1024)
def _names(text: str) -> tuple[str, ...]:
    tree = sqlglot.parse_one(text, dialect="duckdb")
    names_of_ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
    return tuple(sorted({table.name for table in tree.find_all(exp.Table) if table.name and table.name not in names_of_ctes}))


def _without_header(text: str) -> str:
    body = re.sub(r"\A(?:--[^\n]*\n)*\s*/\*.*?\*/", "", text, count=1, flags=re.DOTALL)
    return body.strip().rstrip(";")


def _columns(path: Path, text: str) -> dict[str, str]:
    block = re.search(r"/\*(.*?)\*/", text, flags=re.DOTALL)
    if block is None:
        raise ConfigurationError(f"{path}: no /* column: description */ block")
    if same := re.fullmatch(r"same as (\w+)", block[1].strip()):
        described = path.with_name(f"{same[1]}.sql")
        if not described.exists():
            raise ConfigurationError(f"{path}: 'same as {same[1]}', but there is no {described}")
        return _columns(described, described.read_text(encoding="utf-8"))
    columns: dict[str, str] = {}
    for line in block[1].strip().splitlines():
        name, colon, description = line.strip().partition(": ")
        if not colon:
            raise ConfigurationError(f"{path}: column line {line.strip()!r} is not 'name: description'")
        columns[name] = description
    return columns
