-- grain: one row per month x vendor x line (charge kind) with an invoice line
-- unit: USD as invoiced
-- source: vendor_invoices, int_reconcile__usage_day, fct_seat_fee
-- late data: follows the invoices
-- look: back 31, ahead 31
-- partitions: month
/*
month: first day of the calendar month
vendor: ledger name of the vendor
line: seat, usage, credit, tax or adjustment
invoiced_usd: sum of the lines in USD; null when none of them states USD
foreign_lines: lines in another currency without a USD value
foreign_amounts: their sums by currency as text, e.g. 92.00 EUR; null without such lines
rounded_rows: printed rows behind the lines, each rounded to the cent
invoiced_quantity: sum of the lines' quantities, null when none states one
cycle_usd: invoices over two months are shared out by days; that share less what was charged in those days
uninvoiced_usd: charged on days of the month that no usage line covers, and seat fees of billing periods that no seat line touches, with a minus
*/
WITH charged AS (
  SELECT usage_day, vendor, billing_usd
  FROM int_reconcile__usage_day
  WHERE billing_usd IS NOT NULL
),

cycles AS (
  SELECT
    i.month,
    i.vendor,
    i.invoice_id,
    i.line_number,
    DATE_DIFF('day', i.period_start_day, i.period_end_day) + 1 AS piece_days,
    DATE_DIFF('day', i.billed_from_day, i.billed_to_day) + 1 AS all_days,
    CAST(SUM(CASE WHEN c.usage_day BETWEEN i.period_start_day AND i.period_end_day THEN c.billing_usd ELSE 0 END) AS DECIMAL(38, 18)) AS piece_usd,
    CAST(SUM(c.billing_usd) AS DECIMAL(24, 12)) AS all_usd
  FROM vendor_invoices AS i
  INNER JOIN charged AS c ON c.vendor = i.vendor AND c.usage_day BETWEEN i.billed_from_day AND i.billed_to_day
  WHERE i.charge_kind = 'usage' AND i.billed_from_day IS NOT NULL
  GROUP BY i.month, i.vendor, i.invoice_id, i.line_number, i.period_start_day, i.period_end_day, i.billed_from_day, i.billed_to_day
),

cycle_months AS (
  SELECT
    month,
    vendor,
    CAST(
      SUM(CAST(ROUND(CAST(all_usd * piece_days AS DOUBLE) / all_days, 2) AS DECIMAL(18, 2)) - piece_usd) AS DECIMAL(38, 18)
    ) AS cycle_usd
  FROM cycles
  GROUP BY month, vendor
),

covered AS (
  SELECT DISTINCT c.usage_day, c.vendor
  FROM charged AS c
  INNER JOIN vendor_invoices AS i
    ON i.vendor = c.vendor AND i.charge_kind = 'usage' AND c.usage_day BETWEEN i.period_start_day AND i.period_end_day
),

invoiced_periods AS (
  SELECT DISTINCT f.vendor, f.month, f.period_start_day
  FROM fct_seat_fee AS f
  INNER JOIN vendor_invoices AS i
    ON i.vendor = f.vendor AND i.month = f.month AND i.charge_kind = 'seat'
    AND i.period_start_day <= f.period_end_day AND i.period_end_day >= f.period_start_day
),

uninvoiced AS (
  SELECT
    CAST(DATE_TRUNC('month', c.usage_day) AS DATE) AS month,
    c.vendor,
    'usage' AS line,
    CAST(-SUM(c.billing_usd) AS DECIMAL(38, 18)) AS uninvoiced_usd
  FROM charged AS c
  LEFT JOIN covered AS v ON v.usage_day = c.usage_day AND v.vendor = c.vendor
  WHERE v.usage_day IS NULL
  GROUP BY ALL
  UNION ALL
  -- A month has seats of two billing periods, and the invoice of the second may not be there yet.
  SELECT f.month, f.vendor, 'seat', CAST(-SUM(f.billed_usd) AS DECIMAL(38, 18))
  FROM fct_seat_fee AS f
  LEFT JOIN invoiced_periods AS i ON i.vendor = f.vendor AND i.month = f.month AND i.period_start_day = f.period_start_day
  WHERE i.vendor IS NULL
  GROUP BY f.month, f.vendor
),

currencies AS (
  SELECT
    month,
    vendor,
    charge_kind AS line,
    CAST(CAST(SUM(amount) AS DECIMAL(18, 2)) AS VARCHAR) || ' ' || currency AS amount_text
  FROM vendor_invoices
  WHERE amount_usd IS NULL
  GROUP BY month, vendor, charge_kind, currency
),

foreign_months AS (
  SELECT
    month,
    vendor,
    line,
    STRING_AGG(amount_text, ', ' ORDER BY amount_text) AS foreign_amounts
  FROM currencies
  GROUP BY month, vendor, line
),

lines AS (
  SELECT
    month,
    vendor,
    charge_kind AS line,
    CAST(SUM(amount_usd) AS DECIMAL(38, 18)) AS invoiced_usd,
    CAST(COUNT(*) - COUNT(amount_usd) AS BIGINT) AS foreign_lines,
    CAST(SUM(COALESCE(rounded_rows, 1)) AS BIGINT) AS rounded_rows,
    CAST(SUM(quantity) AS DECIMAL(38, 18)) AS invoiced_quantity
  FROM vendor_invoices
  GROUP BY month, vendor, charge_kind
),

int_reconcile__invoice_month AS (
  SELECT
    l.month,
    l.vendor,
    l.line,
    l.invoiced_usd,
    l.foreign_lines,
    f.foreign_amounts,
    l.rounded_rows,
    l.invoiced_quantity,
    CAST(CASE WHEN l.line = 'usage' THEN COALESCE(c.cycle_usd, 0) ELSE 0 END AS DECIMAL(38, 18)) AS cycle_usd,
    CAST(COALESCE(u.uninvoiced_usd, 0) AS DECIMAL(38, 18)) AS uninvoiced_usd
  FROM lines AS l
  LEFT JOIN cycle_months AS c ON c.month = l.month AND c.vendor = l.vendor
  LEFT JOIN uninvoiced AS u ON u.month = l.month AND u.vendor = l.vendor AND u.line = l.line
  LEFT JOIN foreign_months AS f ON f.month = l.month AND f.vendor = l.vendor AND f.line = l.line
)

SELECT * FROM int_reconcile__invoice_month
