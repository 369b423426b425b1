"""The price book's own order: no gap, no overlap, and what differs between two editions."""

import csv
import shutil

import pytest
from finance_books import OCTOBER

from agent_spend.catalog import SQL_DIR, Catalog
from agent_spend.errors import ConfigurationError
from agent_spend.price_book import differences

#: Price file, item, day and price, as the vendors' pages give them.
SHIPPED = """\
seat_prices, github_copilot business monthly, 2026-11-01, 19
seat_prices, github_copilot enterprise monthly, 2026-11-01, 39
seat_prices, anthropic standard monthly, 2026-11-01, 25
seat_prices, anthropic standard annual, 2026-11-01, 20
seat_prices, anthropic premium monthly, 2026-11-01, 125
seat_prices, anthropic premium annual, 2026-11-01, 100
seat_prices, cursor standard monthly, 2026-11-01, 40
seat_prices, cursor standard annual, 2026-11-01, 32
seat_prices, cursor premium monthly, 2026-11-01, 120
seat_prices, cursor premium annual, 2026-11-01, 96
included_pools, github_copilot business, 2026-05-31, none
included_pools, github_copilot business, 2026-06-01, 3000
included_pools, github_copilot business, 2026-08-31, 3000
included_pools, github_copilot business, 2026-09-01, 1900
included_pools, github_copilot enterprise, 2026-08-31, 7000
included_pools, github_copilot enterprise, 2026-09-01, 3900
unit_prices, github_copilot premium_request, 2026-05-31, 0.04
unit_prices, github_copilot premium_request, 2026-06-01, none
unit_prices, github_copilot ai_credit, 2026-05-31, none
unit_prices, github_copilot ai_credit, 2026-06-01, 0.01
unit_prices, anthropic web_search, 2026-06-01, 0.01
unit_prices, cursor token_rate, 2026-06-01, 0.00000025
"""
HEADER = "vendor,item,unit,usd_per_unit,effective_from,effective_to,source\n"


@pytest.fixture
def book(books, tmp_path):
    folder = tmp_path / "dbt_like_sql"
    shutil.copytree(SQL_DIR, folder)

    def findings(*lines):
        (folder / "prices" / "unit_prices.csv").write_text(HEADER + "".join(f"{line}\n" for line in lines))
        books.catalog = Catalog(books.catalog.sources, folder)
        return [row["explanation"] for row in books.check("price_book_gaps")]

    return findings


def test_the_shipped_price_book_has_no_gap_and_no_overlap(books):
    assert books.check("price_book_gaps") == []


def test_periods_that_meet_are_in_order(book):
    assert book("v,credit,c,0.01,2026-01-01,2026-06-15,s", "v,credit,c,0.02,2026-06-15,,s") == []


def test_an_open_line_before_another_is_an_overlap_with_its_remedy(book):
    assert book("v,credit,c,0.01,2026-01-01,,s", "v,credit,c,0.02,2026-06-15,,s") == [
        "unit_prices: the line of credit from 2026-01-01 has no end and overlaps the line from 2026-06-15; "
        "give it effective_to 2026-06-15"]


def test_days_between_two_lines_are_a_gap(book):
    assert book("v,credit,c,0.01,2026-01-01,2026-06-01,s", "v,credit,c,0.02,2026-06-15,,s") == [
        "unit_prices: the line of credit from 2026-01-01 ends on 2026-06-01 and the next begins on 2026-06-15; "
        "usage between them is unpriced"]


def test_a_line_that_ends_before_it_begins_is_found(book):
    assert book("v,credit,c,0.01,2026-06-01,2026-01-01,s") == [
        "unit_prices: the line of credit from 2026-06-01 ends on 2026-01-01, before it begins"]


def test_a_line_without_a_source_is_found(book):
    assert book("v,credit,c,0.01,2026-01-01,,") == ["unit_prices: the line of credit from 2026-01-01 has no source"]


@pytest.mark.parametrize("line", SHIPPED.splitlines())
def test_the_shipped_prices_are_the_vendors_on_that_day(line):
    book, item, day, price = line.split(", ")
    with (SQL_DIR / "prices" / f"{book}.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    given = next(name for name in ("usd_per_month", "usd_per_unit", "credits_per_seat") if name in rows[0])
    found = [
        row[given] for row in rows
        if " ".join(row[name] for name in ("vendor", "item", "plan", "billing") if name in row) == item
        and row["effective_from"] <= day and (not row["effective_to"] or day < row["effective_to"])
    ]
    assert found == ([] if price == "none" else [price])


def test_a_price_that_changes_on_the_15th_alters_days_from_the_15th_only(books, tmp_path):
    from finance_books import plain

    folder = tmp_path / "dbt_like_sql"
    shutil.copytree(SQL_DIR, folder)
    (folder / "prices" / "unit_prices.csv").write_text(
        HEADER + "github_copilot,ai_credit,credit,0.01,2026-01-01,2026-10-15,s\n"
        "github_copilot,ai_credit,credit,0.02,2026-10-15,,s\n"
    )
    books.catalog = Catalog(books.catalog.sources, folder)
    books.write("copilot_user_usage", *(
        {"usage_day": OCTOBER.replace(day=day), "scope_kind": "enterprise", "scope": "acme", "user_id": 7,
         "user_login": "mira", "ai_credits_used": "100", "ai_credits_state": "known"} for day in (14, 15)
    ))
    books.build("int_identity__copilot_day", "fct_usage_day")
    rows = sorted(books.lake.read("fct_usage_day", "usage_day").to_pylist(), key=lambda row: row["usage_day"])
    assert [plain(row["list_usd"]) for row in rows] == ["1", "2"]


def editions(tmp_path, old, new):
    for name, text in (("old", old), ("new", new)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "unit_prices.csv").write_text(HEADER + text)
    return [str(line) for line in differences(tmp_path / "old", tmp_path / "new")]


def test_a_diff_names_added_removed_and_changed_lines_with_their_day(tmp_path):
    old = "v,credit,c,0.01,2026-01-01,,s\nv,search,r,0.01,2026-01-01,,s\n"
    new = "v,credit,c,0.01,2026-01-01,2026-10-15,s\nv,credit,c,0.02,2026-10-15,,page\n"
    assert editions(tmp_path, old, new) == [
        "unit_prices: changed v credit c from 2026-01-01: effective_to (none) -> 2026-10-15",
        "unit_prices: added v credit c from 2026-10-15: usd_per_unit 0.02, source page",
        "unit_prices: removed v search r from 2026-01-01: usd_per_unit 0.01, source s",
    ]


def test_the_same_edition_has_no_difference(tmp_path):
    line = "v,credit,c,0.01,2026-01-01,,s\n"
    assert editions(tmp_path, line, line) == []


def test_a_file_that_is_no_price_file_is_named(tmp_path):
    (tmp_path / "a.csv").write_text("name\nx\n")
    with pytest.raises(ConfigurationError, match="has no column effective_from"):
        differences(tmp_path / "a.csv", tmp_path / "a.csv")
