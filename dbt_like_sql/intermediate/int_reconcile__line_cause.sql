-- grain: one row per month x vendor x line x comparison x cause
-- unit: USD; the causes of a comparison add up to its difference exactly
-- source: int_reconcile__line_month, int_reconcile__day_cause, policies/contract_discounts.csv
-- late data: follows the feeds and the invoices
-- partitions: month
/*
month: first day of the calendar month
vendor: ledger name of the vendor
line: usage, seat, tax, credit or adjustment
comparison: metered_billing_api, billing_api_invoice, or metered_invoice where the vendor has no billing API for the line
cause: name of the cause
cause_usd: part of the difference with this cause; null when it cannot be known
*/
WITH discounts AS (
  SELECT
    vendor,
    line,
    CAST(discount_share AS DECIMAL(9, 6)) AS discount_share,
    CAST(effective_from AS DATE) AS effective_from,
    CAST(effective_to AS DATE) AS effective_to
  FROM contract_discounts
  WHERE shown_by = 'invoice'
),

charge_lines AS (
  SELECT
    l.*,
    COALESCE(l.compared_api_usd, l.metered_usd) AS from_usd,
    CASE WHEN l.compared_api_usd IS NULL THEN 'metered_invoice' ELSE 'billing_api_invoice' END AS comparison,
    CAST(CASE WHEN l.compared_api_usd IS NULL THEN COALESCE(l.prorated_usd - l.metered_usd, 0) ELSE 0 END AS DECIMAL(38, 18)) AS proration_usd,
    CAST(
      -CAST(COALESCE(l.compared_api_usd, l.prorated_usd, l.metered_usd, 0) AS DECIMAL(20, 9)) * COALESCE(d.discount_share, 0)
      AS DECIMAL(38, 18)
    ) AS discount_usd,
    CASE WHEN l.compared_api_usd IS NULL THEN l.metered_quantity ELSE l.billed_quantity END AS known_quantity
  FROM int_reconcile__line_month AS l
  LEFT JOIN discounts AS d
    ON d.vendor = l.vendor AND d.line = l.line AND l.month >= d.effective_from AND (d.effective_to IS NULL OR l.month < d.effective_to)
  WHERE l.line IN ('usage', 'seat')
),

invoiced AS (
  SELECT
    *,
    CAST(invoiced_usd - from_usd - cycle_usd - uninvoiced_usd - discount_usd - proration_usd AS DECIMAL(38, 18)) AS residual_usd
  FROM charge_lines
  WHERE invoiced_usd IS NOT NULL AND from_usd IS NOT NULL AND foreign_lines = 0
),

departed AS (
  SELECT
    *,
    CASE
      WHEN line = 'seat' AND days_missing = 0 AND residual_usd > 0 AND invoiced_quantity > known_quantity
        THEN CAST(LEAST(residual_usd, (CAST(invoiced_quantity AS DECIMAL(14, 6)) - CAST(known_quantity AS DECIMAL(14, 6))) * CAST(CAST(from_usd AS DOUBLE) / NULLIF(CAST(known_quantity AS DOUBLE), 0) AS DECIMAL(14, 6))) AS DECIMAL(38, 18))
      ELSE CAST(0 AS DECIMAL(38, 18))
    END AS departed_usd,
    ABS(residual_usd) <= CAST(0.005 AS DECIMAL(4, 3)) * rounded_rows + CAST(0.0001 AS DECIMAL(5, 4)) AS is_rounding
  FROM invoiced
),

late AS (
  SELECT
    *,
    CASE
      WHEN is_rounding OR days_provisional = 0 OR days_missing > 0 THEN CAST(0 AS DECIMAL(38, 18))
      WHEN residual_usd - departed_usd > 0 THEN LEAST(CAST(residual_usd - departed_usd AS DECIMAL(38, 18)), ABS(provisional_usd))
      ELSE GREATEST(CAST(residual_usd - departed_usd AS DECIMAL(38, 18)), CAST(-ABS(provisional_usd) AS DECIMAL(38, 18)))
    END AS late_usd
  FROM departed
),

seat_steps AS (
  SELECT
    *,
    CAST(compared_api_usd - metered_usd - COALESCE(prorated_usd - metered_usd, 0) AS DECIMAL(38, 18)) AS residual_usd,
    CASE
      WHEN billed_quantity > metered_quantity AND days_missing = 0
        THEN CAST((CAST(billed_quantity AS DECIMAL(14, 6)) - CAST(metered_quantity AS DECIMAL(14, 6))) * CAST(CAST(compared_api_usd AS DOUBLE) / CAST(billed_quantity AS DOUBLE) AS DECIMAL(14, 6)) AS DECIMAL(38, 18))
      ELSE CAST(0 AS DECIMAL(38, 18))
    END AS unlisted_usd
  FROM int_reconcile__line_month
  WHERE line = 'seat' AND compared_api_usd IS NOT NULL AND metered_usd IS NOT NULL
),

