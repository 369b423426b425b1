"""A folder of trace files for each test."""

import pytest
from agent_traces_otlp import TraceFolder


@pytest.fixture
def traces(tmp_path, monkeypatch):
    folder = tmp_path / "otel"
    folder.mkdir()
    monkeypatch.setenv("AGENT_TRACES_URI", str(folder))
    return TraceFolder(folder)
