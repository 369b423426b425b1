"""The dated roster, whatever the dates: at most one row a person and day, and as many rows as valid days."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from agent_spend.sources.dated import Dated, valid_on
from agent_spend.sources.files import SourceFile
from agent_spend.sources.roster import schema

FIRST = date(2026, 11, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(30)]
ends = st.none() | st.sampled_from(DAYS)


@st.composite
def ranges(draw):
    """One person's rows: open or closed ranges, never two that start on the same day."""
    rows = draw(st.lists(st.tuples(ends, ends), max_size=4, unique_by=lambda row: row[0]))
    return [(start, end) for start, end in rows if not (start and end and end < start)]


def held_days(rows) -> set[date]:
    """The days covered by any of the ranges, written without the code under test."""
    held = set()
    for start, end in rows:
        held |= {day for day in DAYS if (start or DAYS[0]) <= day <= (end or DAYS[-1])}
    return held


def parsed(people: dict[str, list]) -> list[Dated]:
    lines = ["person_id,name,squad,valid_from,valid_to"]
    for person, rows in people.items():
        lines += [f"{person},Name,squad {n},{start or ''},{end or ''}" for n, (start, end) in enumerate(rows)]
    lines.append("always,Anchor,squad,,")
    return schema.parse(SourceFile("roster.csv", None, "\n".join(lines).encode()))


@given(st.dictionaries(st.sampled_from("ABC"), ranges()))
def test_a_person_has_as_many_rows_as_valid_days_and_never_two_on_one(people):
    versions = parsed(people)
    seen = [
        (version.row["person_id"], day)
        for day in DAYS
        for version in valid_on(day, versions, lambda row: row["person_id"], "person")
    ]
    expected = {(person, day) for person, rows in people.items() for day in held_days(rows)}
    assert len(seen) == len(set(seen))
    assert set(seen) == expected | {("always", day) for day in DAYS}


@given(ranges().filter(bool), st.sampled_from(DAYS), st.randoms())
def test_the_chosen_row_does_not_depend_on_the_order_of_lines(rows, day, random):
    versions = parsed({"A": rows})
    shuffled = random.sample(versions, len(versions))

    def chosen(order):
        found = valid_on(day, order, lambda row: row["person_id"], "person")
        return {version.row["person_id"]: version.row["squad"] for version in found}

    assert chosen(versions) == chosen(shuffled)


@given(ranges(), st.integers(min_value=0, max_value=29))
def test_any_split_of_the_month_has_the_same_rows_as_the_whole(rows, cut):
    versions = parsed({"A": rows})

    def count(days):
        return sum(len(valid_on(day, versions, lambda row: row["person_id"], "person")) for day in days)

    assert count(DAYS[:cut]) + count(DAYS[cut:]) == count(DAYS) == len(held_days(rows)) + len(DAYS)
