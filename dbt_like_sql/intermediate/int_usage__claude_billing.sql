-- grain: one row per UTC day x workspace x model of the vendor's cost report
-- unit: USD billed; consumption is in int_usage__claude_api
-- source: claude_api_cost; days of the analytics API are in int_usage__claude_analytics
-- late data: re-read for the feed's restatement window
-- partitions: view day
/*
same as int_usage
*/
WITH billed AS (
  SELECT
    c.usage_day,
    c.workspace_id,
    c.model,
    c.cost_type,
    CAST(SUM(c.amount_usd) AS DECIMAL(38, 18)) AS billed_usd
  FROM claude_api_cost AS c
  LEFT JOIN stg_claude__day_source AS d ON d.usage_day = c.usage_day
  WHERE COALESCE(d.source, 'reports') = 'reports'
  GROUP BY c.usage_day, c.workspace_id, c.model, c.cost_type
),

int_usage__claude_billing AS (
  SELECT
    usage_day,
    'claude_api_cost' AS feed,
    'anthropic' AS vendor,
    COALESCE(cost_type, 'unspecified') AS surface,
    'claude_api_billing' AS series,
    'api_key' AS auth_kind,
    'the cost report bills API use; it does not name keys' AS auth_rule,
    'cost_type ' || COALESCE(cost_type, '(not stated)') AS auth_evidence,
    'not_split' AS actor_kind,
    'the cost report does not split by actor' AS actor_rule,
    'no field of the cost report names a key or a person' AS actor_evidence,
    CAST(NULL AS VARCHAR) AS background_kind,
    '(cost report)' AS actor_id,
    CAST(NULL AS VARCHAR) AS person_hint,
    CAST(NULL AS VARCHAR) AS key_id,
    COALESCE(workspace_id, '(default workspace)') AS workspace,
    model,
    CAST(NULL AS VARCHAR) AS environment,
    CAST(NULL AS DECIMAL(38, 18)) AS quantity,
    'charge' AS unit,
    CAST(NULL AS DECIMAL(38, 18)) AS list_usd,
    CAST(NULL AS DECIMAL(38, 18)) AS covered_usd,
    billed_usd,
    'reported' AS price_state,
    'direct' AS attribution_mode,
    CAST(NULL AS VARCHAR) AS price_version
  FROM billed
)

SELECT * FROM int_usage__claude_billing
