"""Wire shapes and lake table of the Usage and Cost Analytics API's cost endpoint (beta)."""

from datetime import date, datetime
from decimal import Decimal

import pandera.pandas as pandera
from msgspec import Raw, Struct

from agent_spend.sources.claude.schema import usd
from agent_spend.sources.feed import DAY, MONEY, TEXT, WHOLE, column, decode


class Actor(Struct):
    """User, service account, API key or federated identity; each kind fills its own field."""

    type: str
    user_id: str | None = None
    email_address: str | None = None
    email: str | None = None
    service_account_id: str | None = None
    api_key_id: str | None = None
    subject: str | None = None

    @property
    def actor_id(self) -> str | None:
        return self.user_id or self.service_account_id or self.api_key_id or self.subject


class Group(Struct):
    api_key_id: str | None = None
    workspace_id: str | None = None
    model: str | None = None
    product: str | None = None
    actor: Actor | None = None


class Cost(Struct):
    """Cents: ``amount`` after discount and before credits, ``list_amount`` at list price."""

    amount: Decimal
    list_amount: Decimal
    currency: str
    requests: int | None = None


class CostRow(Struct):
    """One combination of one day; ``group`` stays raw because its exact content is the row's identity."""

    starting_at: datetime
    ending_at: datetime
    group: Raw
    cost: Cost


class CostPage(Struct):
    data: list[CostRow]
    has_more: bool
    next_page: str | None = None
    data_refreshed_at: datetime | None = None


def cost_row(row: CostRow, day: date, where: str) -> dict:
    """A row of ``claude_analytics_cost``.

    Raises:
        FeedError: as :func:`agent_spend.sources.claude.schema.usd`, and for a group of another shape.
    """
    group, cost = decode(row.group, Group, f"{where}: group"), row.cost
    actor = group.actor
    return {
        "usage_day": day,
        "api_key_id": group.api_key_id,
        "workspace_id": group.workspace_id,
        "model": group.model,
        "product": group.product,
        "actor_type": actor.type if actor else None,
        "actor_id": actor.actor_id if actor else None,
        "actor_email": (actor.email_address or actor.email) if actor else None,
        "amount_usd": usd(cost.amount, cost.currency, "cost.amount", where),
        "list_usd": usd(cost.list_amount, cost.currency, "cost.list_amount", where),
        "requests": cost.requests,
    }


ANALYTICS_COST = pandera.DataFrameSchema({
    "usage_day": column(DAY, "UTC day of use"),
    "api_key_id": column(TEXT, "Key; null for use without one", nullable=True),
    "workspace_id": column(TEXT, "Workspace by its real id, the default one included", nullable=True),
    "model": column(TEXT, "Model id; null for code execution", nullable=True),
    "product": column(TEXT, "messages_api, message_batches_api, claude_code, claude_console or another", nullable=True),
    "actor_type": column(TEXT, "user_actor, service_account_actor, api_actor or federated_actor", nullable=True),
    "actor_id": column(TEXT, "Id of the user, service account or key, or the federated subject", nullable=True),
    "actor_email": column(TEXT, "E-mail address of a user; null once the account is deleted", nullable=True),
    "amount_usd": column(MONEY, "USD after discount and before credits"),
    "list_usd": column(MONEY, "USD at list price"),
    "requests": column(WHOLE, "Requests", nullable=True),
}, strict=True)
