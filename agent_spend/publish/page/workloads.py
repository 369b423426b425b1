"""How automated work signs in: the audit, what should move to keys, and the paused Agent SDK split."""

from dataclasses import dataclass, field
from decimal import Decimal

from agent_spend.publish.page.audience import Audience, Names
from agent_spend.publish.page.behind import WORKLOAD_COLUMNS, workload_lines
from agent_spend.publish.page.source import Source

#: Verdicts of the audit, the most urgent first; the last ones ask nobody to act.
VERDICTS = ("prod_on_seat", "untagged_key", "auth_unknown", "automated_on_seat", "suspected_on_seat", "person_background",
            "moved_to_key", "stopped", "ok")  # fmt: skip
WITHIN_POLICY = frozenset(VERDICTS[5:])
NOT_IN_FORCE = "not in force"


@dataclass
class SdkSplit:
    """The Agent SDK credit as policy and as what-if. ``who`` of a row is a name only where the audience may see it."""

    state: str
    is_on: bool
    policy: list[dict]
    seats: list[dict]
    workloads: list[dict]


@dataclass
class Workloads:
    """Workloads that the audience may see one by one; ``people`` counts those that are people's own tools."""

    audit: list[dict] = field(default_factory=list)
    people: list[dict] = field(default_factory=list)
    cutover: list[dict] = field(default_factory=list)
    sdk: SdkSplit | None = None

    def id_of(self, finding: dict) -> str | None:
        """Where the workload that a finding is about stands on the page."""
        return next((row["id"] for row in self.audit if row["is_named"]
                     and (row["vendor"], row["workload"]) == (finding["vendor"], finding["subject"])), None)  # fmt: skip


def build_workloads(source: Source, audience: Audience, names: Names) -> Workloads:
    """A person behind a workload is named to the own org and squad only, and so is what is called after the person."""
    audit, people, ids = _audit(source, audience, names)
    return Workloads(audit, people, _cutover(source, audience, names, ids), _sdk_split(source, audience, names))


def _audit(source: Source, audience: Audience, names: Names) -> tuple[list[dict], list[dict], dict[tuple, str]]:
    listed, people, ids, lines = [], {}, {}, workload_lines(source)
    for row in source.rows("SELECT * FROM rpt_auth_audit ORDER BY list_usd_28d DESC NULLS LAST, workload, vendor, auth_kind"):
        places = names.places_of(row["person_id"], row["workload"], row["owner"])
        if audience.org is not None and not audience.sees(places):
            continue
        if audience.org is None and places and row["verdict"] in WITHIN_POLICY:
            group = people.setdefault((row["vendor"], row["verdict"]), {"people": set(), "list_usd_28d": Decimal(0)})
            group["people"].add(row["person_id"] or row["owner"])
            group["list_usd_28d"] += row["list_usd_28d"] or 0
            continue
        shown = row | {name: names.hide(row[name], audience) for name in ("workload", "owner", "evidence")}
        shown["lines"] = lines.get(tuple(row[column] for column in WORKLOAD_COLUMNS), [])
        shown["is_named"] = shown["workload"] == row["workload"]
        shown["id"] = ids[row["vendor"], row["workload"], row["environment"]] = f"workload-{len(listed) + 1}"
        listed.append(shown)
    listed.sort(key=lambda row: VERDICTS.index(row["verdict"]) if row["verdict"] in VERDICTS else len(VERDICTS))
    counts = [
        {"vendor": vendor, "verdict": verdict, "people": len(group["people"]), "list_usd_28d": group["list_usd_28d"]}
        for (vendor, verdict), group in sorted(people.items())
    ]
    return listed, counts, ids


def _cutover(source: Source, audience: Audience, names: Names, ids: dict[tuple, str]) -> list[dict]:
    rows = source.rows_of("rpt_platform__cutover_list", _CUTOVER)
    return [
        row | {name: names.hide(row[name], audience) for name in ("workload", "owner", "target_key", "evidence")}
        | {"audit_id": ids.get((row["vendor"], row["workload"], row["environment"]))}
        for row in rows if audience.org is None or audience.sees(names.places_of(row["workload"], row["owner"]))
    ]


def _sdk_split(source: Source, audience: Audience, names: Names) -> SdkSplit | None:
    policy = source.rows_of("rpt_platform__agent_sdk_policy", "SELECT * FROM rpt_platform__agent_sdk_policy ORDER BY plan")
    if not policy:
        return None
    is_on = any(row["effective_from"] for row in policy)

    def shown(table: str, order: str) -> list[dict]:
        rows = source.rows_of(table, f"SELECT * FROM {table} ORDER BY month DESC, {order}")
        rows = [row for row in rows if (row["state"] != NOT_IN_FORCE) == is_on and (is_on or row["month"] == source.month)]
        seen = []
        for row in rows:
            person_id, seat, name = (row.pop(column) for column in ("person_id", "seat", "name"))
            places = names.places_of(person_id, seat)
            if audience.sees(places):
                seen.append(row | {"who": name or seat})
            elif audience.org is None:
                seen.append(row | {"who": names.someone(places)})
        return seen

    return SdkSplit(
        state=policy[0]["state"], is_on=is_on, policy=policy,
        seats=shown("rpt_platform__agent_sdk_split", "headless_list_usd DESC, seat"),
        workloads=shown("rpt_platform__agent_sdk_split_workload", "headless_list_usd DESC, seat, workload"),
    )


_CUTOVER = "SELECT * FROM rpt_platform__cutover_list ORDER BY key_usd_28d DESC NULLS LAST, vendor, workload, environment"
