"""Slack's limits on Block Kit messages, as a receiver enforces them."""

MAX_BLOCKS = 50
#: Undocumented by Slack; messages near this many characters are refused in practice.
MAX_CHARACTERS = 13_000
KNOWN_TYPES = {"section", "header", "divider", "context", "actions", "image", "markdown", "table", "rich_text"}


def invalid_blocks(blocks: object) -> str | None:
    """Why Slack would refuse ``blocks``; None when it would accept them."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        return "invalid_blocks: blocks must be a list of objects"
    if len(blocks) > MAX_BLOCKS:
        return f"invalid_blocks: {len(blocks)} blocks, at most {MAX_BLOCKS}"
    for number, block in enumerate(blocks):
        if problem := _problem(block):
            return f"invalid_blocks: blocks[{number}] {problem}"
    if sum(_characters(block) for block in blocks) > MAX_CHARACTERS:
        return "msg_blocks_too_long"
    return None


def _problem(block: dict) -> str | None:
    kind = block.get("type")
    if kind not in KNOWN_TYPES:
        return f"has the unknown type {kind!r}"
    if len(str(block.get("block_id", ""))) > 255:
        return "block_id is longer than 255"
    if kind == "section":
        fields = block.get("fields", [])
        if not block.get("text") and not fields:
            return "has neither text nor fields"
        if len(fields) > 10:
            return "has more than 10 fields"
        problems = [_text_problem(block.get("text"), 3000), *(_text_problem(field, 2000) for field in fields)]
        return next(filter(None, problems), None)
    if kind == "header":
        if not isinstance(block.get("text"), dict) or block["text"].get("type") != "plain_text":
            return "text must be plain_text"
        return _text_problem(block["text"], 150)
    if kind == "context" and not 1 <= len(block.get("elements", [])) <= 10:
        return "needs 1 to 10 elements"
    if kind == "actions" and not 1 <= len(block.get("elements", [])) <= 25:
        return "needs 1 to 25 elements"
    if kind == "markdown" and not 1 <= len(block.get("text", "")) <= 12_000:
        return "text must have 1 to 12000 characters"
    if kind == "image":
        if not block.get("alt_text") or len(block["alt_text"]) > 2000:
            return "needs an alt_text of at most 2000 characters"
        if len(block.get("image_url", "")) > 3000:
            return "image_url is longer than 3000"
    if kind == "table" and any(len(row) > 20 for row in block.get("rows", [])):
        return "has a row of more than 20 cells"
    return None


def _text_problem(text: object, limit: int) -> str | None:
    if text is None:
        return None
    if not isinstance(text, dict) or text.get("type") not in ("mrkdwn", "plain_text"):
        return "text must be an object of type mrkdwn or plain_text"
    if not 1 <= len(text.get("text", "")) <= limit:
        return f"text must have 1 to {limit} characters"
    return None


def _characters(value: object) -> int:
    """Characters of every text of a block, however deep."""
    if isinstance(value, dict):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(_characters(part) for name, part in value.items() if name != "type")
    if isinstance(value, list):
        return sum(_characters(part) for part in value)
    return 0
