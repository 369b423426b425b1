"""Re-pricing as a question: the same Claude API tokens under another model, or at the prices of another day.

Every amount it answers with is hypothetical, is named so, and is stored nowhere.
"""

from datetime import date

import pyarrow as pa

from agent_spend.engines.duckdb import DuckDBEngine
from agent_spend.errors import ConfigurationError
from agent_spend.lake.tables import Lake
from agent_spend.partitions import Window
from agent_spend.project import catalog
from agent_spend.settings import Settings

_TABLES = ("int_claude__priced_usage", "int_claude__rate")

_TOKEN_USD = """
      CAST(
        (
          u.input_tokens * {book}.input_usd + u.cache_write_5m_tokens * {book}.cache_write_5m_usd
          + u.cache_write_1h_tokens * {book}.cache_write_1h_usd + u.cache_read_tokens * {book}.cache_read_usd
          + u.output_tokens * {book}.output_usd
        ) * CAST(0.000001 AS DECIMAL(7, 6)) AS DECIMAL(26, 12)
      ) * {factor} + u.web_search_requests * u.search_usd"""
#: The tier and geography of the use, at the factors of the hypothetical price: a model without a price has no factors.
_FACTOR = (
    "CASE WHEN u.service_tier = 'batch' THEN hypothetical.batch_factor ELSE 1 END"
    " * CASE WHEN u.inference_geo = 'us' THEN hypothetical.us_factor ELSE 1 END"
)

_SQL = f"""
WITH usage AS (
  SELECT
    *,
    COALESCE($to_model, model) AS hypothetical_model,
    COALESCE($price_day, usage_day) AS hypothetical_price_day
  FROM int_claude__priced_usage
  WHERE usage_day BETWEEN $first_day AND $last_day AND ($from_model IS NULL OR model = $from_model)
),

priced AS (
  SELECT
    u.usage_day,
    u.api_key_id,
    u.workspace_id,
    u.model,
    u.hypothetical_model,
    u.hypothetical_price_day,
    hypothetical.price_version AS hypothetical_price_version,
    u.input_tokens + u.cache_write_5m_tokens + u.cache_write_1h_tokens + u.cache_read_tokens + u.output_tokens AS tokens,
    {_TOKEN_USD.format(book="u", factor="u.factor")} AS list_usd,
    {_TOKEN_USD.format(book="hypothetical", factor=_FACTOR)} AS hypothetical_usd
  FROM usage AS u
  LEFT JOIN int_claude__rate AS hypothetical
    ON hypothetical.model = u.hypothetical_model AND hypothetical.speed = u.rate_speed AND hypothetical.prompt = u.rate_prompt
    AND u.hypothetical_price_day >= hypothetical.effective_from
    AND (hypothetical.effective_to IS NULL OR u.hypothetical_price_day < hypothetical.effective_to)
)

SELECT
  usage_day,
  api_key_id,
  workspace_id,
  model,
  CAST(SUM(tokens) AS BIGINT) AS tokens,
  -- One unpriced row makes the sum unknown: a total that silently left it out would look cheap.
  CAST(CASE WHEN COUNT(list_usd) = COUNT(*) THEN SUM(list_usd) END AS DECIMAL(38, 18)) AS list_usd,
  hypothetical_model,
  hypothetical_price_day,
  MIN(hypothetical_price_version) AS hypothetical_price_version,
  CAST(CASE WHEN COUNT(hypothetical_usd) = COUNT(*) THEN SUM(hypothetical_usd) END AS DECIMAL(38, 18)) AS hypothetical_usd,
  CAST(
    CASE WHEN COUNT(hypothetical_usd) = COUNT(*) AND COUNT(list_usd) = COUNT(*) THEN SUM(hypothetical_usd) - SUM(list_usd) END
    AS DECIMAL(38, 18)
  ) AS change_hypothetical_usd
FROM priced
GROUP BY usage_day, api_key_id, workspace_id, model, hypothetical_model, hypothetical_price_day
ORDER BY usage_day, model, api_key_id NULLS LAST, workspace_id NULLS LAST
"""


def reprice(
    settings: Settings, window: Window, from_model: str | None = None, to_model: str | None = None,
    price_day: date | None = None,
) -> pa.Table:
    """What the tokens of ``window`` would cost under another model, at the prices of another day, or both.

    Service tier and geography keep their factors, web searches their price. Another model would use other numbers of
    tokens; that is not part of the answer.

    Args:
        from_model: only use of this model; every model without it.
        to_model: the model to price it as; its own without it.
        price_day: UTC day whose price book applies; each day's own without it.

    Returns:
        A row a UTC day, key, workspace and model: ``list_usd`` as in the ledger, and beside it ``hypothetical_usd`` and
        ``change_hypothetical_usd``; null where a price is not known.

    Raises:
        ConfigurationError: nothing to ask (neither model nor day given), no use of ``from_model`` in the window, or
            ``to_model`` has no price that the usage report can be priced with.
    """
    if to_model is None and price_day is None:
        raise ConfigurationError("re-pricing needs a model to move to, a day whose prices apply, or both")
    asked = {
        "from_model": from_model, "to_model": to_model, "price_day": price_day, "first_day": window.first,
        "last_day": window.last,
    }
    with DuckDBEngine(catalog(), Lake(settings.lake_uri)).session(_TABLES, window) as connection:
        _check_target(connection, to_model, price_day or window.first)
        table = connection.sql(_SQL, params=asked).to_arrow_table()
        if not table.num_rows:
            used = connection.execute("SELECT DISTINCT model FROM int_claude__priced_usage ORDER BY 1").fetchall()
            names = ", ".join(str(row[0]) for row in used) or "none"
            raise ConfigurationError(
                f"no Claude API use of {from_model or 'any model'} from {window.first} to {window.last}; models used: {names}"
            )
    return table


def _check_target(connection, to_model: str | None, day: date) -> None:
    if to_model is None:
        return
    lines = connection.execute(
        """SELECT prompt, effective_from <= $day AND (effective_to IS NULL OR $day < effective_to) AS is_valid
           FROM int_claude__rate WHERE model = $model AND speed = 'standard'""",
        {"model": to_model, "day": day},
    ).fetchall()
    if not lines:
        known = connection.execute("SELECT DISTINCT model FROM int_claude__rate ORDER BY 1").fetchall()
        raise ConfigurationError(f"no price of {to_model!r}; models of the price book: {', '.join(row[0] for row in known)}")
    sizes = {prompt for prompt, is_valid in lines if is_valid}
    if not sizes:
        raise ConfigurationError(f"{to_model} has no price on {day}; choose another price day")
    if "unknown" not in sizes:
        raise ConfigurationError(
            f"{to_model} is priced by the size of each prompt ({', '.join(sorted(sizes))}), which the usage report does not tell"
        )
