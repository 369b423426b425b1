-- grain: one row per UTC day x vendor x cause of the difference between metering and the vendor's billing API
-- unit: USD; the causes of a day add up to billing_usd - metered_usd exactly
-- source: int_reconcile__usage_day, int_reconcile__coverage_day; policies/contract_discounts.csv where the vendor states no discount
-- late data: follows the feeds
-- partitions: day
/*
usage_day: UTC day
vendor: ledger name of the vendor
cause: included_pool, unpriced, other_charge, not_metered, unbilled_tier, discount, days_not_loaded, late_or_provisional_days, unlicensed_user, unmatched, rounding or unexplained
cause_usd: part of the difference with this cause; negative where the vendor charges less than was metered
*/
WITH discounts AS (
  SELECT
    vendor,
    CAST(discount_share AS DECIMAL(9, 6)) AS discount_share,
    CAST(effective_from AS DATE) AS effective_from,
    CAST(effective_to AS DATE) AS effective_to
  FROM contract_discounts
  WHERE line = 'usage' AND shown_by = 'billing_api'
),

named AS (
  SELECT
    u.usage_day,
    u.vendor,
    COALESCE(c.is_metered, FALSE) AND COALESCE(c.is_billed, FALSE) AS is_loaded,
    COALESCE(c.is_provisional, TRUE) AS is_provisional,
    u.review_usd,
    u.unmatched_charge_usd,
    u.unmatched_usage_usd,
    CAST(COALESCE(u.billing_usd, 0) - COALESCE(u.metered_usd, 0) AS DECIMAL(38, 18)) AS difference_usd,
    CAST(-u.pool_usd AS DECIMAL(38, 18)) AS included_pool,
    u.unpriced_usd AS unpriced,
    u.other_charge_usd AS other_charge,
    u.not_metered_usd AS not_metered,
    CAST(-u.unbilled_tier_usd AS DECIMAL(38, 18)) AS unbilled_tier,
    CAST(
      -u.stated_discount_usd
      - CAST(COALESCE(u.metered_usd, 0) - u.pool_usd - u.unbilled_tier_usd - u.stated_list_usd AS DECIMAL(20, 9))
      * COALESCE(d.discount_share, 0) AS DECIMAL(38, 18)
    ) AS discount
  FROM int_reconcile__usage_day AS u
  LEFT JOIN int_reconcile__coverage_day AS c ON c.usage_day = u.usage_day AND c.vendor = u.vendor
  LEFT JOIN discounts AS d
    ON d.vendor = u.vendor AND u.usage_day >= d.effective_from AND (d.effective_to IS NULL OR u.usage_day < d.effective_to)
),

residuals AS (
  SELECT
    *,
    CAST(difference_usd - included_pool - unpriced - other_charge - not_metered - unbilled_tier - discount AS DECIMAL(38, 18)) AS residual_usd
  FROM named
),

shared AS (
  SELECT
    *,
    -- Float noise of the vendors' own lines stays below a ten-thousandth of a dollar a day.
    CASE
      WHEN ABS(residual_usd) <= CAST(0.0001 AS DECIMAL(5, 4)) THEN 'rounding'
      WHEN NOT is_loaded THEN 'days_not_loaded'
      WHEN is_provisional THEN 'late_or_provisional_days'
      ELSE 'unexplained'
    END AS residual_cause,
    CASE
      WHEN is_loaded AND NOT is_provisional AND residual_usd > CAST(0.0001 AS DECIMAL(5, 4))
        THEN LEAST(residual_usd, review_usd)
      ELSE CAST(0 AS DECIMAL(38, 18))
    END AS unlicensed_usd,
    CASE
      WHEN NOT is_loaded OR is_provisional OR ABS(residual_usd) <= CAST(0.0001 AS DECIMAL(5, 4)) THEN CAST(0 AS DECIMAL(38, 18))
      WHEN residual_usd > 0 THEN LEAST(residual_usd, unmatched_charge_usd)
      ELSE GREATEST(residual_usd, CAST(-unmatched_usage_usd AS DECIMAL(38, 18)))
    END AS unmatched_usd
  FROM residuals
),

causes AS (
  SELECT usage_day, vendor, 'included_pool' AS cause, included_pool AS cause_usd FROM shared
  UNION ALL
  SELECT usage_day, vendor, 'unpriced', unpriced FROM shared
  UNION ALL
  SELECT usage_day, vendor, 'other_charge', other_charge FROM shared
  UNION ALL
  SELECT usage_day, vendor, 'not_metered', not_metered FROM shared
  UNION ALL
  SELECT usage_day, vendor, 'unbilled_tier', unbilled_tier FROM shared
  UNION ALL
  SELECT usage_day, vendor, 'discount', discount FROM shared
  UNION ALL
  SELECT usage_day, vendor, 'unlicensed_user', unlicensed_usd FROM shared
  UNION ALL
  SELECT usage_day, vendor, 'unmatched', unmatched_usd FROM shared
  UNION ALL
  SELECT usage_day, vendor, residual_cause, CAST(residual_usd - unlicensed_usd - unmatched_usd AS DECIMAL(38, 18)) FROM shared
),

int_reconcile__day_cause AS (
  SELECT usage_day, vendor, cause, cause_usd
  FROM causes
  WHERE cause_usd <> 0
)

SELECT * FROM int_reconcile__day_cause
