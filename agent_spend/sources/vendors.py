"""The vendors' names in the ledger, as people write them in files and tags."""

import re

from agent_spend.sources.lines import Line

VENDORS = ("github_copilot", "anthropic", "cursor", "custom_agents")
_PRODUCTS = {"claude": "anthropic", "claude_api": "anthropic", "anthropic_api": "anthropic", "copilot": "github_copilot"}


def vendor_of(line: Line, *, known_only: bool = True) -> str:
    """The ledger name in column ``vendor``: ``GitHub Copilot``, ``github-copilot`` and ``Copilot`` are ``github_copilot``.

    Args:
        known_only: whether a vendor without a feed here is an error; a key registry may list keys of others.

    Raises:
        FeedError: ``bad_value`` for an empty or unknown name.
    """
    vendor = re.sub(r"[\s-]+", "_", line.required("vendor").lower())
    vendor = _PRODUCTS.get(vendor, vendor)
    if known_only and vendor not in VENDORS:
        raise line.bad("vendor", f"must be one of {', '.join(VENDORS)}")
    return vendor
