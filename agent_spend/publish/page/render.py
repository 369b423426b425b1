"""Turns payloads into HTML files that need nothing else: no network, no library, no server."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from agent_spend.publish.files import write_if_changed
from agent_spend.publish.page import charts, vega, vocabulary
from agent_spend.publish.page.audience import NOT_ATTRIBUTABLE, Audience, Names, audiences, slug
from agent_spend.publish.page.formats import FILTERS
from agent_spend.publish.page.payload import Payload, build_payload
from agent_spend.publish.page.source import Source
from agent_spend.publish.page.sparkline import day_bars, sparkline, state_strip
from agent_spend.publish.page.workloads import WITHIN_POLICY
from agent_spend.publish.warehouse import reading
from agent_spend.words import counted

TEMPLATES = Path(__file__).parent / "templates"
FOLDER = "page"


def publish_page(warehouse: Path, home: Path, log: Callable[[str], None] = lambda message: None) -> list[Path]:
    """Write ``home/page/index.html``, ``org-<org>.html`` for each org and ``squad-<org>--<squad>.html`` for each squad.

    A file whose content is the same is left alone; the page of an org or squad that no longer exists is removed. The
    content depends on the data only: there is no build time in it.

    Returns:
        Paths of all pages, the company page first.

    Raises:
        ConfigurationError: there is no warehouse yet.
    """
    folder = home / FOLDER
    paths = []
    with reading(warehouse) as connection:
        source = Source(connection)
        known, names = audiences(source), Names.load(source)
        for audience in known:
            path = folder / audience.file_name
            written = write_if_changed(path, render(build_payload(source, audience, known, names)).encode())
            log(f"{path.name}: {'written' if written else 'unchanged'}")
            paths.append(path)
    for old in {*folder.glob("org-*.html"), *folder.glob("squad-*.html")} - set(paths):
        old.unlink()
    return paths


def render(payload: Payload) -> str:
    """One page as HTML."""
    template = _environment().get_template("page.html.j2")
    return template.render(page=payload, charts=_charts(payload), reader=payload.audience)


def months_chart(warehouse: Path) -> dict | None:
    """Specification of the page's main chart, for a PNG elsewhere; ``None`` while there is nothing to draw."""
    with reading(warehouse) as connection:
        source = Source(connection)
        payload = build_payload(source, Audience(), [Audience()], Names.load(source))
        return charts.months(payload.finance.series, payload.finance.months)


def _charts(payload: Payload) -> dict:
    """Every chart of the page as SVG, each in a second form for narrow screens."""
    managers = payload.managers
    ended = [row for row in managers.weeks if (row["vendor"], row["week_start"]) not in managers.open_weeks]
    found: dict = {"weeks": {v: _resized(charts.weeks(ended, v), f"weeks-{v}") for v in vocabulary.VENDORS}}
    if payload.finance:
        found["months"] = _two_widths(charts.months, "months", payload.finance.series, payload.finance.months)
    if payload.platform and payload.platform.featured:
        found["task"] = _two_widths(charts.task_cost, "task", payload.platform.featured.days)
    return found


def _two_widths(draw: Callable, name: str, *rows: object) -> dict | None:
    wide = _svg(draw(*rows), f"{name}-wide")
    return wide and {"wide": wide, "narrow": _svg(draw(*rows, charts.NARROW), f"{name}-narrow")}


def _resized(chart: dict | None, name: str) -> dict | None:
    """Both forms of a chart whose drawing does not depend on its width."""
    return chart and {"wide": _svg(chart, f"{name}-wide"), "narrow": _svg({**chart, "width": charts.NARROW}, f"{name}-narrow")}


def _svg(spec: dict | None, name: str) -> Markup | None:
    # Vega escapes the text it draws, so its output is markup.
    return None if spec is None else Markup(vega.svg(spec, name))


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )
    environment.filters |= FILTERS
    environment.filters["slug"] = slug
    environment.filters["feed_name"] = lambda feed: vocabulary.words(feed, vocabulary.FEED_NAMES)
    environment.globals |= {
        "words": vocabulary.words, "counted": counted, "vocabulary": vocabulary, "series_name": vocabulary.series_name,
        "sparkline": sparkline, "day_bars": day_bars, "state_strip": state_strip,
        "NOT_ATTRIBUTABLE": NOT_ATTRIBUTABLE, "WITHIN_POLICY": WITHIN_POLICY,
        "style": Markup(_palette() + (TEMPLATES / "style.css").read_text(encoding="utf-8")),
        "script": Markup((TEMPLATES / "page.js").read_text(encoding="utf-8")),
    }
    return environment


def _palette() -> str:
    """Rules that tie the charts' exact colours to the page's variables, so that dark mode and hatching reach them."""
    rules = []
    for vendor, (accent, middle, pale) in vocabulary.TONES.items():
        rules.append(f".v-{vendor}{{--accent:var(--{vendor});--middle:var(--{vendor}-middle)}}")
        rules.append(f'.chart [fill="{pale}"]{{fill:url(#hatch-{vendor})}}')
        rules += _repaint(accent, vendor) + _repaint(middle, f"{vendor}-middle")
        # The middle tone is for lines and bars; words in it are too faint to read.
        rules.append(f'.chart text[fill="{middle}"]{{fill:var(--{vendor})}}')
    for name in ("ink", "muted", "rule", "pale"):
        rules += _repaint(getattr(vocabulary, name.upper()), name)
    return "\n".join(rules) + "\n"


def _repaint(tone: str, variable: str) -> list[str]:
    return [f'.chart [{part}="{tone}"]{{{part}:var(--{variable})}}' for part in ("fill", "stroke")]
