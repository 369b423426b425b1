-- grain: one row per UTC day x member x product x model of usage credits: what a Team or Enterprise organisation uses beyond its seats
-- unit: tokens; list value and charge as the vendor states them
-- source: claude_team_usage, claude_enterprise_cost, claude_enterprise_usage
-- late data: Enterprise values move for up to 30 days
-- partitions: view day
/*
same as int_usage
*/
WITH lines AS (
  SELECT
    usage_day,
    'claude_team_usage' AS feed,
    CASE WHEN person_email IS NOT NULL THEN 'user_actor' END AS actor_type,
    COALESCE(person_email, account_id) AS actor_id,
    person_email,
    product,
    model,
    prompt_tokens + completion_tokens AS tokens,
    gross_usd AS list_usd,
    net_usd AS billed_usd
  FROM claude_team_usage
  UNION ALL
  SELECT usage_day, 'claude_enterprise_cost', actor_type, actor_id, actor_email, product, model, NULL, list_usd, amount_usd
  FROM claude_enterprise_cost
  UNION ALL
  SELECT
    usage_day, 'claude_enterprise_cost', actor_type, actor_id, actor_email, product, model,
    uncached_input_tokens + cache_write_5m_tokens + cache_write_1h_tokens + cache_read_tokens + output_tokens, NULL, NULL
  FROM claude_enterprise_usage
),

summed AS (
  SELECT
    usage_day,
    feed,
    actor_type,
    actor_id,
    LOWER(person_email) AS person_email,
    REPLACE(REPLACE(LOWER(product), ' ', '_'), '-', '_') AS product,
    model,
    CAST(SUM(tokens) AS DECIMAL(38, 18)) AS tokens,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd,
    CAST(SUM(billed_usd) AS DECIMAL(38, 18)) AS billed_usd
  FROM lines
  GROUP BY ALL
  HAVING SUM(billed_usd) IS NOT NULL OR SUM(tokens) > 0
),

int_usage__claude_credits AS (
  SELECT
    usage_day,
    feed,
    'anthropic' AS vendor,
    COALESCE(product, 'unspecified') AS surface,
    'claude_usage_credits' AS series,
    CASE
      WHEN actor_type = 'user_actor' THEN 'seat'
      WHEN actor_type IN ('service_account_actor', 'federated_actor') THEN 'service_account'
      WHEN actor_type = 'api_actor' THEN 'api_key'
      ELSE 'unknown'
    END AS auth_kind,
    CASE WHEN actor_type = 'user_actor' THEN 'usage credits of a member' ELSE 'usage credits that no member accounts for' END AS auth_rule,
    'actor ' || COALESCE(actor_type, 'is null') AS auth_evidence,
    'not_split' AS actor_kind,
    'usage credits do not tell a person from a program' AS actor_rule,
    'product ' || COALESCE(product, '(not stated)') AS actor_evidence,
    CAST(NULL AS VARCHAR) AS background_kind,
    COALESCE(person_email, actor_id, '(organization)') AS actor_id,
    CASE WHEN actor_type = 'user_actor' THEN person_email END AS person_hint,
    CAST(NULL AS VARCHAR) AS key_id,
    CAST(NULL AS VARCHAR) AS workspace,
    model,
    CAST(NULL AS VARCHAR) AS environment,
    tokens AS quantity,
    'tokens' AS unit,
    list_usd,
    CAST(CASE WHEN list_usd IS NOT NULL THEN 0 END AS DECIMAL(38, 18)) AS covered_usd,
    billed_usd,
    CASE WHEN list_usd IS NULL THEN 'not_priced' ELSE 'reported' END AS price_state,
    'direct' AS attribution_mode,
    CAST(NULL AS VARCHAR) AS price_version
  FROM summed
)

SELECT * FROM int_usage__claude_credits
