"""What a finding looks like in Slack: Block Kit within Slack's documented limits, with a text fallback.

Limits (docs.slack.dev, Block Kit reference): 50 blocks a message, 3000 characters a section. Messages above about
13,000 characters in all have been refused with ``msg_blocks_too_long``, hence the smaller budget.
"""

from collections.abc import Mapping, Sequence

MAX_SECTION = 3000
MAX_BLOCKS = 50
MAX_MESSAGE = 10_000
_MAX_LINE = 600

#: The first words of a message, by kind; other kinds are shown by their name.
TITLES = {
    "copilot_credits_tripled": "Copilot credits at a multiple of the day before",
    "copilot_new_user_over_floor": "Copilot credits from a standing start",
    "cost_per_task_doubled": "Cost per completed task doubled",
    "unpriced_model": "A model without a price",
    "untagged_key": "API keys without environment or cost center",
    "unmatched_user": "Usage of people nobody knows",
    "prod_workload_on_seat": "Production work on a personal seat",
    "feed_failed": "A feed failed",
    "copilot_reports_disagree": "GitHub's 1-day and 28-day reports disagree",
    "github_teams_disagree": "GitHub's daily report and its teams disagree",
    "thresholds_missing": "Alert thresholds are missing",
    "vendor_totals_conserved": "The ledger and a vendor's feed differ",
    "run_failed": "A run failed",
}


def escape(text: str, limit: int = MAX_SECTION) -> str:
    """Text that Slack shows as it is: ``& < >`` escaped, no longer than ``limit``, no entity cut in half."""
    escaped = [{"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(character, character) for character in text]
    if sum(map(len, escaped)) <= limit:
        return "".join(escaped)
    kept, length = [], 0
    for piece in escaped:
        if length + len(piece) > limit - 1:
            break
        kept.append(piece)
        length += len(piece)
    return "".join(kept) + "…"


def single(finding: Mapping, page_url: str = "") -> dict:
    """The webhook payload for one finding."""
    title = TITLES.get(finding["kind"], finding["kind"])
    explanation = escape(finding["explanation"], MAX_SECTION - len(title) - 10)
    facts = [
        f"{finding['severity']} · {escape(finding['kind'], 80)}", escape(finding["vendor"], 80),
        f"finding `{finding['finding_id']}`", *_link(page_url),
    ]
    return {
        "text": escape(f"{title}: {finding['explanation']}", MAX_SECTION),
        "blocks": [
            _section(f"*{escape(title, 150)}*\n{explanation}"),
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "  |  ".join(facts)}]},
        ],
    }


def digest(findings: Sequence[Mapping], page_url: str = "") -> dict:
    """The webhook payload that folds many findings into one message, by kind; what does not fit is counted."""
    by_kind: dict[str, list[Mapping]] = {}
    for finding in findings:
        by_kind.setdefault(finding["kind"], []).append(finding)
    head = f"{len(findings)} more finding{'s' if len(findings) > 1 else ''}"
    blocks, left = [_section(f"*{head}*")], MAX_MESSAGE
    share = MAX_MESSAGE // max(1, min(len(by_kind), MAX_BLOCKS - 2))
    for kind, members in list(by_kind.items())[: MAX_BLOCKS - 2]:
        text = _list(TITLES.get(kind, kind), members, min(MAX_SECTION, share, left))
        left -= len(text)
        blocks.append(_section(text))
    if link := _link(page_url):
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": link[0]}]})
    counts = ", ".join(f"{len(members)} {kind}" for kind, members in by_kind.items())
    return {"text": escape(f"{head}: {counts}", MAX_SECTION), "blocks": blocks}


def _list(title: str, members: Sequence[Mapping], budget: int) -> str:
    lines = [f"*{escape(title, 120)}* ({len(members)})"]
    room = budget - len(lines[0]) - 40
    for number, finding in enumerate(members):
        line = "• " + escape(finding["explanation"], max(40, min(_MAX_LINE, room)))
        if len(line) + 1 > room:
            lines.append(f"… and {len(members) - number} more")
            break
        lines.append(line)
        room -= len(line) + 1
    return "\n".join(lines)


def _section(text: str) -> dict:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _link(page_url: str) -> list[str]:
    # The characters that end a link in Slack's syntax must not come from the setting.
    url = page_url.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
    return [f"<{url}|Open the page>"] if url.startswith(("http://", "https://")) else []
