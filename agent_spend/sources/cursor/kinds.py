"""What the words for an event's kind mean: Cursor's two vocabularies, and the plans' own labels, in one."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

#: ``unknown`` is a kind in no known vocabulary: kept with its amount, and the day says so until somebody decides.
KIND_CLASSES = (
    "usage_based", "included", "errored", "aborted", "free", "user_api_key", "custom_subscription", "unknown",
)  # fmt: skip

#: Kind of an event that comes without one; it is ``unknown`` too.
NOT_STATED = "(not stated)"
#: Labels of the documentation and of the dashboard, and live enum names without their common prefix; spelled alike.
_KINDS = {
    "usage based": "usage_based", "usage based pricing": "usage_based", "on demand": "usage_based",
    "included": "included",
    "errored": "errored", "errored not charged": "errored", "errored no charge": "errored",
    "aborted": "aborted", "aborted not charged": "aborted", "aborted no charge": "aborted",
    "free": "free", "free credit": "free", "no charge": "free",
    "user api key": "user_api_key",
    "custom subscription": "custom_subscription",
}  # fmt: skip
#: Every plan has a label of its own ("Included in Business", INCLUDED_IN_PRO_PLUS): allowance, whatever the plan.
_INCLUDED = "included in "
_ENUM = "usage event kind "


@lru_cache(maxsize=1024)
def kind_class(kind: str, subscription: str | None = None) -> str:
    """The one-vocabulary name of a kind; ``unknown`` when it is in none."""
    if subscription and kind.strip().lower() == subscription.strip().lower():
        return "custom_subscription"
    name = " ".join(re.split(r"[\s,_-]+", kind.lower())).strip().removeprefix(_ENUM)
    return "included" if name.startswith(_INCLUDED) else _KINDS.get(name, "unknown")


def doubts(rows: Sequence[dict], where: str) -> tuple[str, str]:
    """Reason and message of a day with kinds that nobody has classified, or with cash that is not stated; else empty texts."""
    found = Counter(row["kind"] for row in rows if row["kind_class"] == "unknown")
    if found:
        named = ", ".join(f"{kind!r} on {count} events" for kind, count in sorted(found.items()))
        return "unknown_kind", (
            f"{where}: usageEvents.kind is {named}, which is in neither known vocabulary; the events are kept and count as "
            "neither cash nor covered: decide which they are and add the kind to sources/cursor/kinds.py"
        )
    unstated = sum(_is_unstated(row) for row in rows)
    if unstated:
        return "no_amount", f"{where}: {unstated} usage-based events state no amount; they are kept and in no USD total"
    return "", ""


def doubtful_rows(columns: Mapping[str, Sequence]) -> list[dict]:
    """The rows that :func:`doubts` has something to say about, of rows that come by columns."""
    names = ("kind", "kind_class", "charged_usd")
    rows = zip(*(columns[name] for name in names), strict=True)
    return [
        dict(zip(names, row, strict=True))
        for row in rows
        if row[1] == "unknown" or (row[1] == "usage_based" and row[2] is None)
    ]


def _is_unstated(row: dict) -> bool:
    return row["kind_class"] == "usage_based" and row["charged_usd"] is None