seat_causes AS (
  SELECT
    *,
    CASE WHEN residual_usd > 0 THEN LEAST(residual_usd, unlisted_usd) ELSE CAST(0 AS DECIMAL(38, 18)) END AS departed_usd
  FROM seat_steps
),

causes AS (
  SELECT
    CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month,
    vendor,
    'usage' AS line,
    'metered_billing_api' AS comparison,
    cause,
    CAST(SUM(cause_usd) AS DECIMAL(38, 18)) AS cause_usd
  FROM int_reconcile__day_cause
  GROUP BY ALL
  UNION ALL
  SELECT month, vendor, line, 'metered_billing_api', 'seat_proration', CAST(COALESCE(prorated_usd - metered_usd, 0) AS DECIMAL(38, 18)) FROM seat_causes
  UNION ALL
  SELECT month, vendor, line, 'metered_billing_api', 'departed_user', departed_usd FROM seat_causes
  UNION ALL
  SELECT
    month, vendor, line, 'metered_billing_api',
    CASE
      WHEN ABS(residual_usd) <= CAST(0.01 AS DECIMAL(3, 2)) THEN 'rounding'
      WHEN days_missing > 0 AND residual_usd < 0 THEN 'days_not_loaded'
      ELSE 'unexplained'
    END,
    CAST(residual_usd - departed_usd AS DECIMAL(38, 18))
  FROM seat_causes
  UNION ALL
  SELECT month, vendor, line, comparison, 'billing_cycle_vs_calendar_month', cycle_usd FROM late
  UNION ALL
  SELECT month, vendor, line, comparison, 'days_not_invoiced', uninvoiced_usd FROM late
  UNION ALL
  SELECT month, vendor, line, comparison, 'discount', discount_usd FROM late
  UNION ALL
  SELECT month, vendor, line, comparison, 'seat_proration', proration_usd FROM late
  UNION ALL
  SELECT month, vendor, line, comparison, 'departed_user', CASE WHEN is_rounding THEN CAST(0 AS DECIMAL(38, 18)) ELSE departed_usd END FROM late
  UNION ALL
  SELECT month, vendor, line, comparison, 'late_or_provisional_days', late_usd FROM late
  UNION ALL
  SELECT
    month, vendor, line, comparison,
    CASE WHEN is_rounding THEN 'rounding' WHEN days_missing > 0 AND residual_usd > 0 THEN 'days_not_loaded' ELSE 'unexplained' END,
    CAST(residual_usd - CASE WHEN is_rounding THEN 0 ELSE departed_usd END - late_usd AS DECIMAL(38, 18))
  FROM late
  UNION ALL
  SELECT
    month, vendor, line, 'billing_api_invoice',
    CASE line WHEN 'tax' THEN 'tax' WHEN 'credit' THEN 'credit_note' ELSE 'adjustment' END,
    invoiced_usd
  FROM int_reconcile__line_month
  WHERE line IN ('tax', 'credit', 'adjustment') AND invoiced_usd IS NOT NULL AND foreign_lines = 0
),

unknown AS (
  SELECT
    month,
    vendor,
    line,
    comparison,
    CASE
      WHEN foreign_lines > 0 THEN 'currency'
      WHEN invoiced_usd IS NULL THEN 'no_invoice'
      WHEN line = 'seat' THEN 'seats_not_known'
      ELSE 'days_not_loaded'
    END AS cause,
    CAST(NULL AS DECIMAL(38, 18)) AS cause_usd
  FROM charge_lines
  WHERE invoiced_usd IS NULL OR from_usd IS NULL OR foreign_lines > 0
  UNION ALL
  SELECT month, vendor, line, 'billing_api_invoice', 'currency', CAST(NULL AS DECIMAL(38, 18))
  FROM int_reconcile__line_month
  WHERE line IN ('tax', 'credit', 'adjustment') AND foreign_lines > 0
),

int_reconcile__line_cause AS (
  SELECT month, vendor, line, comparison, cause, cause_usd FROM causes WHERE cause_usd <> 0
  UNION ALL
  SELECT month, vendor, line, comparison, cause, cause_usd FROM unknown
)

SELECT * FROM int_reconcile__line_cause
