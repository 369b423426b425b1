"""The benchmark's spans, few of them: every figure equals the key that knows nothing of our SQL."""

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.setenv("AGENT_SPEND_HOME", str(tmp_path / "home"))
    import cost_per_task

    yield cost_per_task
    for name in ("cost_per_task", "cost_per_task_data"):
        sys.modules.pop(name, None)


def test_every_figure_of_every_workflow_and_day_equals_the_answer_key(benchmark, tmp_path, capsys):
    assert benchmark.roll_up(tmp_path / "home", spans=40_000, days=9)
    assert "figures, 0 workflow days differ" in capsys.readouterr().out


def test_yesterday_reads_the_same_files_whatever_the_history(benchmark, tmp_path, capsys):
    assert benchmark.history(tmp_path, spans_a_day=200, lengths=(31, 41))
    assert "files x1.00" in capsys.readouterr().out
