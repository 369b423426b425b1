"""Which models a change reaches; a failure stops nothing else, Ctrl-C stops everything."""

import os
import signal
from datetime import date

import dagster as dg
import pytest

from agent_spend.partitions import Window
from agent_spend.runs import Stage, dependents, instance, materialize, model_stages

STAGES = [Stage("first", "none", ("first",)), Stage("second", "none", ("second",))]
WINDOW = Window(date(2026, 11, 1), date(2026, 11, 1))


def definitions(first) -> tuple[dg.Definitions, list[str]]:
    """Two assets, and the names of those that ran to their end."""
    done = []

    @dg.asset(name="first")
    def one() -> None:
        first()
        done.append("first")

    @dg.asset(name="second")
    def two() -> None:
        done.append("second")

    return dg.Definitions(assets=[one, two]), done


def fail():
    raise ValueError("the vendor is away")


def test_a_failed_step_is_one_line_and_the_next_stage_runs(tmp_path):
    defs, done = definitions(fail)
    with instance(tmp_path) as dagster:
        outcomes = materialize(defs, dagster, STAGES, WINDOW)
    assert [outcome.failures for outcome in outcomes] == [("first: ValueError: the vendor is away",), ()]
    assert done == ["second"]


def test_ctrl_c_in_a_step_stops_the_stages_after_it(tmp_path):
    defs, done = definitions(lambda: os.kill(os.getpid(), signal.SIGINT))
    with instance(tmp_path) as dagster, pytest.raises(KeyboardInterrupt):
        materialize(defs, dagster, STAGES, WINDOW)
    assert "second" not in done


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
