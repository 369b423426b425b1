-- grain: one row per UTC day x key x workspace x model x service tier x geography x speed x token class, and one for each charge that no usage row matches
-- unit: tokens or requests; USD
-- source: int_claude__charge_day; on reports days its charges name no keys, which int_reconcile__claude_class_day does
-- late data: follows the feeds
-- partitions: day
/*
usage_day: UTC day
api_key_id: key; null for use without a key and for charges that no usage row matches
workspace_id: workspace, null for the default workspace
model: model id as reported
service_tier: standard, batch or priority
inference_geo: global, us or not_available
speed: standard or fast, null when not reported
token_class: uncached_input, cache_write_5m, cache_write_1h, cache_read, output, web_search, or the vendor's cost type
quantity: tokens or requests; null for a charge that no usage row matches
usd_per_million: list price of a million tokens (of one search); null when unpriced or stated as an amount
list_usd: quantity at that price, or as the vendor states it; null when unpriced
billed_usd: the vendor's charge for the key; where it names none, the share of its charge for the same workspace, model, class, tier and geography by list value, which add up to it exactly
allocation_method: by list value of keys, direct (one row), or not matched
price_version: price book line, null when unpriced
*/
WITH charges AS (
  SELECT
    usage_day, workspace_id, model, token_class, service_tier, inference_geo, billed_usd AS charge_usd,
    CAST(usage_day AS VARCHAR) || '|' || COALESCE(workspace_id, '') || '|'
      || CASE WHEN token_class = 'web_search' THEN '' ELSE COALESCE(model, '') END || '|' || token_class AS class_key
  FROM int_claude__charge_day
  WHERE source = 'reports'
),

-- Where the charges of a class name no tier or geography they are for use of any.
told AS (
  SELECT class_key, MAX(service_tier) IS NOT NULL AS by_tier, MAX(inference_geo) IS NOT NULL AS by_geo
  FROM charges
  WHERE token_class <> 'web_search'
  GROUP BY class_key
),

keyed_charges AS (
  SELECT
    c.*,
    c.class_key || CASE WHEN t.by_tier THEN '|' || COALESCE(c.service_tier, '') ELSE '' END
      || CASE WHEN t.by_geo THEN '|' || COALESCE(c.inference_geo, '') ELSE '' END AS match_key
  FROM charges AS c
  LEFT JOIN told AS t ON t.class_key = c.class_key
),

used AS (
  SELECT
    u.*,
    CAST(u.usage_day AS VARCHAR) || '|' || COALESCE(u.workspace_id, '') || '|'
      || CASE WHEN u.token_class = 'web_search' THEN '' ELSE COALESCE(u.model, '') END || '|' || u.token_class AS class_key,
    -- Unpriced usage has no list value; its quantity is the next best weight.
    CAST(COALESCE(u.list_usd, u.quantity) AS DOUBLE) AS weight
  FROM int_reconcile__claude_class_day AS u
  LEFT JOIN stg_claude__day_source AS d ON d.usage_day = u.usage_day
  WHERE COALESCE(d.source, 'reports') = 'reports'
),

keyed_usage AS (
  SELECT
    u.*,
    u.class_key || CASE WHEN t.by_tier THEN '|' || COALESCE(u.service_tier, '') ELSE '' END
      || CASE WHEN t.by_geo THEN '|' || COALESCE(u.inference_geo, '') ELSE '' END AS match_key
  FROM used AS u
  LEFT JOIN told AS t ON t.class_key = u.class_key
),

summed_charges AS (
  SELECT match_key, CAST(SUM(charge_usd) AS DECIMAL(38, 18)) AS charge_usd
  FROM keyed_charges
  GROUP BY match_key
),

ranked AS (
  SELECT
    u.*,
    c.charge_usd,
    COUNT(*) OVER (PARTITION BY u.match_key) AS rivals,
    CAST(ROUND(CAST(c.charge_usd AS DOUBLE) * (u.weight / NULLIF(SUM(u.weight) OVER (PARTITION BY u.match_key), 0)), 6) AS DECIMAL(20, 6)) AS share_usd,
    ROW_NUMBER() OVER (
      PARTITION BY u.match_key
      ORDER BY u.weight DESC, COALESCE(u.api_key_id, ''), COALESCE(u.model, ''), COALESCE(u.service_tier, ''), COALESCE(u.inference_geo, ''), COALESCE(u.speed, ''), COALESCE(u.price_version, '')
    ) AS place
  FROM keyed_usage AS u
  LEFT JOIN summed_charges AS c ON c.match_key = u.match_key
),

shared AS (
  SELECT
    *,
    CAST(charge_usd - SUM(COALESCE(share_usd, 0)) OVER (PARTITION BY match_key) AS DECIMAL(38, 18)) AS left_usd
  FROM ranked
),

unmatched AS (
  SELECT c.*
  FROM keyed_charges AS c
  LEFT JOIN keyed_usage AS u ON u.match_key = c.match_key
  WHERE u.match_key IS NULL
),

int_reconcile__claude_charge_day AS (
  SELECT
    usage_day,
    api_key_id,
    workspace_id,
    model,
    service_tier,
    inference_geo,
    speed,
    token_class,
    quantity,
    usd_per_million,
    list_usd,
    CAST(COALESCE(share_usd, 0) + CASE WHEN place = 1 THEN COALESCE(left_usd, 0) ELSE 0 END AS DECIMAL(38, 18)) AS billed_usd,
    CASE WHEN charge_usd IS NULL THEN 'not billed' WHEN rivals = 1 THEN 'direct' ELSE 'by list value of keys' END AS allocation_method,
    price_version
  FROM shared
  UNION ALL
  SELECT
    usage_day,
    CAST(NULL AS VARCHAR) AS api_key_id,
    workspace_id,
    model,
    service_tier,
    inference_geo,
    CAST(NULL AS VARCHAR) AS speed,
    token_class,
    CAST(NULL AS BIGINT) AS quantity,
    CAST(NULL AS DECIMAL(24, 12)) AS usd_per_million,
    CAST(NULL AS DECIMAL(38, 18)) AS list_usd,
    charge_usd AS billed_usd,
    'not matched' AS allocation_method,
    CAST(NULL AS VARCHAR) AS price_version
  FROM unmatched
  UNION ALL
  SELECT
    usage_day,
    api_key_id,
    workspace_id,
    model,
    service_tier,
    inference_geo,
    CAST(NULL AS VARCHAR) AS speed,
    token_class,
    quantity,
    CAST(NULL AS DECIMAL(24, 12)) AS usd_per_million,
    vendor_list_usd AS list_usd,
    COALESCE(billed_usd, 0) AS billed_usd,
    CASE WHEN billed_usd IS NULL THEN 'not billed' ELSE 'direct' END AS allocation_method,
    CAST(NULL AS VARCHAR) AS price_version
  FROM int_claude__charge_day
  WHERE source = 'analytics'
)

SELECT * FROM int_reconcile__claude_charge_day
