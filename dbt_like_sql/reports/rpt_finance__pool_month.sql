-- grain: one row per month x vendor with a pool of included credits
-- unit: credits; overage in USD
-- source: fct_seat_month x prices/included_pools.csv; copilot_billing_usage where loaded, else copilot_user_usage
-- late data: follows the seats and the usage; unused credits lapse at the end of the month
-- partitions: month
/*
month: first day of the calendar month
vendor: ledger name of the vendor
included_credits: credits that the month's seats bring, pooled, a full allotment for each seat; null when a plan has none stated
used_credits: credits consumed in the month so far; null when no usage is loaded
left_credits: included credits not used, never below zero
overage_credits: credits billed beyond the pool
overage_usd: USD billed for them: net by the billing API, else credits beyond the pool at the price book's USD a credit
source: where used and overage come from: billing API, or usage metrics and the seats
*/
WITH pool_seats AS (
  SELECT
    s.month,
    s.vendor,
    s.seats,
    i.credits_per_seat,
    -- A holder who changed plans adds one allotment, the larger: a smaller plan begins with the next month.
    ROW_NUMBER() OVER (
      PARTITION BY s.month, s.vendor, COALESCE(s.actor_id, s.plan) ORDER BY i.credits_per_seat DESC NULLS FIRST, s.plan
    ) AS preference
  FROM fct_seat_month AS s
  LEFT JOIN stg_prices__included_pool AS i
    ON i.vendor = s.vendor AND i.plan = s.plan
    AND s.month >= i.effective_from AND (i.effective_to IS NULL OR s.month < i.effective_to)
  WHERE s.vendor = 'github_copilot' AND s.month >= DATE '2026-06-01'
),

included AS (
  SELECT
    month,
    vendor,
    CASE
      WHEN COUNT(*) = COUNT(credits_per_seat) THEN CAST(SUM(seats * credits_per_seat) AS DECIMAL(38, 18))
    END AS included_credits
  FROM pool_seats
  WHERE preference = 1
  GROUP BY month, vendor
),

scopes AS (
  SELECT *, MIN(scope_kind) OVER (PARTITION BY usage_day) AS widest_scope
  FROM copilot_billing_usage
),

by_billing AS (
  SELECT
    CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month,
    CAST(SUM(gross_quantity) AS DECIMAL(38, 18)) AS used_credits,
    CAST(SUM(net_quantity) AS DECIMAL(38, 18)) AS overage_credits,
    CAST(SUM(net_usd) AS DECIMAL(38, 18)) AS overage_usd
  FROM scopes
  -- An enterprise's report holds its organizations already; 'enterprise' sorts first.
  WHERE sku_class = 'credits' AND scope_kind = widest_scope
  GROUP BY 1
),

by_metrics AS (
  SELECT
    CAST(DATE_TRUNC('month', u.usage_day) AS DATE) AS month,
    CAST(SUM(u.credits) AS DECIMAL(38, 18)) AS used_credits,
    MAX(p.usd_per_unit) AS usd_per_credit
  FROM stg_copilot__user_day AS u
  LEFT JOIN stg_prices__unit AS p
    ON p.vendor = 'github_copilot' AND p.item = 'ai_credit'
    AND u.usage_day >= p.effective_from AND (p.effective_to IS NULL OR u.usage_day < p.effective_to)
  GROUP BY 1
),

used AS (
  SELECT
    i.month,
    i.vendor,
    i.included_credits,
    COALESCE(b.used_credits, m.used_credits) AS used_credits,
    CASE
      WHEN b.month IS NOT NULL THEN b.overage_credits
      WHEN m.used_credits > i.included_credits THEN m.used_credits - i.included_credits
      WHEN m.used_credits <= i.included_credits THEN 0
    END AS overage_credits,
    b.overage_usd,
    m.usd_per_credit,
    CASE
      WHEN b.month IS NOT NULL THEN 'billing API'
      WHEN m.month IS NOT NULL THEN 'usage metrics and seats'
      ELSE 'seats'
    END AS source
  FROM included AS i
  LEFT JOIN by_billing AS b ON b.month = i.month
  LEFT JOIN by_metrics AS m ON m.month = i.month
),

rpt_finance__pool_month AS (
  SELECT
    month,
    vendor,
    included_credits,
    used_credits,
    -- GREATEST would turn an unknown pool into an empty one.
    CAST(
      CASE
        WHEN included_credits + overage_credits > used_credits THEN included_credits + overage_credits - used_credits
        WHEN included_credits + overage_credits <= used_credits THEN 0
      END AS DECIMAL(38, 18)
    ) AS left_credits,
    CAST(overage_credits AS DECIMAL(38, 18)) AS overage_credits,
    CAST(COALESCE(overage_usd, CAST(overage_credits AS DECIMAL(20, 6)) * CAST(usd_per_credit AS DECIMAL(12, 9))) AS DECIMAL(38, 18)) AS overage_usd,
    source
  FROM used
)

SELECT * FROM rpt_finance__pool_month
