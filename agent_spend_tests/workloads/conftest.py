import pytest
from workload_company import Company, employing_jonas


@pytest.fixture
def company(tmp_path, monkeypatch) -> Company:
    """A company with one person of the roster, Jonas, and data of somebody else on every day."""
    monkeypatch.setenv("AGENT_SPEND_HOME", str(tmp_path / "home"))
    return employing_jonas()
