"""Which models a change reaches."""

from agent_spend.runs import dependents, model_stages


def test_a_price_reaches_what_reads_it_and_nothing_else():
    reached = dependents(["included_pools"])
    assert {"stg_prices__included_pool", "rpt_finance__pool_month"} <= reached
    assert not reached & {"fct_usage_day", "fct_task", "rpt_finance__vendor_month", "included_pools"}


def test_a_line_of_the_roster_reaches_the_ledger_and_no_vendors_own_reading():
    reached = dependents(["roster_members"])
    assert {"stg_roster__member_day", "fct_usage_day", "rpt_manager__person_week"} <= reached
    assert not reached & {"stg_cursor__event", "stg_copilot__billing_line", "stg_prices__claude", "int_agent__call"}


def test_only_those_are_built_in_the_order_of_their_dependencies():
    stages = model_stages(only=dependents(["included_pools"]))
    order = [name for stage in stages for name in stage.assets]
    assert set(order) == dependents(["included_pools"])
    assert order.index("stg_prices__included_pool") < order.index("rpt_finance__pool_month")
