"""The charts, as Vega-Lite specifications: the same one is an SVG on the page and a PNG in Slack and Dagster.

The page's style sheet repaints these exact colours for dark mode and hatches the pale tones, so a chart never names a
colour that is not in the vocabulary. Charts draw floats; every table beside them shows the decimals.
"""

import math
import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import altair as alt

from agent_spend.publish.page.formats import day, month, tokens, usd_text
from agent_spend.publish.page.vega import Data, category_axis, labelled_axis, money_axis, spec
from agent_spend.publish.page.vocabulary import AUTH_NAMES, INK, PALE, SERIES, TONES, VENDOR_NAMES, VENDORS, series_name

WIDE, NARROW = 1080, 390
NARROW_MONTHS = 4
_LABEL_GAP = 15
_WIDEST_BAR = 110


def months(series: Sequence[dict], vendor_months: Sequence[dict], width: int = WIDE) -> dict | None:
    """List value by month: vendors side by side, series stacked within a vendor, a tick for the invoice.

    Seats are solid, on-demand charges of seats in the middle tone, keys and service accounts pale (hatched on the page).

    Args:
        series: rows of ``rpt_finance__series_month``.
        vendor_months: rows of ``rpt_finance__vendor_month``.

    Returns:
        The specification, ``None`` without a stated list value.
    """
    bars = [_bar(row) for row in series if row["list_usd"]]
    if not bars:
        return None
    shown = sorted({bar["month"] for bar in bars})[-(NARROW_MONTHS if width < 600 else 13):]
    bars = [bar for bar in bars if bar["month"] in shown]
    labels, data = [month(value) for value in shown], Data()
    vendors = [vendor for vendor in VENDORS if any(bar["vendor"] == vendor for bar in bars)]
    for bar in bars:
        bar["month"] = month(bar["month"])
    x = alt.X("month:O", sort=labels, axis=category_axis(), scale=alt.Scale(paddingInner=0.3, paddingOuter=0.15))
    offset = alt.XOffset("vendor:N", sort=vendors, scale=alt.Scale(domain=vendors, paddingInner=0.18))
    # Few bars stay bars and do not become walls.
    band = min(1.0, _WIDEST_BAR * len(shown) * len(vendors) / (width * 0.6))
    layers = [
        data.chart(bars).mark_bar(width=alt.RelativeBandSize(band=band)).encode(
            x=x,
            xOffset=offset,
            y=alt.Y("amount:Q", stack="zero", axis=money_axis("$,.0f")),
            color=alt.Color("tone:N", scale=None),
            order=alt.Order("order:Q"),
            description=alt.Description("text:N"),
        )
    ]
    ticks = _invoice_ticks(vendor_months, shown, vendors)
    if ticks:
        layers.append(
            data.chart(ticks)
            .mark_tick(thickness=2.5, color=INK, orient="horizontal", opacity=1)
            .encode(x=x, xOffset=offset, y=alt.Y("amount:Q"), description=alt.Description("text:N"))
        )
    return spec(alt.layer(*layers), data, width, 290)


