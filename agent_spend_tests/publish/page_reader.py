"""What a reader sees on a page, for tests."""

from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path

from page_rows import write

from agent_spend.publish.page import publish_page


def read(folder: Path, tables: dict[str, list[dict]]) -> "Pages":
    """Publish these tables; file name -> page."""
    warehouse = write(folder / "warehouse.duckdb", tables)
    return Pages({path.name: path.read_text() for path in publish_page(warehouse, folder)})


class Pages(Mapping):
    """Page by file name, each read when it is asked for: most tests look at one."""

    def __init__(self, html: dict[str, str]):
        self._html, self._read = html, {}

    def __getitem__(self, name: str) -> "Page":
        return self._read[name] if name in self._read else self._read.setdefault(name, Page(self._html[name]))

    def __iter__(self):
        return iter(self._html)

    def __len__(self):
        return len(self._html)


class Page(HTMLParser):
    """What a reader sees: ``text`` of the whole page, and the cells of each table row by the id of its part
    of the page and by that of the section around it.
    """

    def __init__(self, html: str):
        super().__init__()
        self.html, self.ids, self._texts = html, set(), []
        self.rows: dict[str, list[list[str]]] = {}
        self._part, self._section, self._cells, self._is_hidden = "", "", None, False
        self.feed(html)
        self.text = " ".join(" ".join(self._texts).split())

    def handle_starttag(self, tag, attrs):
        identifier = dict(attrs).get("id")
        self._is_hidden = tag in ("style", "script")
        if identifier:
            self.ids.add(identifier)
            if tag in ("section", "tbody", "article", "div"):
                self._part = identifier
            if tag == "section":
                self._section = identifier
        if tag == "tr":
            self._cells = []
            for part in {self._part, self._section}:
                self.rows.setdefault(part, []).append(self._cells)
        if tag in ("td", "th") and self._cells is not None:
            self._cells.append("")

    def handle_endtag(self, tag):
        self._is_hidden = False
        if tag in ("tr", "table"):
            self._cells = None

    def handle_data(self, data):
        if self._is_hidden:
            return
        self._texts.append(data)
        if self._cells:
            self._cells[-1] = f"{self._cells[-1]} {data.strip()}".strip()

    def row(self, part: str, start: str) -> list[str]:
        """The first row of a part whose cells, read together, start with ``start``."""
        return next(cells for cells in self.rows[part] if " ".join(cells).strip().startswith(start))
