-- grain: one row per UTC day x vendor with usage on either side
-- unit: USD; consumption at list price beside what the vendor's billing API charges for it
-- source: fct_usage_day (metered), int_claude__charge_day, int_reconcile__claude_charge_day, int_reconcile__copilot_bill_day and fct_usage_day (billing)
-- late data: follows the feeds
-- partitions: day
/*
usage_day: UTC day
vendor: ledger name of the vendor
metered_usd: consumption at list price as metered; null when nothing was metered or priced
billing_usd: what the vendor's billing API charges; null when it says nothing
pool_usd: consumption that a seat or the included pool already pays
unpriced_usd: charge for models that no price book knows, which is in billing_usd only
other_charge_usd: charge for services that the usage report does not list, e.g. code execution
not_metered_usd: list value of Copilot use that no feed meters: premium requests, and credits of days on which GitHub gives no user's credits
unbilled_tier_usd: consumption on the priority tier, which Anthropic's cost report never lists
review_usd: consumption by code review, which may come from people without a licence
stated_list_usd: list value of charges for which the vendor states the list price too; in metered_usd
stated_discount_usd: discount that those two figures show
unmatched_charge_usd: charges for a workspace, model and token class without any usage that day
unmatched_usage_usd: list value of usage of a workspace, model and token class without any charge that day
*/
WITH metered AS (
  SELECT
    usage_day,
    vendor,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS metered_usd,
    CAST(SUM(CASE WHEN vendor <> 'github_copilot' THEN covered_usd END) AS DECIMAL(38, 18)) AS covered_usd,
    CAST(SUM(CASE WHEN vendor = 'cursor' THEN billed_usd END) AS DECIMAL(38, 18)) AS charged_usd,
    MAX(CASE WHEN price_state = 'unpriced' THEN 1 ELSE 0 END) AS has_unpriced,
    MAX(CASE WHEN price_state = 'not_priced' THEN 1 ELSE 0 END) AS has_unknown
  FROM fct_usage_day
  WHERE vendor <> 'custom_agents'
  GROUP BY usage_day, vendor
),

claude_unpriced AS (
  SELECT DISTINCT usage_day, model
  FROM fct_usage_day
  WHERE vendor = 'anthropic' AND price_state = 'unpriced'
),

claude_charges AS (
  SELECT usage_day, source, model, token_class, vendor_list_usd, billed_usd FROM int_claude__charge_day
  UNION ALL
  SELECT usage_day, 'credits', model, 'usage_credits', list_usd, billed_usd
  FROM fct_usage_day
  WHERE series = 'claude_usage_credits'
),

claude_cost AS (
  SELECT
    c.usage_day,
    CAST(SUM(c.billed_usd) AS DECIMAL(38, 18)) AS billing_usd,
    CAST(SUM(CASE WHEN u.model IS NOT NULL THEN c.billed_usd ELSE 0 END) AS DECIMAL(38, 18)) AS unpriced_usd,
    -- Analytics days have these charges in their list value too.
    CAST(
      SUM(
        CASE
          WHEN c.source = 'reports'
            AND c.token_class NOT IN ('uncached_input', 'cache_write_5m', 'cache_write_1h', 'cache_read', 'output', 'web_search', 'tokens', 'unspecified')
            THEN c.billed_usd
          ELSE 0
        END
      )
      AS DECIMAL(38, 18)
    ) AS other_charge_usd,
    CAST(SUM(CASE WHEN c.billed_usd IS NOT NULL THEN c.vendor_list_usd END) AS DECIMAL(38, 18)) AS stated_list_usd,
    CAST(SUM(CASE WHEN c.billed_usd IS NOT NULL THEN c.vendor_list_usd - c.billed_usd END) AS DECIMAL(38, 18)) AS stated_discount_usd
  FROM claude_charges AS c
  LEFT JOIN claude_unpriced AS u ON u.usage_day = c.usage_day AND u.model = c.model
  GROUP BY c.usage_day
),

claude_priority AS (
  SELECT
    p.usage_day,
    CAST(SUM(p.list_usd) AS DECIMAL(38, 18)) AS unbilled_tier_usd
  FROM int_reconcile__claude_class_day AS p
  LEFT JOIN stg_claude__day_source AS s ON s.usage_day = p.usage_day
  WHERE p.service_tier = 'priority' AND COALESCE(s.source, 'reports') = 'reports'
  GROUP BY p.usage_day
),

