"""The feed of custom agents' spans."""

from collections.abc import Iterable, Sequence
from datetime import date

from agent_spend.settings import Settings
from agent_spend.sources.agent_traces.schema import AGENT_SPANS
from agent_spend.sources.feed import DayAnswer, Feed


def _fetch(days: Sequence[date], settings: Settings) -> Iterable[DayAnswer]:
    # Spans are put together in a database, whose memory no other feed needs.
    from agent_spend.sources.agent_traces.client import fetch_agent_spans

    return fetch_agent_spans(days, settings)


FEEDS = [
    Feed(
        name="agent_spans",
        system="custom_agents",
        vendor="custom_agents",
        description=(
            "One row per OpenTelemetry span of the company's own agents, on the UTC day its trace ended. Tokens are "
            "counts with cached input kept apart; reported_usd is the emitter's own estimate, never an invoice. Read "
            "from OTLP/JSON files below AGENT_TRACES_URI. Prompts and answers are dropped while reading."
        ),
        schema=AGENT_SPANS,
        fetch=_fetch,
        total_column="reported_usd",
    )
]
