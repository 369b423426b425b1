-- grain: one row per UTC day x model of GitHub's bill for usage: AI credits, and premium requests before June 2026
-- unit: USD covered by the pool and billed; consumption is in int_usage__copilot
-- source: stg_copilot__billing_line
-- late data: re-read for the feed's restatement window
-- partitions: view day
/*
same as int_usage
*/
WITH lines AS (
  SELECT
    usage_day,
    scope,
    model,
    LOWER(model) = 'coding agent model' OR LOWER(sku) LIKE 'coding_agent%' AS is_cloud_agent,
    CAST(SUM(discount_usd) AS DECIMAL(38, 18)) AS covered_usd,
    CAST(SUM(net_usd) AS DECIMAL(38, 18)) AS billed_usd
  FROM stg_copilot__billing_line
  WHERE sku_class <> 'seat'
  GROUP BY 1, 2, 3, 4
),

int_usage__copilot_billing AS (
  SELECT
    usage_day,
    'copilot_billing_usage' AS feed,
    'github_copilot' AS vendor,
    'billing' AS surface,
    'copilot_billing' AS series,
    'seat' AS auth_kind,
    'the billing API bills usage of licensed seats; it does not name people' AS auth_rule,
    'SKU of AI credits of ' || scope AS auth_evidence,
    CASE WHEN is_cloud_agent THEN 'headless' ELSE 'not_split' END AS actor_kind,
    CASE
      WHEN is_cloud_agent THEN 'the billing API has a line of its own for the cloud agent'
      ELSE 'the billing API does not split by actor'
    END AS actor_rule,
    'model ' || COALESCE(model, '(not stated)') AS actor_evidence,
    CASE WHEN is_cloud_agent THEN 'cloud_agent' END AS background_kind,
    '(billing ' || scope || ')' AS actor_id,
    CAST(NULL AS VARCHAR) AS person_hint,
    CAST(NULL AS VARCHAR) AS key_id,
    scope AS workspace,
    model,
    CAST(NULL AS VARCHAR) AS environment,
    CAST(NULL AS DECIMAL(38, 18)) AS quantity,
    'charge' AS unit,
    CAST(NULL AS DECIMAL(38, 18)) AS list_usd,
    covered_usd,
    billed_usd,
    'reported' AS price_state,
    'direct' AS attribution_mode,
    CAST(NULL AS VARCHAR) AS price_version
  FROM lines
)

SELECT * FROM int_usage__copilot_billing
