"""A feed's answers become partitions; a bad answer never replaces a good one, and is remembered as what it is."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import dagster as dg
import pyarrow as pa
import pytest

from agent_spend.errors import FeedError, State
from agent_spend.lake.ledgers import REVISIONS
from agent_spend.lake.spool import Spool
from agent_spend.lake.tables import Lake
from agent_spend.settings import Settings
from agent_spend.sources.contract import DAY, MONEY, TEXT, Contract, column
from agent_spend.sources.feed import DayAnswer, Feed
from agent_spend.sources.feed_asset import feed_asset
from agent_spend.sources.land import land

DAY_1, DAY_2 = date(2026, 11, 1), date(2026, 11, 2)


def feed_answering(*answers: DayAnswer) -> Feed:
    schema = Contract(
        {"usage_day": column(DAY, "day"), "who": column(TEXT, "who"), "credits": column(MONEY, "credits", nullable=True)}
    )
    return Feed("demo_feed", "cursor", "cursor", "demo", schema, lambda days, settings: iter(answers), "credits")


def one_row(day: date, credits: str | None) -> DayAnswer:
    value = None if credits is None else Decimal(credits)
    return DayAnswer(day, State.AVAILABLE, [{"usage_day": day, "who": "a", "credits": value}])


@pytest.fixture
def settings(monkeypatch) -> Settings:
    monkeypatch.setenv("CURSOR_API_KEY", "crsr_test")
    return Settings.from_environment()


def stored(settings: Settings) -> list:
    return Lake(settings.lake_uri).read("demo_feed", "usage_day")["credits"].to_pylist()


@pytest.mark.parametrize(
    ("state", "reason"),
    [(State.MISSING, "server_error"), (State.FORBIDDEN, "policy_disabled"), (State.MISSING, "no_report")],
)
def test_an_answer_without_data_keeps_what_was_stored_and_is_recorded(settings, state, reason):
    land(feed_answering(one_row(DAY_1, "7")), [DAY_1], settings)
    landing = land(feed_answering(DayAnswer.from_error(DAY_1, FeedError(reason, "vendor said no", state))), [DAY_1], settings)
    line = landing.coverage[DAY_1]
    assert (line.state, line.last_attempt, line.message, line.row_count) == ("available", reason, "vendor said no", 1)
    assert stored(settings) == [Decimal(7)]


def test_a_day_that_was_never_received_shows_why(settings):
    error = FeedError("policy_disabled", "enable the policy", State.FORBIDDEN)
    line = land(feed_answering(DayAnswer.from_error(DAY_1, error)), [DAY_1], settings).coverage[DAY_1]
    assert (line.state, line.reason, line.revision, line.fetched_at) == ("forbidden", "policy_disabled", 0, None)


def test_an_empty_answer_replaces_no_rows_unless_somebody_says_that_it_may(settings):
    empty = feed_answering(DayAnswer(DAY_1, State.ZERO))
    land(feed_answering(one_row(DAY_1, "7")), [DAY_1], settings)
    landing = land(empty, [DAY_1], settings)
    line = landing.coverage[DAY_1]
    assert (line.state, line.last_attempt, line.row_count, stored(settings)) == ("available", "emptied", 1, [Decimal(7)])
    assert "backfill the day with --accept-empty" in landing.failures[DAY_1]
    line = land(empty, [DAY_1], settings, accept_empty=True).coverage[DAY_1]
    assert (line.state, line.revision, line.row_count, stored(settings)) == ("zero", 2, 0, [])


def test_a_day_that_was_empty_stays_zero(settings):
    landings = [land(feed_answering(DayAnswer(DAY_1, State.ZERO)), [DAY_1], settings) for _ in range(2)]
    assert [(landing.coverage[DAY_1].last_attempt, landing.failures) for landing in landings] == [("zero", {})] * 2


def test_a_zero_that_may_be_a_failure_replaces_no_rows(settings):
    doubtful = DayAnswer(DAY_1, State.ZERO, reason="empty_file", message="the report has no line")
    assert land(feed_answering(doubtful), [DAY_1], settings).coverage[DAY_1].state == "zero"
    land(feed_answering(one_row(DAY_1, "7")), [DAY_1], settings)
    landing = land(feed_answering(doubtful), [DAY_1], settings)
    line = landing.coverage[DAY_1]
    assert (line.state, line.last_attempt, stored(settings)) == ("available", "empty_file", [Decimal(7)])
    assert landing.failures == {DAY_1: "the report has no line; the 1 rows that are stored were kept"}


def test_an_unknown_value_stays_unknown(settings):
    land(feed_answering(one_row(DAY_1, None)), [DAY_1], settings)
    assert stored(settings) == [None]


def test_the_same_answer_again_changes_no_table(settings):
    land(feed_answering(one_row(DAY_1, "7")), [DAY_1], settings)
    lake = Lake(settings.lake_uri)
    before = {name: lake.version(name) for name in ("demo_feed", "feed_coverage")}
    assert land(feed_answering(one_row(DAY_1, "7")), [DAY_1], settings).changed == []
    assert {name: lake.version(name) for name in before} == before


def test_a_restated_day_leaves_a_line_with_both_totals(settings):
    land(feed_answering(one_row(DAY_1, "7")), [DAY_1], settings)
    landing = land(feed_answering(one_row(DAY_1, "9.5")), [DAY_1], settings)
    line = Lake(settings.lake_uri).read(REVISIONS).to_pylist()[0]
    assert (line["total_before"], line["total_after"], line["revision"]) == (Decimal(7), Decimal("9.5"), 2)
    assert landing.coverage[DAY_1].revision == 2


def test_a_restated_day_shows_both_totals_in_the_assets_metadata(settings):
    land(feed_answering(one_row(DAY_1, "7"), one_row(DAY_2, "5")), [DAY_1, DAY_2], settings)
    asset = feed_asset(feed_answering(one_row(DAY_1, "9.50"), one_row(DAY_2, "5")))
    result = dg.materialize([asset], tags={"dagster/asset_partition_range_start": "2026-11-01",
                                           "dagster/asset_partition_range_end": "2026-11-02"})
    shown = result.get_asset_materialization_events()[0].materialization.metadata["revisions"]
    assert [record.data for record in shown.records] == [
        {"usage_day": "2026-11-01", "revision": 2, "rows_before": 1, "rows_after": 1, "total_before": "7",
         "total_after": "9.5"}
    ]


def test_each_day_of_a_range_says_its_own_rows_and_state(settings):
    nothing = DayAnswer(DAY_2, State.ZERO)
    result = dg.materialize([feed_asset(feed_answering(one_row(DAY_1, "7"), nothing))], tags={
        "dagster/asset_partition_range_start": "2026-11-01", "dagster/asset_partition_range_end": "2026-11-02"})  # fmt: skip
    events = [event.materialization for event in result.get_asset_materialization_events()]
    said = {event.partition: event.metadata for event in events}
    assert [(day, of["dagster/partition_row_count"].value, of["state"].value) for day, of in sorted(said.items())] == [
        ("2026-11-01", 1, "available"), ("2026-11-02", 0, "zero"),
    ]


def test_a_failed_day_does_not_stop_the_others(settings):
    failed = DayAnswer.from_error(DAY_1, FeedError("timeout", "too slow"))
    landing = land(feed_answering(failed, one_row(DAY_2, "3")), [DAY_1, DAY_2], settings)
    assert landing.failures == {DAY_1: "too slow"}
    assert stored(settings) == [Decimal(3)]


def test_a_day_the_source_forgot_is_a_failure_not_a_zero(settings):
    landing = land(feed_answering(one_row(DAY_1, "1")), [DAY_1, DAY_2], settings)
    assert landing.coverage[DAY_2].reason == "no_answer"
    assert list(landing.failures) == [DAY_2]


def test_an_error_that_nobody_foresaw_is_the_answer_of_the_days_still_to_come(settings):
    def fetch(days, settings):
        yield one_row(DAY_1, "7")
        raise KeyError("results")

    landing = land(replace(feed_answering(), fetch=fetch), [DAY_1, DAY_2], settings)
    assert (landing.coverage[DAY_2].reason, stored(settings)) == ("unexpected", [Decimal(7)])
    assert landing.failures[DAY_2].startswith("demo_feed 2026-11-02: KeyError: 'results' (test_land.py, line ")


def test_a_sum_that_is_no_amount_is_refused_and_not_a_crash(settings):
    rows = [one_row(DAY_1, "99999999999999999999").rows[0] | {"who": str(number)} for number in range(2)]
    landing = land(feed_answering(DayAnswer(DAY_1, State.AVAILABLE, rows), one_row(DAY_2, "3")), [DAY_1, DAY_2], settings)
    assert "credits sums to 2.000000e+20" in landing.failures[DAY_1]
    assert stored(settings) == [Decimal(3)]


def test_a_value_of_the_wrong_shape_names_feed_day_and_column(settings):
    bad = DayAnswer(DAY_1, State.AVAILABLE, [{"usage_day": DAY_1, "who": None, "credits": Decimal(1)}])
    landing = land(feed_answering(bad), [DAY_1], settings)
    assert landing.failures[DAY_1].startswith("demo_feed 2026-11-01: column who fails not_nullable")


def test_a_system_without_settings_is_not_connected(settings, monkeypatch):
    monkeypatch.delenv("CURSOR_API_KEY")
    line = land(feed_answering(), [DAY_1], settings).coverage[DAY_1]
    assert (line.state, line.message) == ("not_connected", "not connected: set CURSOR_API_KEY")


def test_digits_beyond_the_last_decimal_are_rounded(settings):
    land(feed_answering(one_row(DAY_1, "0.00012345678901234567")), [DAY_1], settings)
    assert stored(settings) == [Decimal("0.000123456789012346")]


def test_a_table_may_be_given_instead_of_rows(settings):
    table = pa.table({"usage_day": [DAY_1], "who": ["a"], "credits": pa.array([Decimal(2)], pa.decimal128(38, 18))})
    land(feed_answering(DayAnswer(DAY_1, State.AVAILABLE, table)), [DAY_1], settings)
    assert stored(settings) == [Decimal(2)]


def test_more_rows_than_memory_may_hold_are_landed_to_the_last_one(settings, monkeypatch):
    monkeypatch.setattr("agent_spend.sources.land._MEMORY_BYTES", 100)
    schema = feed_answering().arrow_schema
    spool = Spool(schema, settings.spool_dir, 100)
    for n in range(50):
        spool.append(pa.RecordBatch.from_pylist([{"usage_day": DAY_1, "who": f"a{n}", "credits": Decimal(n)}], schema))
    landing = land(feed_answering(DayAnswer(DAY_1, State.AVAILABLE, spool), one_row(DAY_2, "3")), [DAY_1, DAY_2], settings)
    line = landing.coverage[DAY_1]
    assert (line.row_count, line.total) == (50, Decimal(1225))
    assert sorted(stored(settings)) == sorted([*map(Decimal, range(50)), Decimal(3)])
    assert list(settings.spool_dir.iterdir()) == []


def test_a_row_that_breaks_the_contract_late_keeps_the_days_rows_out(settings):
    land(feed_answering(one_row(DAY_1, "7")), [DAY_1], settings)
    schema = feed_answering().arrow_schema
    spool = Spool(schema, settings.spool_dir, 100)
    for who in ("a", "b", None):
        spool.append(pa.RecordBatch.from_pylist([{"usage_day": DAY_1, "who": who, "credits": Decimal(1)}], schema))
    landing = land(feed_answering(DayAnswer(DAY_1, State.AVAILABLE, spool), one_row(DAY_2, "3")), [DAY_1, DAY_2], settings)
    assert "column who fails not_nullable" in landing.failures[DAY_1]
    assert sorted(stored(settings)) == [Decimal(3), Decimal(7)]


def test_a_row_of_another_day_is_refused(settings):
    stray = DayAnswer(DAY_1, State.AVAILABLE, one_row(DAY_2, "7").rows)
    assert land(feed_answering(stray), [DAY_1], settings).coverage[DAY_1].reason == "wrong_day"


def test_rows_that_repeat_a_key_in_another_batch_are_noticed(settings):
    feed = feed_answering()
    feed = replace(feed, schema=replace(feed.schema, unique=["who", "usage_day"]))
    spool = Spool(feed.arrow_schema, settings.spool_dir, 100)
    for who in ("a", "b", "a"):
        row = {"usage_day": DAY_1, "who": who, "credits": Decimal(1)}
        spool.append(pa.RecordBatch.from_pylist([row], feed.arrow_schema))
    with pytest.raises(FeedError, match="1 of 3 rows repeat the who, usage_day of another row"):
        feed.table(DayAnswer(DAY_1, State.AVAILABLE, spool))
