import pytest
from agent_lake import AgentLake

from agent_spend.project import catalog


@pytest.fixture
def agents() -> AgentLake:
    return AgentLake(catalog())
