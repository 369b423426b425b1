import pytest

from agent_spend.catalog import SQL_DIR
from agent_spend.checks.catalog import evaluate, load_checks, parse
from agent_spend.errors import ConfigurationError

HEADER = (
    "-- asset: fct_usage_day\n-- severity: WARN\n-- partitions: day\n-- title: t\n-- description: d\n-- remedy: r\n"
)


def test_every_check_is_loaded_and_runs_on_an_empty_lake(company):
    checks = load_checks(company.catalog)
    assert [check.name for check in checks] == sorted(path.stem for path in (SQL_DIR / "checks").glob("*.sql"))
    assert {check.name for check in checks if evaluate(check, company.catalog, company.lake)} == set()


def test_only_what_the_ledger_itself_must_hold_keeps_back_what_follows(company):
    blocking = [check for check in load_checks(company.catalog) if check.is_blocking]
    assert [check.name for check in blocking] == ["ledger_row_unexplained", "seat_fees_conserved", "vendor_totals_conserved"]
    assert {(check.asset, check.severity, check.is_daily) for check in blocking} == {
        ("fct_usage_day", "ERROR", True), ("fct_seat_month", "ERROR", False)}


@pytest.mark.parametrize(("text", "remedy"), [
    (HEADER.replace("-- severity: WARN\n", ""), "no '-- severity: ...' line"),
    (HEADER.replace("-- remedy: r\n", ""), "no '-- remedy: ...' line"),
    (HEADER.replace("WARN", "FATAL"), "severity must be ERROR or WARN"),
    (HEADER.replace("day", "month", 2), "partitions must be day or none"),
    (HEADER + "-- look: 7 back\n", "look must be like"),
    (HEADER + "-- episode: long\n", "episode must be a number of days"),
    (HEADER + "-- episodes: 3\n", "unknown header line 'episodes'"),
])
def test_a_wrong_header_names_file_and_key(tmp_path, text, remedy):
    path = tmp_path / "broken.sql"
    path.write_text(text + "SELECT 1")
    with pytest.raises(ConfigurationError, match=remedy) as error:
        parse(path)
    assert str(path) in str(error.value)


def test_a_check_over_an_unknown_table_is_refused(company):
    (company.sql_dir / "checks" / "broken.sql").write_text(HEADER + "SELECT * FROM nowhere")
    with pytest.raises(ConfigurationError, match="check broken reads unknown tables: nowhere"):
        load_checks(company.catalog)


@pytest.mark.parametrize(("columns", "remedy"), [
    ("usage_day, vendor, vendor AS subject, squad, 'x' AS explanation", "gives squad; a finding has vendor, subject"),
    ("usage_day, vendor, vendor AS subject, 'ERROR' AS severity, 'x' AS explanation", "check broken: gives severity"),
    ("usage_day, vendor", "check broken: gives no subject, explanation"),
    ("vendor, vendor AS subject, 'x' AS explanation", "check broken: gives no usage_day"),
])
def test_a_check_with_other_columns_is_refused(company, columns, remedy):
    (company.sql_dir / "checks" / "broken.sql").write_text(HEADER + f"SELECT {columns} FROM fct_usage_day")
    with pytest.raises(ConfigurationError, match=remedy):
        company.rows("broken")


def test_columns_that_a_check_leaves_out_are_its_own_or_empty(company):
    (company.sql_dir / "checks" / "short.sql").write_text(
        HEADER.replace("day\n", "none\n") + "SELECT 'why' AS explanation, 'a key' AS subject, 'cursor' AS vendor")
    assert company.rows("short") == [{
        "kind": "short", "severity": "WARN", "vendor": "cursor", "subject": "a key", "person_id": None,
        "org": "(not attributable)", "usage_day": None, "observed": None, "baseline": None, "ratio": None,
        "amount_usd": None, "explanation": "why"}]


def test_a_row_that_does_not_explain_itself_is_refused(company):
    (company.sql_dir / "checks" / "mute.sql").write_text(
        HEADER.replace("day\n", "none\n") + "SELECT CAST(NULL AS VARCHAR) AS explanation, 'a key' AS subject, 'cursor' AS vendor")
    with pytest.raises(ConfigurationError, match="check mute: a row of None has no explanation"):
        company.rows("mute")
