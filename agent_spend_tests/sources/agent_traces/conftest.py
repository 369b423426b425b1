"""A folder of trace files for each test, read by each of the two readers."""

import pytest
from agent_traces_otlp import TraceFolder

from agent_spend.sources.agent_traces import fast


@pytest.fixture(params=["strict", "fast"])
def reader(request, monkeypatch):
    """Which reader gets every whole line; small files go to the strict one otherwise."""
    monkeypatch.setattr(fast, "SMALL_BYTES", 0 if request.param == "fast" else 2**40)
    return request.param


@pytest.fixture
def traces(reader, tmp_path, monkeypatch):
    folder = tmp_path / "otel"
    folder.mkdir()
    monkeypatch.setenv("AGENT_TRACES_URI", str(folder))
    return TraceFolder(folder)
