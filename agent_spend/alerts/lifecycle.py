"""The life of a finding, without storage: new, still there, gone, back, and which of them deserve a message."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

OPEN, ACKNOWLEDGED, RESOLVED = "open", "acknowledged", "resolved"

#: A finding that went away and came back deserves a new message when its value moved by more than this share.
RENEWED_SHARE = Decimal("0.5")


def finding_id(row: Mapping) -> str:
    """The same kind, vendor, subject and day give the same id on every run and every machine."""
    day = row["usage_day"].isoformat() if row["usage_day"] else ""
    parts = "\x1f".join((row["kind"], row["vendor"], row["subject"], day))
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def updated(
    known: Mapping[str, dict], rows: Iterable[Mapping], evaluated_days: Collection[date] | None, now: datetime
) -> dict[str, dict]:
    """The findings of one kind after a check looked at ``evaluated_days`` and returned ``rows``.

    Args:
        known: findings by id.
        evaluated_days: findings of these days that are not among ``rows`` are resolved; ``None`` means all days.
    """
    result = dict(known)
    seen = set()
    for row in rows:
        key = finding_id(row)
        if key in seen:
            continue
        seen.add(key)
        result[key] = _first_seen(key, row, now) if key not in known else _seen_again(known[key], row, now)
    for key, finding in known.items():
        is_evaluated = evaluated_days is None or finding["usage_day"] in evaluated_days
        if key not in seen and is_evaluated and finding["status"] != RESOLVED:
            result[key] = finding | {"status": RESOLVED, "resolved_at": now}
    return result


def with_episodes(known: Mapping[str, dict], episode_days: int) -> dict[str, dict]:
    """The findings of one kind with ``episode_start_day`` set.

    Findings of one subject at most ``episode_days`` apart are one episode; a renewed finding starts a new one.
    Resolved findings keep an episode together, so that a restated first day does not announce the second one again.
    """
    result: dict[str, dict] = {}
    start: dict[tuple, date] = {}
    latest: dict[tuple, date] = {}
    for key, finding in sorted(known.items(), key=lambda item: (item[1]["usage_day"], item[0])):
        subject, day = (finding["vendor"], finding["subject"]), finding["usage_day"]
        is_apart = subject not in latest or day - latest[subject] > timedelta(days=episode_days)
        if is_apart or finding["renewed_at"] is not None:
            start[subject] = day
        latest[subject] = day
        result[key] = finding | {"episode_start_day": start[subject]}
    return result


def due(findings: Iterable[Mapping]) -> list[Mapping]:
    """The findings that deserve a message now: the first open one of each episode that nobody was told about."""
    episodes: dict[tuple, list[Mapping]] = {}
    for finding in findings:
        key = (finding["kind"], finding["vendor"], finding["subject"], finding["episode_start_day"])
        episodes.setdefault(key, []).append(finding)
    first = []
    for members in episodes.values():
        is_known = any(member["notified_at"] or member["acknowledged_at"] for member in members)
        still_open = [member for member in members if member["status"] == OPEN]
        if still_open and not is_known:
            first.append(min(still_open, key=lambda member: member["usage_day"]))
    return sorted(first, key=lambda finding: (finding["usage_day"], finding["kind"], finding["subject"]))


def _first_seen(key: str, row: Mapping, now: datetime) -> dict:
    return dict(row) | {
        "finding_id": key, "usage_day": row["usage_day"] or now.date(), "status": OPEN, "first_seen_at": now,
        "notified_at": None, "acknowledged_at": None, "resolved_at": None, "renewed_at": None,
        "episode_start_day": None,
    }


def _seen_again(finding: dict, row: Mapping, now: datetime) -> dict:
    current = finding | dict(row) | {"usage_day": finding["usage_day"]}
    if finding["status"] != RESOLVED:
        return current
    if _moved(finding["observed"], row["observed"]):
        fresh = {"notified_at": None, "acknowledged_at": None, "renewed_at": now}
        return current | fresh | {"status": OPEN, "resolved_at": None}
    status = ACKNOWLEDGED if finding["acknowledged_at"] else OPEN
    return current | {"status": status, "resolved_at": None}


def _moved(before: Decimal | None, after: Decimal | None) -> bool:
    if before is None or after is None:
        return before is not after
    return abs(after - before) > abs(before) * RENEWED_SHARE
