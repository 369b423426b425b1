"""The two ways this project says no: a setting that is wrong, and a vendor's answer that is not data."""

from enum import StrEnum


class ConfigurationError(Exception):
    """A setting, file or argument is missing or wrong. The message names it and the remedy (exit code 2)."""


class State(StrEnum):
    """What one feed is known to hold for one UTC day. Absent, zero, unknown and forbidden stay different."""

    AVAILABLE = "available"
    """The vendor answered with at least one row."""
    ZERO = "zero"
    """The vendor answered completely, and there was no usage that day."""
    PARTIAL = "partial"
    """The vendor's answer is known to be incomplete. Its rows stand in for the day until a complete answer comes."""
    MISSING = "missing"
    """No data: the vendor has no report (yet), or the last attempt failed and nothing was stored before."""
    FORBIDDEN = "forbidden"
    """The key is valid but may not read this: plan, policy or scope."""
    NOT_CONNECTED = "not_connected"
    """No settings for this system."""


#: Reasons for a missing day that are the vendor's normal "nothing to give"; every other one fails the run.
EXPECTED_GAPS = frozenset(
    {"no_report", "empty_body", "null_body", "no_links", "live_list_only", "day_not_closed", "no_invoice", "not_refreshed",
     "no_longer_served"}
)


class FeedError(Exception):
    """A vendor's answer that must not become data.

    Args:
        reason: short stable name, e.g. ``unauthorized``, ``forbidden``, ``policy_disabled``, ``rate_limited``,
            ``not_found``, ``server_error``, ``timeout``, ``connection``, ``malformed``, ``truncated``,
            ``wrong_content_type``, ``missing_field``, ``link_expired``, ``shard_missing``, ``count_mismatch``.
        message: one line that names the endpoint or file, the field where there is one, and the remedy.
        state: what the day becomes in ``rpt_coverage`` when nothing was stored before.
    """

    def __init__(self, reason: str, message: str, state: State = State.MISSING):
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.state = state