def weeks(rows: Sequence[dict], vendor: str, width: int = 540) -> dict | None:
    """List value by ISO week of one vendor: a line a series, named at its end; machine series dashed.

    Args:
        rows: ``week_start``, ``vendor``, ``series``, ``list_usd`` of weeks that have ended.
    """
    rows = [row for row in rows if row["vendor"] == vendor and row["list_usd"] is not None]
    names = [name for name in SERIES if any(row["series"] == name and row["list_usd"] > 0 for row in rows)]
    if not names:
        return None
    found = sorted({row["week_start"] for row in rows})
    top = _nice_top(max(float(row["list_usd"]) for row in rows))
    height, data = 190, Data()
    ends = {name: float(next((r["list_usd"] for r in reversed(rows) if r["series"] == name), 0)) for name in names}
    label_at = _spread(ends, top, height - 34)
    y = alt.Y("amount:Q", scale=alt.Scale(domain=[0, top]), axis=money_axis("$,.0f" if top >= 4 else "$,.2f", ticks=3))
    order = [week.isoformat() for week in found]
    x = alt.X("week:O", sort=order, axis=labelled_axis(_week_labels(found)), scale=alt.Scale(padding=0.2))
    color = alt.Color("tone:N", scale=None)
    points = [
        {"week": row["week_start"].isoformat(), "amount": float(row["list_usd"]), "tone": _tone(row["series"]),
         "series": row["series"],
         "text": f"Week of {day(row['week_start'])}, {SERIES[row['series']].name}: list value {usd_text(row['list_usd'])}"}
        for row in rows if row["series"] in names
    ]
    layers = []
    for is_machine, dash in ((False, [1, 0]), (True, [5, 3])):
        if drawn := [point for point in points if SERIES[point["series"]].is_machine == is_machine]:
            line = data.chart(drawn).mark_line(strokeWidth=2, strokeDash=dash)
            layers.append(line.encode(x=x, y=y, color=color, detail=alt.Detail("series:N")))
    layers.append(data.chart(points).mark_point(filled=True, size=26, opacity=1).encode(
        x=x, y=y, color=color, description=alt.Description("text:N")))
    end = [{"week": found[-1].isoformat(), "amount": label_at[name], "name": _short(SERIES[name].name), "tone": _tone(name)}
           for name in names]
    layers.append(data.chart(end).mark_text(align="left", dx=10, fontSize=12, fontWeight=600).encode(
        x=x, y=y, color=color, text=alt.Text("name:N")))
    # The drawing is fitted to the width of letters here; the reader's font may be wider.
    room = 10 + 3 * max(len(_short(SERIES[name].name)) for name in names)
    return spec(alt.layer(*layers), data, width, height, room)


def task_cost(days: Sequence[dict], width: int = WIDE) -> dict | None:
    """Cost per completed task of one workflow by day, a flag where its model changed, completions as pale bars.

    Args:
        days: rows of ``rpt_platform__workflow_day`` of one workflow, oldest first.
    """
    priced = [row for row in days if row["cost_per_completed_task_usd"] is not None]
    if not priced:
        return None
    top = _nice_top(max(float(row["cost_per_completed_task_usd"]) for row in priced))
    most = max(row["completed_tasks"] for row in days)
    every = [priced[0]["usage_day"] + timedelta(days=n) for n in range((days[-1]["usage_day"] - priced[0]["usage_day"]).days + 1)]
    order = [value.isoformat() for value in every]
    step = 7 if width >= 600 else 14
    labels = {value.isoformat(): day(value) for value in every if (value - every[0]).days % step == 0}
    x = alt.X("day:O", sort=order, axis=labelled_axis(labels), scale=alt.Scale(domain=order, paddingInner=0.35, paddingOuter=0.2))
    y = alt.Y("amount:Q", scale=alt.Scale(domain=[0, top]), axis=money_axis("$,.2f" if top >= 0.1 else "$,.3f"))
    bars = [{"day": row["usage_day"].isoformat(), "amount": row["completed_tasks"] / (most or 1) * top * 0.14,
             "text": f"{day(row['usage_day'])}: {row['completed_tasks']} completed tasks"} for row in days]
    points = [{"day": row["usage_day"].isoformat(), "amount": float(row["cost_per_completed_task_usd"]), "text": _task_text(row)}
              for row in priced]
    swaps = [{"day": row["usage_day"].isoformat(), "amount": top, "side": _flag_side(row, every),
              "name": f"{row['previous_dominant_model'] if width >= 600 else ''} → {row['dominant_model']}".strip()}
             for row in days if row["model_changed"] and row["previous_dominant_model"]]
    color, data = TONES["custom_agents"][0], Data()
    line = data.chart(points).encode(x=x, y=y)
    layers = [
        data.chart(bars).mark_bar(color=PALE).encode(x=x, y=y, description=alt.Description("text:N")),
        line.mark_line(color=color, strokeWidth=2.5),
        line.mark_point(color=color, filled=True, size=34, opacity=1).encode(description=alt.Description("text:N")),
    ]
    if swaps:
        layers.append(data.chart(swaps).mark_rule(color=INK, strokeDash=[2, 3]).encode(x=x))
        for side in ("left", "right"):
            flags = [swap for swap in swaps if swap["side"] == side]
            if flags:
                text = data.chart(flags).mark_text(
                    align="right" if side == "left" else "left", baseline="top", dx=-7 if side == "left" else 7,
                    color=INK, fontSize=12, fontWeight=600,
                )
                layers.append(text.encode(x=x, y=y, text=alt.Text("name:N")))
    return spec(alt.layer(*layers), data, width, 260)


