import pytest
from workload_company import DAYS, JONAS, Company

from agent_spend.lake.tables import Lake
from agent_spend.settings import Settings


@pytest.fixture
def company(tmp_path, monkeypatch) -> Company:
    """A company with one person of the roster, Jonas, and data of somebody else on every day."""
    monkeypatch.setenv("AGENT_SPEND_HOME", str(tmp_path / "home"))
    made = Company(Lake(Settings.from_environment().lake_uri))
    made.write("dim_person", JONAS)
    made.ledger(DAYS, person_id=None, actor_id="999")
    return made