copilot_bill AS (
  SELECT
    usage_day,
    CAST(SUM(net_usd) AS DECIMAL(38, 18)) AS net_usd,
    CAST(SUM(discount_usd) AS DECIMAL(38, 18)) AS discount_usd,
    CAST(SUM(CASE WHEN sku_class = 'credits' THEN gross_usd ELSE 0 END) AS DECIMAL(38, 18)) AS credit_usd,
    CAST(SUM(CASE WHEN sku_class = 'other' THEN gross_usd ELSE 0 END) AS DECIMAL(38, 18)) AS other_usd,
    CAST(SUM(review_usd) AS DECIMAL(38, 18)) AS review_usd
  FROM int_reconcile__copilot_bill_day
  WHERE sku_class <> 'seat'
  GROUP BY usage_day
),

claude_unmatched AS (
  SELECT
    c.usage_day,
    CAST(
      SUM(
        CASE
          WHEN c.allocation_method = 'not matched' AND u.model IS NULL AND c.token_class NOT IN ('code_execution', 'session_usage') THEN c.billed_usd
          ELSE 0
        END
      ) AS DECIMAL(38, 18)
    ) AS unmatched_charge_usd,
    CAST(
      SUM(CASE WHEN c.allocation_method = 'not billed' AND c.price_version IS NOT NULL AND COALESCE(c.service_tier, '') <> 'priority' THEN COALESCE(c.list_usd, 0) ELSE 0 END)
      AS DECIMAL(38, 18)
    ) AS unmatched_usage_usd
  FROM int_reconcile__claude_charge_day AS c
  LEFT JOIN claude_unpriced AS u ON u.usage_day = c.usage_day AND u.model = c.model
  GROUP BY c.usage_day
),

sides AS (
  SELECT usage_day, vendor FROM metered
  UNION
  SELECT usage_day, 'anthropic' FROM claude_cost
  UNION
  SELECT usage_day, 'github_copilot' FROM copilot_bill
),

int_reconcile__usage_day AS (
  SELECT
    s.usage_day,
    s.vendor,
    m.metered_usd,
    CASE s.vendor WHEN 'github_copilot' THEN b.net_usd WHEN 'anthropic' THEN c.billing_usd ELSE m.charged_usd END AS billing_usd,
    CAST(COALESCE(CASE s.vendor WHEN 'github_copilot' THEN b.discount_usd ELSE m.covered_usd END, 0) AS DECIMAL(38, 18)) AS pool_usd,
    CAST(
      COALESCE(
        CASE
          WHEN s.vendor = 'anthropic' THEN c.unpriced_usd
          WHEN s.vendor = 'github_copilot' AND m.metered_usd IS NULL AND m.has_unpriced = 1 THEN b.credit_usd
        END,
        0
      ) AS DECIMAL(38, 18)
    ) AS unpriced_usd,
    CAST(COALESCE(c.other_charge_usd, 0) AS DECIMAL(38, 18)) AS other_charge_usd,
    CAST(
      COALESCE(b.other_usd + CASE WHEN m.metered_usd IS NULL AND m.has_unknown = 1 THEN b.credit_usd ELSE 0 END, 0) AS DECIMAL(38, 18)
    ) AS not_metered_usd,
    CAST(COALESCE(p.unbilled_tier_usd, 0) AS DECIMAL(38, 18)) AS unbilled_tier_usd,
    CAST(COALESCE(b.review_usd, 0) AS DECIMAL(38, 18)) AS review_usd,
    CAST(COALESCE(c.stated_list_usd, 0) AS DECIMAL(38, 18)) AS stated_list_usd,
    CAST(COALESCE(c.stated_discount_usd, 0) AS DECIMAL(38, 18)) AS stated_discount_usd,
    CAST(COALESCE(x.unmatched_charge_usd, 0) AS DECIMAL(38, 18)) AS unmatched_charge_usd,
    CAST(COALESCE(x.unmatched_usage_usd, 0) AS DECIMAL(38, 18)) AS unmatched_usage_usd
  FROM sides AS s
  LEFT JOIN metered AS m ON m.usage_day = s.usage_day AND m.vendor = s.vendor
  LEFT JOIN claude_cost AS c ON s.vendor = 'anthropic' AND c.usage_day = s.usage_day
  LEFT JOIN claude_priority AS p ON s.vendor = 'anthropic' AND p.usage_day = s.usage_day
  LEFT JOIN claude_unmatched AS x ON s.vendor = 'anthropic' AND x.usage_day = s.usage_day
  LEFT JOIN copilot_bill AS b ON s.vendor = 'github_copilot' AND b.usage_day = s.usage_day
)

SELECT * FROM int_reconcile__usage_day
