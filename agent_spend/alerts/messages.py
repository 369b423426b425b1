"""What a finding looks like in Slack: Block Kit within Slack's documented limits, with a text fallback.

Limits (docs.slack.dev, Block Kit reference): 50 blocks a message, 3000 characters a section. Messages above about
13,000 characters in all have been refused with ``msg_blocks_too_long``, hence the smaller budget.
"""

from collections.abc import Mapping, Sequence

from agent_spend.checks.catalog import remedy, title
from agent_spend.words import VENDOR_NAMES, counted, words

MAX_SECTION = 3000
MAX_BLOCKS = 50
MAX_MESSAGE = 10_000
_MAX_LINE = 600


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
    head, todo = title(finding["kind"]), remedy(finding["kind"])
    todo = f"\nWhat to do: {escape(todo, 500)}." if todo else ""
    explanation = escape(finding["explanation"], MAX_SECTION - len(head) - len(todo) - 10)
    facts = [
        finding["severity"].capitalize(),
        *([] if finding["vendor"] == "company" else [escape(words(finding["vendor"], VENDOR_NAMES), 80)]),
        f"seen? `agent-spend acknowledge {finding['finding_id']}`", *_link(page_url),
    ]
    return {
        "text": escape(f"{head}: {finding['explanation']}", MAX_SECTION),
        "blocks": [
            _section(f"*{escape(head, 150)}*\n{explanation}{todo}"),
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "  |  ".join(facts)}]},
        ],
    }


def digest(findings: Sequence[Mapping], page_url: str = "") -> dict:
    """The webhook payload that folds many findings into one message, by kind; what does not fit is counted."""
    by_kind: dict[str, list[Mapping]] = {}
    for finding in findings:
        by_kind.setdefault(finding["kind"], []).append(finding)
    head = counted(len(findings), "more finding")
    blocks, left = [_section(f"*{head}*")], MAX_MESSAGE
    share = MAX_MESSAGE // max(1, min(len(by_kind), MAX_BLOCKS - 2))
    for kind, members in list(by_kind.items())[: MAX_BLOCKS - 2]:
        text = _list(title(kind), members, min(MAX_SECTION, share, left))
        left -= len(text)
        blocks.append(_section(text))
    if link := _link(page_url):
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": link[0]}]})
    counts = "; ".join(f"{title(kind)} ({len(members)})" for kind, members in by_kind.items())
    return {"text": escape(f"{head}: {counts}", MAX_SECTION), "blocks": blocks}


def _list(head: str, members: Sequence[Mapping], budget: int) -> str:
    lines = [f"*{escape(head, 120)}* ({len(members)})"]
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
