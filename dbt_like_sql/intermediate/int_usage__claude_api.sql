-- grain: one row per UTC day x key or sign-in x workspace x model x price line
-- unit: tokens of five classes; list value from the dated price book
-- source: int_claude__priced_usage, int_claude__key, claude_users; days of the analytics API are in int_usage__claude_analytics
-- late data: re-read for the feed's restatement window
-- partitions: view day
/*
same as int_usage
*/
WITH summed AS (
  SELECT
    usage_day,
    api_key_id,
    CASE WHEN api_key_id IS NULL THEN account_id END AS account_id,
    CASE WHEN api_key_id IS NULL THEN service_account_id END AS service_account_id,
    workspace_id,
    model,
    price_version,
    CAST(SUM(input_tokens + cache_write_5m_tokens + cache_write_1h_tokens + cache_read_tokens + output_tokens) AS DECIMAL(38, 18)) AS tokens,
    CAST(
      SUM(
        CAST(
          (
            input_tokens * input_usd + cache_write_5m_tokens * cache_write_5m_usd
            + cache_write_1h_tokens * cache_write_1h_usd + cache_read_tokens * cache_read_usd
            + output_tokens * output_usd
          ) * CAST(0.000001 AS DECIMAL(7, 6)) AS DECIMAL(26, 12)
        ) * factor + web_search_requests * COALESCE(search_usd, 0)
      ) AS DECIMAL(38, 18)
    ) AS list_usd
  FROM int_claude__priced_usage
  GROUP BY
    usage_day, api_key_id, CASE WHEN api_key_id IS NULL THEN account_id END,
    CASE WHEN api_key_id IS NULL THEN service_account_id END, workspace_id, model, price_version
),

users AS (
  SELECT user_id, LOWER(ARG_MAX(email, usage_day)) AS email
  FROM claude_users
  GROUP BY user_id
),

int_usage__claude_api AS (
  SELECT
    s.usage_day,
    'claude_api_usage' AS feed,
    'anthropic' AS vendor,
    CASE WHEN k.is_claude_code THEN 'claude_code' ELSE 'claude_api' END AS surface,
    'claude_api_key' AS series,
    CASE
      WHEN s.api_key_id IS NOT NULL THEN 'api_key'
      WHEN s.service_account_id IS NOT NULL THEN 'service_account'
      ELSE 'unknown'
    END AS auth_kind,
    CASE
      WHEN s.api_key_id IS NOT NULL THEN 'usage report names an API key'
      WHEN s.service_account_id IS NOT NULL THEN 'federated identity of a workload'
      WHEN s.account_id IS NOT NULL THEN 'sign-in of a person, without an API key'
      ELSE 'no key reported: Workbench, OAuth or federated'
    END AS auth_rule,
    COALESCE(
      'api_key_id ' || s.api_key_id, 'api_key_id is null, service_account_id ' || s.service_account_id,
      'api_key_id is null, account_id ' || s.account_id, 'api_key_id is null'
    ) AS auth_evidence,
    CASE
      WHEN k.is_claude_code THEN 'interactive'
      WHEN s.api_key_id IS NULL AND s.service_account_id IS NULL THEN 'interactive'
      ELSE 'machine'
    END AS actor_kind,
    CASE
      WHEN k.is_claude_code THEN 'key minted by Claude Code for a person'
      WHEN s.service_account_id IS NOT NULL THEN 'a workload without a key'
      WHEN s.account_id IS NOT NULL THEN 'a person signed in, without a key'
      WHEN s.api_key_id IS NULL THEN 'Workbench use has no key'
      ELSE 'API key outside the Claude Code workspace'
    END AS actor_rule,
    CASE
      WHEN s.api_key_id IS NULL THEN 'api_key_id is null'
      WHEN k.api_key_id IS NULL THEN 'key ' || s.api_key_id || ' is on no list of keys'
      ELSE 'key ' || k.key_name || ' in workspace ' || COALESCE(k.workspace_name, '(default workspace)')
    END AS actor_evidence,
    CAST(NULL AS VARCHAR) AS background_kind,
    COALESCE(s.api_key_id, s.service_account_id, u.email, s.account_id, '(no key)') AS actor_id,
    CASE WHEN k.is_claude_code THEN k.creator_email WHEN s.service_account_id IS NULL THEN COALESCE(u.email, s.account_id) END AS person_hint,
    s.api_key_id AS key_id,
    COALESCE(s.workspace_id, '(default workspace)') AS workspace,
    s.model,
    CAST(NULL AS VARCHAR) AS environment,
    s.tokens AS quantity,
    'tokens' AS unit,
    CASE WHEN s.price_version IS NOT NULL THEN s.list_usd END AS list_usd,
    CAST(NULL AS DECIMAL(38, 18)) AS covered_usd,
    CAST(NULL AS DECIMAL(38, 18)) AS billed_usd,
    CASE WHEN s.price_version IS NULL THEN 'unpriced' ELSE 'priced' END AS price_state,
    'derived' AS attribution_mode,
    s.price_version
  FROM summed AS s
  LEFT JOIN stg_claude__day_source AS d ON d.usage_day = s.usage_day
  LEFT JOIN int_claude__key AS k ON k.api_key_id = s.api_key_id
  LEFT JOIN users AS u ON u.user_id = s.account_id
  WHERE COALESCE(d.source, 'reports') = 'reports'
)

SELECT * FROM int_usage__claude_api
