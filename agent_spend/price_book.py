"""Two editions of the price book side by side: what a change of prices adds, takes away and alters, and from which day."""

import re
from dataclasses import dataclass
from pathlib import Path

from agent_spend.catalog import seed_lines
from agent_spend.errors import ConfigurationError

#: Columns that say what a line gives; all others say what it is about.
_GIVEN = re.compile(r"usd|factor|credits|share|seats$|effective_to$|source$|note$|rule$")


@dataclass(frozen=True)
class Difference:
    """One line of the book that differs. ``values`` maps each altered column to its old and new text."""

    book: str
    item: str
    effective_from: str
    kind: str
    values: dict[str, tuple[str, str]]

    def __str__(self) -> str:
        altered = ", ".join(
            f"{column} {old or '(none)'} -> {new or '(none)'}" if self.kind == "changed" else f"{column} {new or old}"
            for column, (old, new) in self.values.items()
        )
        return f"{self.book}: {self.kind} {self.item} from {self.effective_from or '(no day)'}: {altered}"


def differences(old: Path, new: Path) -> list[Difference]:
    """Lines that differ between two price files, or between two folders of them, by file, item and day.

    Raises:
        ConfigurationError: a path does not exist, one is a file and the other a folder, or a file is not a price file.
    """
    for path in (old, new):
        if not path.exists():
            raise ConfigurationError(f"{path} does not exist; give two price files or two folders of them")
    if old.is_dir() != new.is_dir():
        raise ConfigurationError(f"{old} and {new}: give two files or two folders")
    if not old.is_dir():
        return _compare(new.stem, _lines(old), _lines(new))
    names = sorted({path.name for folder in (old, new) for path in folder.glob("*.csv")})
    found = []
    for name in names:
        before, after = (_lines(folder / name) if (folder / name).exists() else {} for folder in (old, new))
        found.extend(_compare(Path(name).stem, before, after))
    return found


def _compare(book: str, old: dict[tuple, dict], new: dict[tuple, dict]) -> list[Difference]:
    found = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key, {}), new.get(key, {})
        columns = [name for name in (after or before) if before.get(name, "") != after.get(name, "")]
        kind = "added" if not before else "removed" if not after else "changed"
        values = {name: (before.get(name, ""), after.get(name, "")) for name in columns}
        if values:
            found.append(Difference(book, " ".join(part for part in key[:-1] if part), key[-1], kind, values))
    return found


def _lines(path: Path) -> dict[tuple, dict]:
    columns, lines = seed_lines(path)
    if "effective_from" not in columns:
        raise ConfigurationError(f"{path} has no column effective_from; it is not a price file")
    about = [name for name in columns if name != "effective_from" and not _GIVEN.search(name)]
    found = {}
    for line in lines:
        key = (*(line[name] for name in about), line["effective_from"])
        if key in found:
            raise ConfigurationError(f"{path}: {' '.join(key)} has two lines; keep one")
        found[key] = {name: line[name] for name in columns if name not in (*about, "effective_from")}
    return found
