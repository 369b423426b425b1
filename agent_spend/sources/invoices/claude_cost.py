"""The cost export of the Claude Console as CSV: what the API charged, one line a day, key, model and token class.

Its columns grew over time (context window, list price, geography, speed, key id) and are read by name; ``cost_usd`` is
what is charged, in dollars with whole cents, unlike every API of Anthropic's.
Source: Claude help centre, "Cost and usage reporting in the Claude Console"; observed files of 2024 to 2026.
"""

from agent_spend.sources.files import SourceFile
from agent_spend.sources.invoices.evidence import Charges
from agent_spend.sources.lines import Line, csv_lines

LAYOUT = "claude_cost"
_NEEDED = ("usage_date_utc", "cost_usd")
_OPTIONAL = ("model", "workspace", "api_key", "usage_type", "token_type", "cost_type")
#: What the export prints where a column does not apply.
_NOT_APPLICABLE = "--"


def recognises(columns: set[str]) -> bool:
    """Whether squeezed column names are those of the Console's cost export."""
    return {"usagedateutc", "costusd"} <= columns


def charges(file: SourceFile) -> Charges:
    """The charges by month, model and token class.

    Raises:
        FeedError: as :func:`agent_spend.sources.lines.csv_lines`; ``bad_value``.
    """
    found = Charges("anthropic", LAYOUT, file, are_whole_cents=True)
    for line in csv_lines(file, _NEEDED, _OPTIONAL):
        line.required("cost_usd")
        day = line.required_day("usage_date_utc")
        model, workspace, key, use, token, cost = (_stated(line, name) for name in _OPTIONAL)
        words = ", ".join(part for part in (model, token or cost or use) if part) or "Claude API"
        scope = (workspace, key)
        found.add(day, day, words, words, "usage", None, line.amount("cost_usd"), line.where, scope)
    return found


def _stated(line: Line, column: str) -> str | None:
    value = line.text(column)
    return None if value == _NOT_APPLICABLE else value
