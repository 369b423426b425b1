"""Whatever a vendor answers and in whatever order: what is stored never becomes poorer than it was."""

from dataclasses import replace
from datetime import date
from decimal import Context

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent_spend.errors import FeedError, State
from agent_spend.lake.tables import Lake
from agent_spend.project import feeds
from agent_spend.settings import Settings
from agent_spend.sources.claude.schema import usd
from agent_spend.sources.cursor.schema import dollars
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.land import land

DAY = date(2026, 11, 10)
FEED = feeds()["claude_users"]
PROBLEM = FeedError("repeated_page", "the page before came again")
#: A kind of answer and how many rows it brings.
ANSWERS = st.lists(st.tuples(st.sampled_from(["complete", "part", "failure"]), st.integers(0, 3)), min_size=1, max_size=5)


def answer(kind: str, size: int) -> DayAnswer:
    person = {"usage_day": DAY, "email": "ada@acme.test", "name": None, "role": "user"}
    rows = [person | {"user_id": f"user_{number}"} for number in range(size)]
    if kind == "failure":
        return DayAnswer.from_error(DAY, PROBLEM)
    return DayAnswer.incomplete(DAY, rows, PROBLEM) if kind == "part" else DayAnswer(
        DAY, State.AVAILABLE if rows else State.ZERO, rows)


def expected(answers: list[tuple[str, int]]) -> tuple[str, int]:
    """The state and the rows of the day by the rule in words: complete wins, a part only grows, nothing replaces no rows."""
    state, rows = "missing", 0
    for kind, size in answers:
        if kind == "complete" and (size or not rows):
            state, rows = ("available" if size else "zero"), size
        elif kind == "part" and size and (rows == 0 or (state == "partial" and size >= rows)):
            state, rows = "partial", size
    return state, rows


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANSWERS)
def test_a_part_only_grows_and_only_what_is_complete_replaces_it(tmp_path_factory, answers):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AGENT_SPEND_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("ANTHROPIC_ADMIN_KEY", "sk-ant-admin01-test")
        for kind, size in answers:
            given_answer = answer(kind, size)
            fed = replace(FEED, fetch=lambda days, settings, found=given_answer: iter([found]))
            line = land(fed, [DAY], Settings.from_environment()).coverage[DAY]
        stored = Lake(Settings.from_environment().lake_uri).read("claude_users").num_rows
    assert ((line.state, line.row_count), stored) == (expected(answers), expected(answers)[1])


@given(st.decimals(min_value=0, max_value=10**15, places=16))
def test_cents_become_dollars_without_losing_a_digit_for_both_vendors(cents):
    for found in (usd(cents, "USD", "amount", "test"), dollars(cents)):
        assert found.scaleb(2, Context(prec=60)) == cents
