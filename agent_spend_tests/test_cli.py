"""The command line: one clear line for a mistake, exit codes that mean something, help that teaches."""

import json
import subprocess
import sys

import duckdb
import pytest
from click.testing import CliRunner

from agent_spend.cli import main
from agent_spend.settings import Settings


def run(*arguments: str):
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


def test_help_names_the_way_to_start():
    result = run("--help")
    assert result.exit_code == 0
    for command in ("demo", "doctor", "backfill", "query", "page", "sandbox", "ui"):
        assert f"  {command} " in result.output


def test_help_does_not_wait_for_dagster():
    code = "import sys, agent_spend.cli; print([name for name in ('dagster', 'duckdb', 'pyarrow') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("backfill", "--from", "2026-11-05", "--to", "2026-11-01"), "--from 2026-11-05 is after --to 2026-11-01"),
        (("backfill", "--from", "2020-01-01", "--to", "2020-01-02"), "set AGENT_SPEND_FIRST_DAY to go back further"),
        (("backfill", "--from", "2026-11-01", "--to", "2999-01-01"), "is not over yet"),
        (("backfill", "--from", "2026-11-01", "--to", "2026-11-02", "--feeds", "copilot"), "no feed named copilot"),
        (("backfill", "--from", "2026-11-01", "--to", "2026-11-02"), "no vendor is connected"),
        (("rebuild", "--from", "2026-11-01", "--to", "2026-11-02", "--after", "claude_price"), "nothing is named claude_price"),
        (("demo", "--developers", "3"), "needs at least 12 developers"),
        (("query", "SELECT 1"), "warehouse"),
        (("backfill", "--from", "2026-13-01", "--to", "2026-11-01"), "'2026-13-01' is not YYYY-MM-DD, or no date"),
        (("close", "--month", "2026-13"), "'2026-13' is not YYYY-MM, or no date of the calendar"),
        (("ui", "--port", "99999"), "99999 is not in the range 0<=x<=65535"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_two(arguments, complaint, capfd):
    with pytest.raises(SystemExit) as exited:
        main(list(arguments), standalone_mode=True)
    error = capfd.readouterr().err
    assert exited.value.code == 2
    assert complaint in error
    assert "Traceback" not in error


@pytest.mark.parametrize("command", [("backfill", "--from", "2026-11-01", "--to", "2026-11-02"), ("ui",)])
def test_real_vendors_are_not_mixed_with_the_demos_company(monkeypatch, capfd, command):
    folder = Settings.from_environment().home / "sandbox"
    folder.mkdir(parents=True)
    (folder / "scenario.json").write_text('{"developers": 14, "days": 21, "seed": 7, "end_day": "2026-11-22"}')
    monkeypatch.setenv("CURSOR_API_KEY", "crsr_real")
    with pytest.raises(SystemExit) as exited:
        main(list(command))
    assert exited.value.code == 2
    error = capfd.readouterr().err
    assert "holds the demo's simulated company, and cursor would be mixed with it; set AGENT_SPEND_HOME" in error


@pytest.mark.parametrize("command", [("page",), ("demo",), ("sandbox",), ("ui",)])
@pytest.mark.parametrize("where", ["file", "file/home"])
def test_a_home_that_cannot_be_written_is_one_line_and_exit_code_two(monkeypatch, tmp_path, capfd, command, where):
    (tmp_path / "file").write_text("somebody's notes")
    monkeypatch.setenv("AGENT_SPEND_HOME", str(tmp_path / where))
    with pytest.raises(SystemExit) as exited:
        main(list(command))
    error = capfd.readouterr().err
    assert exited.value.code == 2 and error.count("\n") == 1
    assert error.startswith(f"agent-spend: {tmp_path / 'file'}") and "AGENT_SPEND_HOME must name a folder" in error


def test_an_unusable_setting_is_named(monkeypatch, capfd):
    monkeypatch.setenv("GITHUB_API_URL", "api.github.com")
    with pytest.raises(SystemExit) as exited:
        main(["doctor"])
    assert exited.value.code == 2
    assert "GITHUB_API_URL must start with http:// or https://" in capfd.readouterr().err


def test_doctor_says_which_settings_a_vendor_needs():
    result = run("doctor")
    assert result.exit_code == 0
    assert "not connected: set GITHUB_TOKEN, GITHUB_ENTERPRISE or GITHUB_ORGS" in result.output
    assert "not connected: set CURSOR_API_KEY" in result.output


def test_doctor_tells_connected_from_forbidden(sandbox_server, monkeypatch):
    sandbox_server(copilot_policy="off")
    result = run("doctor")
    lines = result.output.splitlines()
    states = {line.split()[0]: line.split()[1] for line in lines if line and not line.startswith(" ")}
    assert result.exit_code == 1
    assert (states["copilot_user_usage"], states["claude_api_cost"]) == ("forbidden", "connected")
    assert "Copilot usage metrics" in lines[lines.index("copilot_user_usage          forbidden") + 1]


def test_doctor_stores_nothing(sandbox_server):
    sandbox_server()
    run("doctor")
    assert not (Settings.from_environment().home / "lake").exists()


def test_query_prints_csv_and_json_with_exact_decimals(tmp_path, monkeypatch):
    home = Settings.from_environment().home
    home.mkdir(parents=True)
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        connection.execute("CREATE TABLE t AS SELECT 'a' AS who, CAST('0.100000000000000001' AS DECIMAL(38, 18)) AS usd")
    assert run("query", "SELECT * FROM t", "--format", "csv").output == "who,usd\na,0.100000000000000001\n"
    assert json.loads(run("query", "SELECT * FROM t", "--format", "json").output) == [
        {"who": "a", "usd": "0.100000000000000001"}
    ]


def test_text_in_brackets_is_printed_as_it_is_and_is_no_instruction_to_the_terminal(tmp_path, monkeypatch):
    with duckdb.connect(tmp_path / "warehouse.duckdb"):
        pass
    monkeypatch.setenv("AGENT_SPEND_HOME", str(tmp_path))
    shown = run("query", "SELECT '[urgent] nightly [/x] :key:' AS workflow").output
    assert "[urgent] nightly [/x] :key:" in shown


def test_settings_of_a_dotenv_file_count_even_where_they_shape_the_calendar(tmp_path):
    (tmp_path / ".env").write_text("AGENT_SPEND_FIRST_DAY=2026-13-45\n")
    outcome = subprocess.run(
        [sys.executable, "-m", "agent_spend", "doctor"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (outcome.returncode, outcome.stderr) == (
        2, "agent-spend: AGENT_SPEND_FIRST_DAY must be YYYY-MM-DD, not '2026-13-45'.\n"
    )


@pytest.mark.parametrize(("name", "value", "remedy"), [
    ("AGENT_SPEND_PSEUDONYM_SALT", "short", "must have at least 16 characters"),
    ("AGENT_SPEND_DUCKDB_MEMORY_LIMIT", "lots", "must be a size like 4GB or 800MB, not 'lots'."),
    ("AGENT_SPEND_DUCKDB_MEMORY_LIMIT", "4", "must be a size like 4GB or 800MB, not '4'."),
    ("AGENT_SPEND_DUCKDB_MEMORY_LIMIT", "-1GB", "must be a size like 4GB or 800MB, not '-1GB'."),
    ("AGENT_SPEND_DUCKDB_MEMORY_LIMIT", "0MB", "must be a size like 4GB or 800MB, not '0MB'."),
    ("AGENT_SPEND_PIECE_MB", "some", "must be a whole number of megabytes above 0, not 'some'."),
    ("AGENT_SPEND_PIECE_MB", "0", "must be a whole number of megabytes above 0, not '0'."),
    ("AGENT_SPEND_HTTP_RATE_SCALE", "-2", "must be a number above 0, not '-2'."),
    ("AGENT_SPEND_TODAY", "tomorrow", "must be YYYY-MM-DD, not 'tomorrow'."),
])
def test_a_wrong_setting_is_said_before_anything_runs(monkeypatch, capfd, name, value, remedy):
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as exited:
        main(["page"], standalone_mode=True)
    assert exited.value.code == 2
    assert capfd.readouterr().err.startswith(f"agent-spend: {name} {remedy}")