def _bar(row: dict) -> dict:
    style = SERIES.get(row["series"])
    is_machine = row["auth_kind"] != "seat"
    depth = 2 if is_machine else 1 if style and style.is_charged_extra else 0
    auth = AUTH_NAMES.get(row["auth_kind"], row["auth_kind"])
    return {
        "month": row["month"], "vendor": row["vendor"], "amount": float(row["list_usd"]), "order": depth,
        "tone": TONES[row["vendor"]][depth],
        "text": f"{month(row['month'])}, {series_name(row['series'])} ({auth}): list value {usd_text(row['list_usd'])}",
    }


def _invoice_ticks(rows: Sequence[dict], shown: list[date], vendors: list[str]) -> list[dict]:
    invoiced: dict[tuple[date, str], Decimal] = {}
    for row in rows:
        if row["invoiced_usd"] is not None and row["month"] in shown and row["vendor"] in vendors:
            key = row["month"], row["vendor"]
            invoiced[key] = invoiced.get(key, Decimal(0)) + row["invoiced_usd"]
    return [
        {"month": month(key[0]), "vendor": key[1], "amount": float(amount),
         "text": f"{month(key[0])}, {VENDOR_NAMES[key[1]]}: invoiced {usd_text(amount)}"}
        for key, amount in sorted(invoiced.items())
    ]


def _task_text(row: dict) -> str:
    text = f"{day(row['usage_day'])}: ${float(row['cost_per_completed_task_usd']):.4f} per completed task, "
    used = re.sub("<[^>]+>", "", str(tokens(row["input_tokens"] + row["output_tokens"])))
    return text + f"{row['completed_tasks']} completed, {row['attempts']} attempts, {used} tokens"


def _flag_side(row: dict, every: list[date]) -> str:
    return "left" if (row["usage_day"] - every[0]).days * 2 > len(every) else "right"


def _short(name: str) -> str:
    """``Cursor on-demand`` as ``On-demand`` beside a heading that already names the vendor."""
    short = name.removeprefix("Claude ").removeprefix("Cursor ").removeprefix("Copilot ").removeprefix("Custom ")
    return short[:1].upper() + short[1:]


def _nice_top(value: float) -> float:
    """The next round number, so that the labelled axis ends above the data."""
    if value <= 0:
        return 1.0
    size = 10 ** math.floor(math.log10(value))
    return next(step * size for step in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12) if step * size >= value * 1.04)


def _tone(series: str) -> str:
    style = SERIES[series]
    return TONES[style.vendor][1 if style.is_charged_extra else 0]


def _spread(ends: dict[str, float], top: float, height: int) -> dict[str, float]:
    """Where the names at the ends of the lines stand, far enough apart to be read."""
    at: dict[str, float] = {}
    floor = 0.0
    for name, value in sorted(ends.items(), key=lambda item: item[1]):
        at[name] = floor = max(value, floor)
        floor += _LABEL_GAP * top / height
    return at


def _week_labels(found: list[date]) -> dict[str, str]:
    step = max(1, math.ceil(len(found) / 5))
    return {week.isoformat(): day(week) for number, week in enumerate(found) if (len(found) - 1 - number) % step == 0}


