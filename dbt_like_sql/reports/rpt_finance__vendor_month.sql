-- grain: one row per month x vendor x charge kind
-- unit: USD, four amounts apart, never added
-- source: fct_usage_day, fct_seat_month, vendor_invoices, rpt_reconciliation_month
-- late data: follows fct_usage_day and the invoices
-- partitions: month
/*
month: first day of the calendar month
vendor: vendor
charge_kind: usage, seat, credit, tax or adjustment
list_usd: consumption at list price, directional, not an invoice
covered_usd: part already paid by a seat or pool
billed_usd: what the vendor's billing API says it charges; for seats the fee by the vendor's own proration rule
invoiced_usd: what the invoice says; null without an invoice
is_reconciled: whether rpt_reconciliation_month says so of this line
unpriced_tokens: tokens without a list price, not in list_usd
days_covered: UTC days of the month with a row
is_provisional: whether a day of the month may still be restated
*/
WITH usage_months AS (
  SELECT
    CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month,
    vendor,
    'usage' AS charge_kind,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd,
    CAST(SUM(covered_usd) AS DECIMAL(38, 18)) AS covered_usd,
    CAST(SUM(billed_usd) AS DECIMAL(38, 18)) AS billed_usd,
    CAST(COALESCE(SUM(CASE WHEN price_state = 'unpriced' THEN quantity END), 0) AS BIGINT) AS unpriced_tokens,
    CAST(COUNT(DISTINCT usage_day) AS BIGINT) AS days_covered,
    BOOL_OR(is_provisional) AS is_provisional
  FROM fct_usage_day
  GROUP BY ALL
  UNION ALL
  SELECT
    month,
    vendor,
    'seat' AS charge_kind,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd,
    CAST(NULL AS DECIMAL(38, 18)) AS covered_usd,
    CAST(SUM(billed_usd) AS DECIMAL(38, 18)) AS billed_usd,
    CAST(0 AS BIGINT) AS unpriced_tokens,
    CAST(MAX(days) AS BIGINT) AS days_covered,
    FALSE AS is_provisional
  FROM fct_seat_month
  GROUP BY month, vendor
),

invoice_months AS (
  SELECT
    month,
    vendor,
    charge_kind,
    CAST(SUM(amount_usd) AS DECIMAL(38, 18)) AS invoiced_usd
  FROM vendor_invoices
  GROUP BY month, vendor, charge_kind
),

states AS (
  SELECT DISTINCT
    month,
    vendor,
    line AS charge_kind,
    state
  FROM rpt_reconciliation_month
),

joined AS (
  SELECT
    COALESCE(u.month, i.month) AS month,
    COALESCE(u.vendor, i.vendor) AS vendor,
    COALESCE(u.charge_kind, i.charge_kind) AS charge_kind,
    u.list_usd,
    u.covered_usd,
    u.billed_usd,
    i.invoiced_usd,
    COALESCE(u.unpriced_tokens, 0) AS unpriced_tokens,
    COALESCE(u.days_covered, 0) AS days_covered,
    COALESCE(u.is_provisional, FALSE) AS is_provisional
  FROM usage_months AS u
  FULL OUTER JOIN invoice_months AS i ON i.month = u.month AND i.vendor = u.vendor AND i.charge_kind = u.charge_kind
),

rpt_finance__vendor_month AS (
  SELECT
    j.month,
    j.vendor,
    j.charge_kind,
    j.list_usd,
    j.covered_usd,
    j.billed_usd,
    j.invoiced_usd,
    COALESCE(s.state = 'reconciled', FALSE) AS is_reconciled,
    j.unpriced_tokens,
    j.days_covered,
    j.is_provisional
  FROM joined AS j
  LEFT JOIN states AS s ON s.month = j.month AND s.vendor = j.vendor AND s.charge_kind = j.charge_kind
)

SELECT * FROM rpt_finance__vendor_month
