"""Small lines inside table cells: inline SVG, with gaps where there is no row."""

from collections.abc import Sequence
from decimal import Decimal

from markupsafe import Markup

WIDTH, HEIGHT = 112, 22


def sparkline(values: Sequence[Decimal | float | None], label: str, css_class: str = "") -> Markup:
    """A line through ``values``, oldest first; a gap for ``None``, a dot at the newest value.

    Args:
        label: what a screen reader says.
        css_class: class of the vendor whose colour the line takes.
    """
    known = [float(value) for value in values if value is not None]
    if not known:
        return Markup("")
    top = max(known) or 1.0
    step = (WIDTH - 6) / max(1, len(values) - 1)
    points = [None if value is None else (3 + n * step, HEIGHT - 3 - float(value) / top * (HEIGHT - 6))
              for n, value in enumerate(values)]
    path, pen = [], "M"
    for point in points:
        if point is None:
            pen = "M"
            continue
        path.append(f"{pen}{point[0]:.1f},{point[1]:.1f}")
        pen = "L"
    x, y = next(point for point in reversed(points) if point)
    return Markup(
        '<svg class="spark {}" width="{}" height="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<path d="{}"/><circle cx="{}" cy="{}" r="2"/></svg>'
    ).format(css_class, WIDTH, HEIGHT, WIDTH, HEIGHT, label, " ".join(path), f"{x:.1f}", f"{y:.1f}")


def day_bars(days: Sequence[tuple[str, Decimal | None]], label: str, css_class: str = "") -> Markup:
    """A bar a day, oldest first: a known value stands, zero is a line on the ground, unknown a ring, no row nothing.

    Args:
        days: (state, value) with the states of :mod:`agent_spend.publish.page.people`.
    """
    top = max((float(value) for _, value in days if value is not None), default=0.0) or 1.0
    shapes = Markup("")
    for number, (state, value) in enumerate(days):
        x = number * 4
        if state == "unknown":
            shapes += Markup('<circle class="ring" cx="{}" cy="{}" r="1.4"/>').format(x + 1.5, HEIGHT - 3)
        elif value is not None:
            height = max(1.0, float(value) / top * (HEIGHT - 2))
            css = "zero" if value == 0 else ""
            box = css, x, f"{HEIGHT - height:.1f}", f"{height:.1f}"
            shapes += Markup('<rect class="{}" x="{}" y="{}" width="3" height="{}"/>').format(*box)
    width = len(days) * 4
    return Markup('<svg class="spark {}" width="{}" height="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        css_class, width, HEIGHT, width, HEIGHT, label, shapes
    )


def state_strip(days: Sequence[tuple[object, str | None]], label: str) -> Markup:
    """One small cell a day, coloured by state; equal neighbours share a shape."""
    cell, gap = 9, 2
    shapes = Markup("")
    for number, (day, state) in enumerate(days):
        shapes += Markup('<rect class="state-{}" x="{}" width="{}" height="14" rx="1.5"><title>{} {}</title></rect>').format(
            state or "none", number * cell, cell - gap, day, (state or "nothing known").replace("_", " ")
        )
    return Markup('<svg class="strip" width="{}" height="14" viewBox="0 0 {} 14" role="img" aria-label="{}">{}</svg>').format(
        len(days) * cell, len(days) * cell, label, shapes
    )
