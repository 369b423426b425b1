"""The last screen of a run, in a terminal of 80 columns."""

from datetime import date
from io import StringIO

import pytest
from page_rows import company, write
from rich.console import Console

from agent_spend.summary import print_summary


@pytest.fixture
def screen(tmp_path):
    """Prints the summary of tables; gives its lines, and how many findings are open."""

    def printed(tables: dict) -> tuple[list[str], int]:
        write(tmp_path / "warehouse.duckdb", tables)
        out = StringIO()
        count = print_summary(Console(file=out, width=80, highlight=False, markup=False), tmp_path)
        return [line.rstrip() for line in out.getvalue().splitlines()], count

    return printed


def test_each_month_names_the_state_of_its_lines(screen):
    lines, _ = screen(company())
    at = lines.index("Oct 2026")
    assert [line.split() for line in lines[at + 1 : at + 3]] == [
        ["Cursor", "usage", "20.00", "5.00", "15.00", "15.00", "reconciled"],
        ["seats", "-", "-", "-", "320.00", "not", "billed"],
    ]
    assert any(line.endswith("no invoice *") for line in lines)


def test_a_finding_is_in_words_with_what_to_do(screen):
    lines, count = screen(company())
    assert count == 4
    assert "● Copilot credits jumped, 2026-11-20, the first of 2" in lines
    assert "  To do: tag the key with environment and cost_center in the secret manager or" in lines
    assert not [line for line in lines if "copilot_credits_tripled" in line]


def test_feeds_that_lack_the_same_setting_are_one_line(screen):
    rows = [
        {"feed": feed, "usage_day": date(2026, 11, 20), "state": "not_connected", "reason": "not_connected",
         "message": "not connected: set CURSOR_API_KEY"}
        for feed in ("cursor_spend", "cursor_usage_events")
    ]  # fmt: skip
    lines, _ = screen({"rpt_coverage": rows})
    assert "  Cursor charges by member, Cursor events: not connected; set CURSOR_API_KEY" in lines


def test_an_empty_warehouse_says_what_to_do_next(screen):
    lines, count = screen({})
    assert count == 0
    assert "No figures yet: load days with agent-spend backfill, or look around with" in lines
