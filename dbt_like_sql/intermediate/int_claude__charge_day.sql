-- grain: one row per UTC day x key x workspace x model x product x token class x service tier x geography of what Anthropic charges
-- unit: USD; tokens or requests
-- source: claude_analytics_cost and claude_analytics_usage on the days of stg_claude__day_source that are theirs, else claude_api_cost
-- late data: follows the feeds
-- partitions: view day
/*
usage_day: UTC day
source: analytics or reports
api_key_id: key; null for use without a key, and on reports days, whose charges name none
workspace_id: workspace, null for the default workspace
model: model id; null for charges without one
product: product surface on analytics days, else null
token_class: uncached_input, cache_write_5m, cache_write_1h, cache_read, output, web_search, or the vendor's cost type
service_tier: as the cost report says; batch for the batch product on analytics days
inference_geo: as the cost report says; null on analytics days
quantity: tokens or web searches on analytics days; null when the vendor does not say
vendor_list_usd: the vendor's own statement of list price on analytics days, else null
billed_usd: what the vendor charges; null for use without a charge
*/
WITH analytics_lines AS (
  SELECT usage_day, api_key_id, workspace_id, model, product, token_type, cost_type, CAST(NULL AS BIGINT) AS quantity, list_usd, amount_usd
  FROM claude_analytics_cost
  UNION ALL
  SELECT usage_day, api_key_id, workspace_id, model, product, 'uncached_input_tokens', 'tokens', uncached_input_tokens, NULL, NULL FROM claude_analytics_usage
  UNION ALL
  SELECT usage_day, api_key_id, workspace_id, model, product, 'cache_creation.ephemeral_5m_input_tokens', 'tokens', cache_write_5m_tokens, NULL, NULL FROM claude_analytics_usage
  UNION ALL
  SELECT usage_day, api_key_id, workspace_id, model, product, 'cache_creation.ephemeral_1h_input_tokens', 'tokens', cache_write_1h_tokens, NULL, NULL FROM claude_analytics_usage
  UNION ALL
  SELECT usage_day, api_key_id, workspace_id, model, product, 'cache_read_input_tokens', 'tokens', cache_read_tokens, NULL, NULL FROM claude_analytics_usage
  UNION ALL
  SELECT usage_day, api_key_id, workspace_id, model, product, 'output_tokens', 'tokens', output_tokens, NULL, NULL FROM claude_analytics_usage
  UNION ALL
  SELECT usage_day, api_key_id, workspace_id, model, product, NULL, 'web_search', web_search_requests, NULL, NULL FROM claude_analytics_usage
),

lines AS (
  SELECT
    l.usage_day,
    'analytics' AS source,
    l.api_key_id,
    CASE WHEN w.is_default THEN NULL ELSE l.workspace_id END AS workspace_id,
    l.model,
    l.product,
    l.token_type,
    l.cost_type,
    CASE WHEN l.product = 'message_batches_api' THEN 'batch' END AS service_tier,
    CAST(NULL AS VARCHAR) AS inference_geo,
    l.quantity,
    l.list_usd,
    l.amount_usd
  FROM analytics_lines AS l
  LEFT JOIN int_claude__workspace AS w ON w.workspace_id = l.workspace_id
  UNION ALL
  SELECT usage_day, 'reports', NULL, workspace_id, model, NULL, token_type, cost_type, service_tier, inference_geo, NULL, NULL, amount_usd
  FROM claude_api_cost
),

int_claude__charge_day AS (
  SELECT
    l.usage_day,
    l.source,
    l.api_key_id,
    l.workspace_id,
    l.model,
    l.product,
    CASE
      WHEN l.token_type = 'uncached_input_tokens' THEN 'uncached_input'
      WHEN l.token_type = 'output_tokens' THEN 'output'
      WHEN l.token_type = 'cache_read_input_tokens' THEN 'cache_read'
      WHEN l.token_type = 'cache_creation.ephemeral_5m_input_tokens' THEN 'cache_write_5m'
      WHEN l.token_type = 'cache_creation.ephemeral_1h_input_tokens' THEN 'cache_write_1h'
      ELSE COALESCE(l.cost_type, 'unspecified')
    END AS token_class,
    l.service_tier,
    l.inference_geo,
    CAST(SUM(l.quantity) AS BIGINT) AS quantity,
    CAST(SUM(l.list_usd) AS DECIMAL(38, 18)) AS vendor_list_usd,
    CAST(SUM(l.amount_usd) AS DECIMAL(38, 18)) AS billed_usd
  FROM lines AS l
  LEFT JOIN stg_claude__day_source AS s ON s.usage_day = l.usage_day
  WHERE l.source = COALESCE(s.source, 'reports')
  GROUP BY ALL
  HAVING SUM(l.amount_usd) IS NOT NULL OR SUM(l.quantity) > 0
)

SELECT * FROM int_claude__charge_day
