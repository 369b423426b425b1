-- grain: one row per UTC day x workspace x model x token class, and x key where the vendor's charge names keys
-- unit: USD; list price from the dated book beside the vendor's own list price and its charge, never added
-- source: int_reconcile__claude_class_day (book), int_claude__charge_day (vendor)
-- late data: follows the feeds; analytics days move for up to 30 days
-- partitions: day
/*
usage_day: UTC day
source: analytics (charges name keys) or reports (they name workspaces only)
api_key_id: key; '(no key)' for use without one, '(all keys)' on reports days
key_name: name of the key in the Console
workspace: workspace
model: model id; null for charges without one
token_class: uncached_input, cache_write_5m, cache_write_1h, cache_read, output, web_search, or a charge that is only in the bill: code_execution, session_usage
service_tier: on reports days standard, batch, priority or another; null on analytics days, which are not cut by it
quantity: tokens, web searches; null for charges without usage
list_usd: usage at the price book's list price; null when unpriced or not in the usage report
vendor_list_usd: the vendor's own statement of list price; null where it makes none
billed_usd: what the vendor charges; null for use without a charge
difference_usd: billed_usd less list_usd, each taken as 0 where null; adds up to the day's true-up
cause: equal, discount, vendor_list_differs, unpriced_model, bill_only, priority_tier, not_billed, or unexplained
*/
WITH book AS (
  SELECT
    u.usage_day,
    COALESCE(s.source, 'reports') AS source,
    CASE WHEN s.source = 'analytics' THEN COALESCE(u.api_key_id, '(no key)') ELSE '(all keys)' END AS api_key_id,
    COALESCE(u.workspace_id, '(default workspace)') AS workspace,
    u.model,
    u.token_class,
    CASE WHEN s.source = 'analytics' THEN NULL ELSE u.service_tier END AS service_tier,
    u.quantity,
    u.list_usd,
    CASE WHEN u.service_tier = 'priority' THEN 1 ELSE 0 END AS is_priority,
    CASE WHEN u.list_usd IS NULL THEN 1 ELSE 0 END AS is_unpriced
  FROM int_reconcile__claude_class_day AS u
  LEFT JOIN stg_claude__day_source AS s ON s.usage_day = u.usage_day
),

lines AS (
  SELECT
    usage_day,
    source,
    api_key_id,
    workspace,
    -- Searches are billed without a model on reports days.
    CASE WHEN token_class = 'web_search' AND source = 'reports' THEN NULL ELSE model END AS model,
    token_class,
    CASE WHEN token_class = 'web_search' THEN NULL ELSE service_tier END AS service_tier,
    quantity,
    list_usd,
    CAST(NULL AS DECIMAL(38, 18)) AS vendor_list_usd,
    CAST(NULL AS DECIMAL(38, 18)) AS billed_usd,
    is_priority,
    is_unpriced
  FROM book
  UNION ALL
  SELECT
    usage_day,
    source,
    CASE WHEN source = 'analytics' THEN COALESCE(api_key_id, '(no key)') ELSE '(all keys)' END,
    COALESCE(workspace_id, '(default workspace)'),
    model,
    token_class,
    CASE WHEN source = 'analytics' OR token_class = 'web_search' THEN NULL ELSE service_tier END,
    CAST(NULL AS BIGINT),
    CAST(NULL AS DECIMAL(38, 18)),
    vendor_list_usd,
    billed_usd,
    NULL,
    0
  FROM int_claude__charge_day
),

summed AS (
  SELECT
    usage_day,
    source,
    api_key_id,
    workspace,
    model,
    token_class,
    service_tier,
    CAST(SUM(quantity) AS BIGINT) AS quantity,
    CASE WHEN MAX(is_unpriced) = 0 THEN CAST(SUM(list_usd) AS DECIMAL(38, 18)) END AS list_usd,
    CAST(SUM(vendor_list_usd) AS DECIMAL(38, 18)) AS vendor_list_usd,
    CAST(SUM(billed_usd) AS DECIMAL(38, 18)) AS billed_usd,
    MIN(is_priority) AS is_priority,
    MAX(is_unpriced) AS is_unpriced
  FROM lines
  GROUP BY usage_day, source, api_key_id, workspace, model, token_class, service_tier
),

compared AS (
  SELECT
    *,
    CAST(COALESCE(billed_usd, 0) - COALESCE(list_usd, 0) AS DECIMAL(38, 18)) AS difference_usd
  FROM summed
),

rpt_finance__claude_true_up AS (
  SELECT
    c.usage_day,
    c.source,
    c.api_key_id,
    k.key_name,
    c.workspace,
    c.model,
    c.token_class,
    c.service_tier,
    c.quantity,
    c.list_usd,
    c.vendor_list_usd,
    c.billed_usd,
    c.difference_usd,
    CASE
      WHEN c.is_unpriced = 1 THEN 'unpriced_model'
      WHEN c.quantity IS NULL THEN 'bill_only'
      WHEN c.billed_usd IS NULL AND c.is_priority = 1 THEN 'priority_tier'
      WHEN c.billed_usd IS NULL THEN 'not_billed'
      -- Prices of a millionth of a dollar a token: smaller differences are digits that a bill does not print.
      WHEN ABS(c.difference_usd) <= CAST(0.000001 AS DECIMAL(7, 6)) THEN 'equal'
      WHEN ABS(c.vendor_list_usd - c.list_usd) <= CAST(0.000001 AS DECIMAL(7, 6)) THEN 'discount'
      WHEN c.vendor_list_usd IS NOT NULL THEN 'vendor_list_differs'
      ELSE 'unexplained'
    END AS cause
  FROM compared AS c
  LEFT JOIN int_claude__key AS k ON k.api_key_id = c.api_key_id
)

SELECT * FROM rpt_finance__claude_true_up
