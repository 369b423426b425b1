"""Budgets with their pace, and the lines of the month's reconciliation with their causes."""

from agent_spend.publish.page.audience import SMALLEST_GROUP, Audience, Names
from agent_spend.publish.page.behind import budget_lines
from agent_spend.publish.page.source import Source

_SCOPES = ("vendor", "org", "squad", "workflow", "key")


def build_budgets(source: Source, audience: Audience, names: Names) -> list[dict]:
    """Budgets that the audience may see: that of a group it is not in only where five or more people share it."""
    shown, lines = [], budget_lines(source)
    people = {
        (row["org"], row["squad"]): row["people"]
        for row in source.rows("SELECT org, squad, COUNT(*) AS people FROM dim_person GROUP BY org, squad ORDER BY ALL")
    }
    for row in source.rows_of("rpt_finance__budget_pace", "SELECT * FROM rpt_finance__budget_pace ORDER BY scope, amount_kind"):
        places = {place: count for place, count in people.items()
                  if row["org"] == place[0] and row["squad"] in (None, place[1])} if row["org"] else {}
        if audience.org is not None:
            is_shown = audience.sees(places) and (audience.squad is None or row["scope_kind"] == "squad")
        else:
            # A squad's own page tells its part, so what is left of the org must not be a few people's either.
            total = sum(places.values())
            groups = [total, *(total - count for count in places.values() if count < total)]
            is_shown = row["scope_kind"] not in ("org", "squad") or min(groups) >= SMALLEST_GROUP
        if is_shown:
            hidden = {column: names.hide(row[column], audience) for column in ("scope", "owner")}
            shown.append({**row, **hidden, "lines": lines.get((row["scope_kind"], row["scope"], row["amount_kind"]), [])})
    return sorted(shown, key=lambda row: (_SCOPES.index(row["scope_kind"]) if row["scope_kind"] in _SCOPES else 9, row["scope"]))


def build_reconciliation(source: Source) -> list[dict]:
    """One line a month, vendor and charge, with the causes of its differences; newest first."""
    lines: dict[tuple, dict] = {}
    for row in source.rows_of("rpt_reconciliation_month", _RECONCILIATION):
        key = (row["month"], row["vendor"], row["line"])
        line = lines.setdefault(key, {**row, "causes": []})
        for column in ("metered_usd", "billing_api_usd", "invoiced_usd"):
            line[column] = row[column] if line[column] is None else line[column]
        if row["cause"] != "none":
            line["causes"].append({"comparison": row["comparison"], "cause": row["cause"], "cause_usd": row["cause_usd"]})
    return list(lines.values())


_RECONCILIATION = """
SELECT * FROM rpt_reconciliation_month
ORDER BY month DESC, vendor, line DESC, comparison, ABS(cause_usd) DESC NULLS LAST, cause
"""
