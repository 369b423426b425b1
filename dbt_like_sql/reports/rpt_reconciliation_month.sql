-- grain: one row per month x vendor x line x comparison x cause; a comparison without a difference has one row, cause 'none'
-- unit: USD; three figures for one line, never added; the causes of a comparison add up to difference_usd exactly
-- source: fct_usage_day, fct_seat_month, billing feeds, vendor_invoices, policies/reconciliation_tolerances.csv
-- late data: follows the feeds and the invoices
-- partitions: month
/*
month: first day of the calendar month
vendor: vendor
line: usage, seat, tax, credit or adjustment
comparison: metered_billing_api, billing_api_invoice, or metered_invoice where the vendor has no billing API for the line
metered_usd: usage at list price as metered (directional, not an invoice), or the seats at full monthly price
billing_api_usd: what the vendor's billing API charges; null where it has none for this line
invoiced_usd: what the invoices say; null without an invoice of this line in USD
invoiced_foreign: what they say in other currencies without stating USD, e.g. 92.00 EUR; null without such lines
difference_usd: the second figure of the comparison less the first; null while one of them is unknown
cause: why they differ
cause_usd: part of the difference with this cause; null when it cannot be known
unexplained_usd: what no cause explains in this comparison; 'unmatched' says where it is and does not explain it
tolerance_usd: the larger of the vendor's two tolerances for this line
within_tolerance: whether what is unexplained stays within it; null while that cannot be said
state: reconciled, not reconciled (no invoice, days missing, another currency) or difference; one for all rows of a line
days_missing: days of the month without an answer from metering or billing
days_provisional: loaded days that may still be restated
*/
WITH comparisons AS (
  SELECT month, vendor, line, 'metered_billing_api' AS comparison, CAST(compared_api_usd - COALESCE(metered_usd, 0) AS DECIMAL(38, 18)) AS difference_usd, compared_api_usd AS to_usd
  FROM int_reconcile__line_month
  WHERE compared_api_usd IS NOT NULL AND (line = 'usage' OR metered_usd IS NOT NULL)
  UNION ALL
  SELECT
    month,
    vendor,
    line,
    CASE WHEN compared_api_usd IS NULL AND line IN ('usage', 'seat') THEN 'metered_invoice' ELSE 'billing_api_invoice' END,
    CASE
      WHEN foreign_lines > 0 THEN NULL
      WHEN line IN ('usage', 'seat') THEN CAST(invoiced_usd - COALESCE(compared_api_usd, metered_usd) AS DECIMAL(38, 18))
      ELSE invoiced_usd
    END,
    invoiced_usd
  FROM int_reconcile__line_month
),

tolerances AS (
  SELECT
    vendor,
    CAST(tolerance_usd AS DECIMAL(18, 6)) AS tolerance_usd,
    CAST(tolerance_share AS DECIMAL(9, 6)) AS tolerance_share,
    CAST(effective_from AS DATE) AS effective_from,
    CAST(effective_to AS DATE) AS effective_to
  FROM reconciliation_tolerances
),

totals AS (
  SELECT
    month,
    vendor,
    line,
    comparison,
    CAST(COALESCE(SUM(CASE WHEN cause IN ('unexplained', 'unmatched') THEN cause_usd END), 0) AS DECIMAL(38, 18)) AS unexplained_usd,
    CAST(COALESCE(SUM(CASE WHEN cause = 'days_not_loaded' THEN cause_usd END), 0) AS DECIMAL(38, 18)) AS not_loaded_usd,
    MAX(CASE WHEN cause_usd IS NULL THEN 1 ELSE 0 END) AS is_unknown
  FROM int_reconcile__line_cause
  GROUP BY month, vendor, line, comparison
),

judged AS (
  SELECT
    c.month,
    c.vendor,
    c.line,
    c.comparison,
    c.difference_usd,
    CAST(COALESCE(s.unexplained_usd, 0) AS DECIMAL(38, 18)) AS unexplained_usd,
    CAST(COALESCE(s.not_loaded_usd, 0) AS DECIMAL(38, 18)) AS not_loaded_usd,
    c.difference_usd IS NULL OR COALESCE(s.is_unknown, 0) = 1 AS is_unknown,
    CAST(
      GREATEST(t.tolerance_usd, CAST(ABS(COALESCE(c.to_usd, 0)) AS DECIMAL(20, 9)) * t.tolerance_share) AS DECIMAL(38, 18)
    ) AS tolerance_usd
  FROM comparisons AS c
  LEFT JOIN totals AS s ON s.month = c.month AND s.vendor = c.vendor AND s.line = c.line AND s.comparison = c.comparison
  LEFT JOIN tolerances AS t
    ON t.vendor = c.vendor AND c.month >= t.effective_from AND (t.effective_to IS NULL OR c.month < t.effective_to)
),

weighed AS (
  SELECT
    *,
    CASE
      WHEN is_unknown THEN NULL
      WHEN ABS(unexplained_usd) > COALESCE(tolerance_usd, 0) THEN FALSE
      WHEN ABS(not_loaded_usd) > COALESCE(tolerance_usd, 0) THEN NULL
      ELSE TRUE
    END AS within_tolerance
  FROM judged
),

states AS (
  SELECT
    month,
    vendor,
    line,
    CASE
      WHEN MAX(CASE WHEN within_tolerance IS NULL THEN 1 ELSE 0 END) = 1 THEN 'not reconciled'
      WHEN MIN(CASE WHEN within_tolerance THEN 1 ELSE 0 END) = 0 THEN 'difference'
      ELSE 'reconciled'
    END AS state
  FROM weighed
  GROUP BY month, vendor, line
),

rpt_reconciliation_month AS (
  SELECT
    w.month,
    w.vendor,
    w.line,
    w.comparison,
    l.metered_usd,
    l.billing_api_usd,
    l.invoiced_usd,
    l.foreign_amounts AS invoiced_foreign,
    w.difference_usd,
    COALESCE(c.cause, 'none') AS cause,
    CASE WHEN c.cause IS NULL THEN CAST(0 AS DECIMAL(38, 18)) ELSE c.cause_usd END AS cause_usd,
    w.unexplained_usd,
    w.tolerance_usd,
    w.within_tolerance,
    s.state,
    CAST(l.days_missing AS BIGINT) AS days_missing,
    CAST(l.days_provisional AS BIGINT) AS days_provisional
  FROM weighed AS w
  INNER JOIN int_reconcile__line_month AS l ON l.month = w.month AND l.vendor = w.vendor AND l.line = w.line
  INNER JOIN states AS s ON s.month = w.month AND s.vendor = w.vendor AND s.line = w.line
  LEFT JOIN int_reconcile__line_cause AS c
    ON c.month = w.month AND c.vendor = w.vendor AND c.line = w.line AND c.comparison = w.comparison
)

SELECT * FROM rpt_reconciliation_month
