"""Formats, small groups and charts, one by one."""

from datetime import date
from decimal import Decimal

import altair as alt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_spend.publish.page import charts, vega
from agent_spend.publish.page.audience import Audience, Names, hide_small_groups, slug
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


def test_the_readers_own_group_is_shown_and_does_not_hide_others():
    groups = hide_small_groups([("A", 2, Decimal(1)), ("B", 3, Decimal(2)), ("C", 3, Decimal(4))], own=["A"])
    assert (groups.shown, groups.together) == ({"A": Decimal(1)}, Decimal(6))


def test_people_without_a_squad_are_a_group_like_any_other():
    groups = hide_small_groups([("(no squad)", 1, Decimal(1)), ("B", 6, Decimal(2)), ("C", 7, Decimal(4))])
    assert (groups.shown, groups.hidden) == ({"C": Decimal(4)}, ["(no squad)", "B"])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1000)), max_size=8))
def test_no_shown_group_is_small_and_no_sum_is_lost(sizes):
    rows = [(f"org {n}", people, Decimal(usd)) for n, (people, usd) in enumerate(sizes)]
    groups, people = hide_small_groups(rows), {name: people for name, people, _ in rows}
    assert all(people[name] >= 5 for name in groups.shown)
    assert groups.together is None or sum(people[name] for name in groups.hidden) >= 5
    if groups.together is not None or not groups.hidden:
        assert sum(groups.shown.values()) + (groups.together or 0) == sum(usd for _, usd in sizes)


ADA, SOL = ("Payments", "checkout"), ("Search", "ranking")
KNOWN = Names({"ada abe": {ADA}, "ada-acme": {ADA}, "ada.abe@acme.test": {ADA}, "sol silva": {SOL}}, {"Payments": 7, "Search": 3})


def test_people_are_hidden_in_sentences_whatever_stands_between_the_words_of_a_name():
    text = "Ada Abe (ada-acme), headless-ada-abe, ada_acme_2 and Adam"
    assert KNOWN.hide(text, Audience()) == (
        "someone in Payments (someone in Payments), headless-someone in Payments, someone in Payments_2 and Adam"
    )


def test_people_of_the_readers_own_group_keep_their_names():
    assert KNOWN.hide("Ada Abe and Sol Silva", Audience("Payments", "checkout")) == "Ada Abe and someone"
    assert KNOWN.hide("Ada Abe and Sol Silva", Audience("Payments", "ledger")) == "someone in Payments and someone"
    assert KNOWN.hide("Ada.Abe@acme.test", Audience("Payments")) == "Ada.Abe@acme.test"


def test_an_organisation_of_few_people_is_not_named_beside_one_of_them():
    assert KNOWN.someone({SOL}) == "someone"


def test_a_file_name_has_no_surprises():
    assert [slug("Payments & Risk"), slug("../etc"), slug("a_b")] == ["payments-risk", "etc", "a-b"]


def test_groups_in_any_script_have_a_file_each():
    assert [slug("Оплата"), slug("Поиск"), slug("Zu\u0308rich Nord")] == ["оплата", "поиск", "zürich-nord"]


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
