"""Dagster's asset groups: what an asset is about, so that the collapsed lineage graph reads from vendors to readers.

No group feeds one that stands before it: feeds, coverage and prices; staging; identity; ledger; seats; then finance,
managers, audit and platform side by side; then what is published.
"""

#: By the beginning of a model's name; the longest that fits counts.
_OF_MODELS = {
    "stg_": "staging", "int_keys": "staging",
    "stg_github": "identity", "stg_roster": "identity", "stg_identity": "identity", "int_github": "identity",
    "int_identity": "identity", "dim_person": "identity",
    "int_": "ledger", "fct_": "ledger",
    "stg_seats": "seats", "int_seat": "seats", "fct_seat": "seats",
    "int_budget": "finance", "int_reconcile": "finance", "int_month_close": "finance", "fct_charge": "finance",
    "rpt_finance": "finance", "rpt_reconciliation": "finance", "rpt_month_close": "finance",
    "rpt_manager": "managers", "rpt_unmatched": "managers",
    "int_workload": "audit", "rpt_auth_audit": "audit",
    "rpt_platform": "platform",
    "int_feed": "coverage", "rpt_coverage": "coverage", "rpt_revisions": "coverage",
    "rpt_findings": "alerts",
}  # fmt: skip
#: What stands for a vendor in the group of its feeds: the UI shows fifteen characters of a name.
_OF_FEEDS = {
    "github_copilot": "copilot", "anthropic": "claude", "custom_agents": "agents",
    "roster": "company", "key_registry": "company", "invoices": "company",
}  # fmt: skip


def group_of_feed(vendor: str) -> str:
    """The group of a feed, such as ``feeds_copilot``; rosters, keys and invoices are ``feeds_company``."""
    return f"feeds_{_OF_FEEDS.get(vendor, vendor)}"


def group_of_model(name: str, layer: str) -> str:
    """The group of a model; its layer where nothing is known of its name."""
    return max(((len(start), group) for start, group in _OF_MODELS.items() if name.startswith(start)), default=(0, layer))[1]
