"""A large report takes the memory of a small one, and one that ends too early changes nothing."""

import gzip
import json
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from agent_spend.lake.tables import Lake
from agent_spend.settings import Settings
from agent_spend.sources.copilot.assets import FEEDS
from agent_spend.sources.land import land

FEED = next(feed for feed in FEEDS if feed.name == "copilot_user_usage")
DAY = date(2026, 11, 18)
PATH = "/enterprises/acme/copilot/metrics/reports/users-1-day"
FIRST, SECOND = "/files/part-0.json", "/files/part-1.json"
#: What a line holds beside the fields that are read: a kilobyte in all.
REST = json.dumps({"totals_by_ide": [{"ide": "vscode", "note": "x" * 850}]})[1:]
_LAND = """
import sys
from datetime import date
from pathlib import Path
from agent_spend.settings import Settings
from agent_spend.sources.copilot.assets import FEEDS
from agent_spend.sources.land import land
feed = next(feed for feed in FEEDS if feed.name == "copilot_user_usage")
line = land(feed, [date(2026, 11, 18)], Settings.from_environment()).coverage[date(2026, 11, 18)]
# Not getrusage, whose largest size a process inherits from the one that started it.
peak = next(words for words in Path("/proc/self/status").read_text().splitlines() if words.startswith("VmHWM"))
print(line.row_count, line.total, int(peak.split()[1]) // 1024, *{"dagster", "duckdb", "pandas"} & set(sys.modules))
"""


def report(users: int) -> bytes:
    """Lines of as many users, one credit each."""
    return b"".join(
        b'{"day":"2026-11-18","user_id":%d,"user_login":"u%d","ai_credits_used":1.5,%s\n' % (n, n, REST.encode())
        for n in range(users)
    )


def array(users: int) -> bytes:
    """The same as one JSON document, entries over several lines."""
    return b"[" + report(users).rstrip().replace(b"\n", b",\n") + b"]"


def land_in_a_process_of_its_own() -> tuple[int, Decimal, int, list[str]]:
    """Rows, credits, the largest resident size in MB, and which of the large libraries were loaded."""
    done = subprocess.run([sys.executable, "-c", _LAND], stdout=subprocess.PIPE, check=True, text=True)
    rows, total, peak, *loaded = done.stdout.split()
    return int(rows), Decimal(total), int(peak), loaded


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the largest resident size is read from Linux's /proc")
def test_memory_does_not_follow_the_size_of_the_report(github):
    github.envelope(PATH)
    github.answer(FIRST, report(10_000))
    assert (small := land_in_a_process_of_its_own())[:2] == (10_000, Decimal(15_000))
    for shape in (report, array):
        github.answers[FIRST] = [(200, {}, shape(60_000))]
        large = land_in_a_process_of_its_own()
        assert large[:2] == (60_000, Decimal(90_000))
        # 50 MB more of text were above 250 when held whole, as bytes, records, rows and columns; buffers fill to their limits.
        assert large[2] - small[2] < 60, shape


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the largest resident size is read from Linux's /proc")
def test_landing_loads_no_library_that_it_does_not_need(github):
    github.envelope(PATH)
    github.answer(FIRST, report(2))
    assert land_in_a_process_of_its_own()[3] == []


def stored() -> list:
    return Lake(Settings.from_environment().lake_uri).read(FEED.name, "usage_day")["user_id"].to_pylist()


@pytest.mark.parametrize(
    ("cut", "reason"),
    [
        (report(3000)[:-700], "malformed"),
        (gzip.compress(report(3000))[:-8], "truncated"),
        (gzip.compress(report(3000))[:5000], "truncated"),
    ],
    ids=["in a line", "without the packed end", "in the packed middle"],
)
def test_a_report_that_ends_too_early_changes_nothing_stored(github, cut, reason):
    github.envelope(PATH)
    github.answer(FIRST, report(2))
    land(FEED, [DAY], Settings.from_environment())
    github.answers[FIRST] = [(200, {}, cut)]
    line = land(FEED, [DAY], Settings.from_environment()).coverage[DAY]
    assert (line.state, line.last_attempt, line.row_count, line.total) == ("available", reason, 2, Decimal(3))
    assert sorted(stored()) == [0, 1]


def test_of_a_user_repeated_in_a_later_batch_the_last_record_counts(github, monkeypatch):
    monkeypatch.setattr("agent_spend.sources.copilot.user_days.BATCH_ROWS", 2)
    github.envelope(PATH, shards=2)
    github.answer(FIRST, report(5))
    github.answer(SECOND, report(2).replace(b"1.5", b"9"))
    land(FEED, [DAY], Settings.from_environment())
    table = Lake(Settings.from_environment().lake_uri).read(FEED.name, "usage_day")
    credits = dict(zip(table["user_id"].to_pylist(), table["ai_credits_used"].to_pylist(), strict=True))
    assert credits == {0: 9, 1: 9, 2: Decimal("1.5"), 3: Decimal("1.5"), 4: Decimal("1.5")}
