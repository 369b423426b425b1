"""One calendar for all feeds: UTC days, ISO weeks from Monday, calendar months."""

from datetime import date

from agent_spend.partitions import Window, contiguous, month_end, month_start, week_start


def test_sunday_and_monday_fall_in_different_weeks():
    assert week_start(date(2026, 11, 22)) == date(2026, 11, 16)
    assert week_start(date(2026, 11, 23)) == date(2026, 11, 23)


def test_the_first_days_of_a_year_belong_to_the_week_of_their_monday():
    assert week_start(date(2027, 1, 1)) == date(2026, 12, 28)


def test_months_end_on_their_last_day():
    assert [month_end(day) for day in (date(2026, 2, 1), date(2024, 2, 10), date(2026, 12, 31))] == [
        date(2026, 2, 28), date(2024, 2, 29), date(2026, 12, 31)
    ]
    assert month_start(date(2026, 2, 28)) == date(2026, 2, 1)


def test_days_are_grouped_without_bridging_gaps():
    days = [date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 5)]
    assert contiguous(days) == [Window(date(2026, 11, 1), date(2026, 11, 2)), Window(date(2026, 11, 5), date(2026, 11, 5))]


def test_long_ranges_are_cut():
    windows = contiguous(Window(date(2026, 1, 1), date(2026, 3, 5)).days(), step_days=30)
    assert [len(window.days()) for window in windows] == [30, 30, 4]
