"""The lake replaces partitions whole, in one transaction, and only when they changed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from threading import Barrier

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent_spend.errors import ConfigurationError
from agent_spend.lake.reading import session
from agent_spend.lake.tables import Lake
from agent_spend.partitions import Window

SCHEMA = pa.schema([("usage_day", pa.date32()), ("who", pa.string()), ("credits", pa.decimal128(38, 18))])
DAY_1, DAY_2, DAY_3 = date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3)


def rows(*lines) -> pa.Table:
    return pa.Table.from_pylist(
        [{"usage_day": day, "who": who, "credits": Decimal(text)} for day, who, text in lines], schema=SCHEMA
    )


@pytest.fixture
def lake(tmp_path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def test_a_replaced_day_leaves_other_days_alone(lake):
    lake.replace("t", rows((DAY_1, "a", "1"), (DAY_2, "b", "2")), "usage_day", [DAY_1, DAY_2])
    lake.replace("t", rows((DAY_2, "b", "3")), "usage_day", [DAY_2])
    assert sorted(lake.read("t", "usage_day").to_pylist(), key=lambda row: row["usage_day"]) == [
        {"usage_day": DAY_1, "who": "a", "credits": Decimal("1.000000000000000000")},
        {"usage_day": DAY_2, "who": "b", "credits": Decimal("3.000000000000000000")},
    ]


def test_the_same_rows_in_another_order_commit_nothing(lake):
    lake.replace("t", rows((DAY_1, "a", "1"), (DAY_1, "b", "2")), "usage_day", [DAY_1])
    version = lake.version("t")
    assert lake.replace("t", rows((DAY_1, "b", "2"), (DAY_1, "a", "1")), "usage_day", [DAY_1]) == []
    assert lake.version("t") == version


def test_only_the_changed_days_of_a_range_are_committed(lake):
    lake.replace("t", rows((DAY_1, "a", "1"), (DAY_2, "b", "2")), "usage_day", [DAY_1, DAY_2])
    changes = lake.replace("t", rows((DAY_1, "a", "1"), (DAY_2, "b", "5")), "usage_day", [DAY_1, DAY_2])
    assert [(change.partition, change.rows_before, change.rows_after) for change in changes] == [("2026-11-02", 1, 1)]


def test_a_day_without_rows_becomes_empty(lake):
    lake.replace("t", rows((DAY_1, "a", "1"), (DAY_2, "b", "2")), "usage_day", [DAY_1, DAY_2])
    lake.replace("t", rows(), "usage_day", [DAY_1])
    assert lake.read("t", "usage_day")["usage_day"].to_pylist() == [DAY_2]


def test_a_duplicated_row_is_a_change(lake):
    lake.replace("t", rows((DAY_1, "a", "1")), "usage_day", [DAY_1])
    assert len(lake.replace("t", rows((DAY_1, "a", "1"), (DAY_1, "a", "1")), "usage_day", [DAY_1])) == 1


def test_rows_of_partitions_that_were_not_named_are_not_written(lake):
    lake.replace("t", rows((DAY_1, "a", "1"), (DAY_3, "c", "9")), "usage_day", [DAY_1])
    assert lake.read("t", "usage_day")["who"].to_pylist() == ["a"]


def test_a_table_without_partitions_is_replaced_whole(lake):
    lake.replace("t", rows((DAY_1, "a", "1"), (DAY_2, "b", "2")), None)
    lake.replace("t", rows((DAY_3, "c", "3")), None)
    assert lake.read("t")["who"].to_pylist() == ["c"]
    assert lake.replace("t", rows((DAY_3, "c", "3")), None) == []


def test_reading_a_window_leaves_other_days_out(lake):
    lake.replace("t", rows((DAY_1, "a", "1"), (DAY_2, "b", "2"), (DAY_3, "c", "3")), "usage_day", [DAY_1, DAY_2, DAY_3])
    assert lake.read("t", "usage_day", Window(DAY_2, DAY_2))["who"].to_pylist() == ["b"]


def test_a_column_of_another_type_is_refused_with_the_remedy(lake):
    lake.replace("t", rows((DAY_1, "a", "1")), "usage_day", [DAY_1])
    other = pa.table({"usage_day": [DAY_1], "who": pa.array([7], pa.int64()), "credits": [Decimal(1)]})
    with pytest.raises(ConfigurationError, match="column who is stored as string"):
        lake.replace("t", other, "usage_day", [DAY_1])


def test_a_partition_that_another_program_emptied_is_written_again(lake):
    lake.replace("t", rows((DAY_1, "a", "1"), (DAY_2, "b", "2")), "usage_day", [DAY_1, DAY_2])
    DeltaTable(lake.uri("t")).delete("usage_day = '2026-11-01'")
    changes = lake.replace("t", rows((DAY_1, "a", "1"), (DAY_2, "b", "2")), "usage_day", [DAY_1, DAY_2])
    assert [(change.partition, change.rows_before, change.rows_after) for change in changes] == [("2026-11-01", 0, 1)]
    assert sorted(lake.read("t", "usage_day")["who"].to_pylist()) == ["a", "b"]


def test_a_table_that_another_program_wrote_is_replaced_once(lake):
    write_deltalake(lake.uri("t"), rows((DAY_1, "a", "1")), partition_by="usage_day")
    assert len(lake.replace("t", rows((DAY_1, "a", "1")), "usage_day", [DAY_1])) == 1
    assert lake.replace("t", rows((DAY_1, "a", "1")), "usage_day", [DAY_1]) == []


def test_what_a_partition_holds_outlives_a_checkpoint(lake):
    for number in range(3):
        lake.replace("t", rows((DAY_1, "a", str(number)), (DAY_2, "b", "1")), "usage_day", [DAY_1, DAY_2])
    DeltaTable(lake.uri("t")).create_checkpoint()
    assert lake.replace("t", rows((DAY_1, "a", "2"), (DAY_2, "b", "1")), "usage_day", [DAY_1, DAY_2]) == []


def test_two_writers_of_one_new_day_leave_the_rows_of_one(lake):
    lake.replace("t", rows((DAY_2, "b", "2")), "usage_day", [DAY_2])
    both = Barrier(2)

    def write(who: str) -> None:
        both.wait()
        lake.replace("t", rows((DAY_1, who, "1")), "usage_day", [DAY_1])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, "xy"))
    assert len(lake.read("t", "usage_day", Window(DAY_1, DAY_1))) == 1


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from([DAY_1, DAY_2]), st.sampled_from("ab"), st.decimals(-9, 9, places=18)), max_size=6
    )
)
def test_what_was_written_is_read_back_to_the_last_decimal(lake, lines):
    lake.replace("p", rows(*lines), "usage_day", [DAY_1, DAY_2])
    stored = sorted((row["usage_day"], row["who"], row["credits"]) for row in lake.read("p", "usage_day").to_pylist())
    assert stored == sorted(lines)


@pytest.mark.parametrize("folder", ["with space", "o'brien", "Büro", "100%"])
def test_a_lake_may_lie_in_a_folder_of_any_usual_name(tmp_path, folder):
    lake = Lake(str(tmp_path / folder / "lake"))
    lake.replace("t", rows((DAY_1, "a", "1")), "usage_day", [DAY_1])
    with session() as connection:
        read = connection.sql(f"SELECT who, credits FROM ({lake.relation_sql('t', 'usage_day')})").fetchall()
    assert read == [("a", Decimal("1.000000000000000000"))]
    assert [path.name for path in tmp_path.iterdir()] == [folder]


@pytest.mark.parametrize("folder", ["a[1]", "a|b", "a^b", "a%20b"])
def test_a_folder_that_delta_cannot_use_is_refused_at_once(tmp_path, folder):
    with pytest.raises(ConfigurationError, match="AGENT_SPEND_HOME"):
        Lake(str(tmp_path / folder))
