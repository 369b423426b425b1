"""Formats, small groups and charts, one by one."""

from datetime import date
from decimal import Decimal

import altair as alt
import pytest

from agent_spend.publish.page import charts, vega
from agent_spend.publish.page.audience import Names, hide_small_groups, slug
from agent_spend.publish.page.formats import credits, percent, times, tokens, usd, usd_rate, week


@pytest.mark.parametrize(
    ("value", "shown"),
    [("1234.5", "$1,234.50"), ("0", "$0.00"), ("-3.005", "−$3.01"), ("0.0042", "$0.0042"), ("0.005", "$0.01")],
)
def test_dollars_are_shown_to_the_cent_or_to_the_digits_that_matter(value, shown):
    assert usd(Decimal(value)).striptags() == shown


def test_a_rounded_figure_carries_the_exact_one():
    assert 'title="USD 1.2345678"' in usd(Decimal("1.2345678"))
    assert "title" not in usd(Decimal("1.23"))


def test_null_and_zero_are_different_words():
    assert [usd(None).striptags(), usd(Decimal(0)).striptags()] == ["not stated", "$0.00"]
    assert [credits(None).striptags(), credits(Decimal(0)).striptags()] == ["unknown", "0"]


def test_a_ratio_is_rounded_down():
    assert [times(2.99), times(3.0), times(3.01)] == ["2.9×", "3.0×", "3.0×"]


def test_small_and_large_figures_keep_their_unit():
    assert usd_rate(Decimal("0.038181818")).striptags() == "$0.0382"
    assert tokens(1_200_000).striptags() == "1.20 M"
    assert [percent(-42.42).striptags(), percent(9.96).striptags()] == ["−42%", "+10.0%"]


def test_a_week_over_the_end_of_a_month_names_both_months():
    assert [week(date(2026, 11, 16)), week(date(2026, 10, 26))] == ["16–22 Nov", "26 Oct – 1 Nov"]


def test_a_hidden_group_is_not_the_difference_to_the_total():
    groups = hide_small_groups([("A", 20, Decimal(10)), ("B", 6, Decimal(5)), ("C", 2, Decimal(1))])
    assert groups.shown == {"A": Decimal(10)}
    assert (groups.hidden, groups.together) == (["B", "C"], Decimal(6))


def test_small_groups_that_are_five_together_are_shown_together():
    groups = hide_small_groups([("A", 9, Decimal(10)), ("B", 3, Decimal(5)), ("C", 2, Decimal(1))])
    assert (groups.hidden, groups.together) == (["B", "C"], Decimal(6))
    assert "A" in groups.shown


def test_a_single_person_cannot_be_told_from_what_no_person_carries():
    groups = hide_small_groups([("(not attributable)", 0, Decimal(7)), ("A", 1, Decimal(2))])
    assert groups.shown == {}
    assert (groups.hidden, groups.together) == (["(not attributable)", "A"], Decimal(9))


def test_what_no_person_carries_is_shown_beside_large_groups():
    groups = hide_small_groups([("(not attributable)", 0, Decimal(7)), ("A", 5, Decimal(2))])
    assert groups.shown == {"(not attributable)": Decimal(7), "A": Decimal(2)}


def test_people_are_hidden_in_sentences_by_whole_words():
    names = Names({"ada abe": "Payments", "ada-acme": "Payments", "ada@acme.test": "Payments"})
    assert names.hide("Ada Abe (ada-acme) and ada-acme-2") == "someone in Payments (someone in Payments) and ada-acme-2"
    assert names.hide("Ada Abe", visible_org="Payments") == "Ada Abe"


def test_a_file_name_has_no_surprises():
    assert [slug("Payments & Risk"), slug("../etc")] == ["payments-risk", "etc"]


def rows():
    return [{"month": date(2026, 11, 1), "vendor": "cursor", "series": "cursor_on_demand", "auth_kind": "service_account",
             "list_usd": Decimal("12.5")}]  # fmt: skip


def test_a_charts_specification_is_valid_and_always_draws_the_same():
    spec = charts.months(rows(), [])
    alt.LayerChart.from_dict(spec)
    assert vega.svg(spec, "one") == vega.svg(spec, "one")
    assert 'aria-label="Nov 2026, Cursor on-demand (service account): list value $12.50"' in vega.svg(spec, "one")


def test_two_charts_on_one_page_share_no_internal_names():
    spec = charts.months(rows(), [])
    one, two = (set(vega.re.findall(r'id="([^"]+)"', vega.svg(spec, name))) for name in ("one", "two"))
    assert not one & two


def test_a_chart_is_a_picture_for_slack_too():
    assert vega.png(charts.months(rows(), []), scale=1).startswith(b"\x89PNG")


def test_nothing_to_draw_is_no_chart():
    assert charts.months([], []) is None
    assert charts.weeks([], "cursor") is None
    assert charts.task_cost([]) is None
