"""What every chart shares: axes, frame, and how a Vega-Lite specification becomes SVG or PNG."""

import re

import altair as alt
import vl_convert

from agent_spend.publish.page.vocabulary import MUTED, RULE

FONT = "Inter, Helvetica Neue, Helvetica, Arial, sans-serif"


class Data(dict):
    """The tables of one chart by name. Kept out of altair, which copies what it holds with every layer and property."""

    def chart(self, rows: list[dict]) -> alt.Chart:
        """A chart over ``rows``."""
        name = f"table_{len(self)}"
        self[name] = rows
        return alt.Chart(alt.NamedData(name=name))


def category_axis() -> alt.Axis:
    """A horizontal axis with a label under every category."""
    return alt.Axis(title=None, labelAngle=0, ticks=False, domainColor=RULE, labelColor=MUTED, labelPadding=8)


def labelled_axis(labels: dict[str, str]) -> alt.Axis:
    """A horizontal axis that labels only the values in ``labels``."""
    table = ", ".join(f"'{key}': '{value}'" for key, value in labels.items())
    return alt.Axis(title=None, labelAngle=0, ticks=False, domainColor=RULE, labelColor=MUTED, labelPadding=8,
                    values=[*labels], labelExpr=f"({{{table}}})[datum.value]", labelOverlap=False)  # fmt: skip


def money_axis(pattern: str, ticks: int = 4) -> alt.Axis:
    """A vertical axis of dollars, with light lines across the chart."""
    return alt.Axis(title=None, format=pattern, tickCount=ticks, ticks=False, domain=False, gridColor=RULE, labelColor=MUTED,
                    labelPadding=8)  # fmt: skip


def spec(chart: alt.LayerChart, data: Data, width: int, height: int, room: int = 2) -> dict:
    """The whole drawing is ``width`` wide whatever the labels need, so that charts beside each other keep one scale.

    Args:
        room: pixels kept free at the right edge.
    """
    # Set beside what altair gives: each property set on a chart of its own copies the chart several times.
    frame = {
        "width": width, "height": height, "background": "transparent",
        "padding": {"left": 2, "right": room, "top": 8, "bottom": 2},
        "autosize": {"type": "fit", "contains": "padding"},
        "config": {"font": FONT, "view": {"strokeWidth": 0}, "axis": {"labelFontSize": 12, "gridOpacity": 1}},
    }
    return {**chart.to_dict(validate=False), **frame, "datasets": dict(data)}


def svg(spec: dict, name: str) -> str:
    """The chart as inline SVG. The same specification always gives the same text.

    Args:
        name: short id, unique on the page, that keeps the chart's internal references apart from other charts'.
    """
    text = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    # The library numbers clip paths for the whole process; renumbered, they depend on nothing but the chart.
    for number, old in enumerate(dict.fromkeys(re.findall(r'id="([^"]+)"', text))):
        text = text.replace(f'id="{old}"', f'id="{name}-{number}"').replace(f"url(#{old})", f"url(#{name}-{number})")
    text = re.sub(r' (?:aria-roledescription|pointer-events|xmlns:xlink|version|font-family|stroke-miterlimit)="[^"]*"', "", text)
    text = re.sub(r'<path class="(?:background|foreground)" aria-hidden="true" d="[^"]*"[^>]*/>', "", text)
    return re.sub(r'(\d+\.\d{2})\d+', r"\1", text)


def png(spec: dict, scale: float = 2.0) -> bytes:
    """The chart as a PNG on white, for Slack and Dagster's metadata."""
    return vl_convert.vegalite_to_png({**spec, "background": "white", "padding": 12}, scale=scale, allowed_base_urls=[])
