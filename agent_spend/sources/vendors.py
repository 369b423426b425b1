"""The vendors' names in the ledger, as people write them in files and tags."""

import re

from agent_spend.sources.files import Line

VENDORS = ("github_copilot", "anthropic", "cursor", "custom_agents")


def vendor_of(line: Line, *, known_only: bool = True) -> str:
    """The ledger name in column ``vendor``: ``GitHub Copilot`` and ``github-copilot`` are ``github_copilot``.

    Args:
        known_only: whether a vendor without a feed here is an error; a key registry may list keys of others.

    Raises:
        FeedError: ``bad_value`` for an empty or unknown name.
    """
    vendor = re.sub(r"[\s-]+", "_", line.required("vendor").lower())
    if known_only and vendor not in VENDORS:
        raise line.bad("vendor", f"must be one of {', '.join(VENDORS)}")
    return vendor
