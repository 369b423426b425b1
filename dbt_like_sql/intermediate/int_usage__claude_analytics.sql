-- grain: one row per UTC day x key x workspace x model x product x actor, on the days that the analytics API has completed
-- unit: tokens of five classes; list value and charge as the vendor states them
-- source: claude_analytics_cost, claude_analytics_usage; tokens that the vendor states no cost for are priced from the dated book
-- late data: values move for up to 30 days
-- partitions: view day
/*
same as int_usage
*/
WITH lines AS (
  SELECT
    usage_day, api_key_id, workspace_id, model, product, actor_type, actor_id, actor_email,
    amount_usd,
    list_usd,
    CAST(NULL AS BIGINT) AS input_tokens,
    CAST(NULL AS BIGINT) AS cache_write_5m_tokens,
    CAST(NULL AS BIGINT) AS cache_write_1h_tokens,
    CAST(NULL AS BIGINT) AS cache_read_tokens,
    CAST(NULL AS BIGINT) AS output_tokens
  FROM claude_analytics_cost
  UNION ALL
  SELECT
    usage_day, api_key_id, workspace_id, model, product, actor_type, actor_id, actor_email,
    NULL,
    NULL,
    uncached_input_tokens,
    cache_write_5m_tokens,
    cache_write_1h_tokens,
    cache_read_tokens,
    output_tokens
  FROM claude_analytics_usage
),

summed AS (
  SELECT
    l.usage_day, l.api_key_id, l.workspace_id, l.model, l.product, l.actor_type, l.actor_id, l.actor_email,
    SUM(l.amount_usd) AS amount_usd,
    SUM(l.list_usd) AS list_usd,
    SUM(l.input_tokens) AS input_tokens,
    SUM(l.cache_write_5m_tokens) AS cache_write_5m_tokens,
    SUM(l.cache_write_1h_tokens) AS cache_write_1h_tokens,
    SUM(l.cache_read_tokens) AS cache_read_tokens,
    SUM(l.output_tokens) AS output_tokens,
    SUM(l.input_tokens + l.cache_write_5m_tokens + l.cache_write_1h_tokens + l.cache_read_tokens + l.output_tokens) AS tokens
  FROM lines AS l
  INNER JOIN stg_claude__day_source AS s ON s.usage_day = l.usage_day AND s.source = 'analytics'
  GROUP BY ALL
),

priced AS (
  SELECT
    m.*,
    COALESCE(k.is_claude_code OR (m.product = 'claude_code' AND m.actor_type = 'user_actor'), FALSE) AS is_claude_code,
    CASE
      WHEN m.workspace_id IS NULL THEN '(no workspace)' WHEN w.is_default THEN '(default workspace)' ELSE m.workspace_id
    END AS workspace,
    p.price_version,
    CAST(
      CAST(
        (
          m.input_tokens * p.input_usd + m.cache_write_5m_tokens * p.cache_write_5m_usd
          + m.cache_write_1h_tokens * p.cache_write_1h_usd + m.cache_read_tokens * p.cache_read_usd
          + m.output_tokens * p.output_usd
        ) * CAST(0.000001 AS DECIMAL(7, 6)) AS DECIMAL(26, 12)
      ) * CASE WHEN m.product = 'message_batches_api' THEN p.batch_factor ELSE 1 END AS DECIMAL(38, 18)
    ) AS book_usd
  FROM summed AS m
  LEFT JOIN int_claude__workspace AS w ON w.workspace_id = m.workspace_id
  LEFT JOIN int_claude__key AS k ON k.api_key_id = m.api_key_id
  LEFT JOIN int_claude__rate AS p
    ON m.list_usd IS NULL AND p.model = m.model AND p.speed = 'standard' AND p.prompt = 'unknown'
    AND m.usage_day >= p.effective_from AND (p.effective_to IS NULL OR m.usage_day < p.effective_to)
  WHERE m.list_usd IS NOT NULL OR m.tokens > 0
),

int_usage__claude_analytics AS (
  SELECT
    usage_day,
    'claude_analytics_cost' AS feed,
    'anthropic' AS vendor,
    CASE
      WHEN is_claude_code THEN 'claude_code'
      WHEN product IS NULL OR product IN ('messages_api', 'message_batches_api', 'claude_code') THEN 'claude_api'
      ELSE product
    END AS surface,
    'claude_api_key' AS series,
    CASE
      WHEN api_key_id IS NOT NULL THEN 'api_key'
      WHEN actor_type IN ('service_account_actor', 'federated_actor') THEN 'service_account'
      ELSE 'unknown'
    END AS auth_kind,
    CASE
      WHEN api_key_id IS NOT NULL THEN 'analytics report names an API key'
      WHEN actor_type = 'service_account_actor' THEN 'service account without an API key'
      WHEN actor_type = 'federated_actor' THEN 'federated identity of a workload'
      ELSE 'no key reported: Workbench, OAuth or a charge without a caller'
    END AS auth_rule,
    COALESCE('api_key_id ' || api_key_id, 'api_key_id is null, actor ' || COALESCE(actor_type, 'is null')) AS auth_evidence,
    CASE
      WHEN is_claude_code OR product = 'claude_console' THEN 'interactive'
      WHEN api_key_id IS NULL AND actor_type = 'user_actor' THEN 'interactive'
      WHEN api_key_id IS NULL AND actor_type IS NULL THEN 'not_split'
      ELSE 'machine'
    END AS actor_kind,
    CASE
      WHEN is_claude_code THEN 'Claude Code on a key of a person'
      WHEN product = 'claude_console' THEN 'Workbench use'
      WHEN api_key_id IS NULL AND actor_type = 'user_actor' THEN 'a person signed in, without a key'
      WHEN api_key_id IS NULL AND actor_type IS NULL THEN 'the vendor names neither a person nor a key'
      WHEN api_key_id IS NULL THEN 'a workload without a key'
      ELSE 'API key outside Claude Code'
    END AS actor_rule,
    'product ' || COALESCE(product, '(not stated)') || ', actor ' || COALESCE(actor_type, 'is null') || ', workspace ' || workspace AS actor_evidence,
    CAST(NULL AS VARCHAR) AS background_kind,
    COALESCE(api_key_id, LOWER(actor_email), actor_id, '(no key)') AS actor_id,
    CASE WHEN actor_type = 'user_actor' THEN LOWER(actor_email) END AS person_hint,
    api_key_id AS key_id,
    workspace,
    model,
    CAST(NULL AS VARCHAR) AS environment,
    CAST(tokens AS DECIMAL(38, 18)) AS quantity,
    'tokens' AS unit,
    CAST(COALESCE(list_usd, book_usd) AS DECIMAL(38, 18)) AS list_usd,
    CAST(NULL AS DECIMAL(38, 18)) AS covered_usd,
    CAST(amount_usd AS DECIMAL(38, 18)) AS billed_usd,
    CASE WHEN list_usd IS NOT NULL THEN 'reported' WHEN book_usd IS NOT NULL THEN 'priced' ELSE 'unpriced' END AS price_state,
    CASE WHEN list_usd IS NOT NULL THEN 'direct' ELSE 'derived' END AS attribution_mode,
    price_version
  FROM priced
)

SELECT * FROM int_usage__claude_analytics
