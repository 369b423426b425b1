-- grain: one row per month x vendor x line
-- unit: USD; three figures for one line, never added
-- source: int_reconcile__usage_day, fct_seat_month, int_reconcile__copilot_bill_day, int_reconcile__invoice_month
-- late data: follows the feeds and the invoices
-- partitions: month
/*
month: first day of the calendar month
vendor: ledger name of the vendor
line: usage, seat, tax, credit or adjustment
metered_usd: usage at list price as metered, or the seats at full monthly price
prorated_usd: the seats as the vendor's rule prorates them; null for other lines
metered_quantity: seats held; null for other lines
billing_api_usd: what the vendor's billing API charges; null where it has none for this line
compared_api_usd: the billing API's charge as compared; null for seats while days of the bill are missing and the seats are known
billed_quantity: user-months in the billing API; null for other lines
invoiced_usd: what the invoices say; null without an invoice of this line in USD
invoiced_quantity: quantity invoiced, where stated
rounded_rows: printed rows behind those lines, each rounded to the cent
foreign_lines: invoice lines in another currency without a USD value
foreign_amounts: their sums by currency as text; null without such lines
cycle_usd: share by days of an invoice over two months, less what was charged in those days
uninvoiced_usd: charged on days that no usage line covers, with a minus
days_missing: days of the month without an answer from metering or billing; 0 for lines without days
days_provisional: loaded days that may still be restated
provisional_usd: billing API's charge on those days
*/
WITH days AS (
  SELECT
    CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month,
    vendor,
    CAST(SUM(CASE WHEN is_metered AND is_billed THEN 1 ELSE 0 END) AS BIGINT) AS loaded_days,
    CAST(SUM(CASE WHEN is_billed THEN 1 ELSE 0 END) AS BIGINT) AS billed_days,
    CAST(SUM(CASE WHEN (is_metered OR is_billed) AND is_provisional THEN 1 ELSE 0 END) AS BIGINT) AS days_provisional
  FROM int_reconcile__coverage_day
  GROUP BY 1, vendor
),

usage_lines AS (
  SELECT
    CAST(DATE_TRUNC('month', u.usage_day) AS DATE) AS month,
    u.vendor,
    CAST(SUM(u.metered_usd) AS DECIMAL(38, 18)) AS metered_usd,
    CAST(SUM(u.billing_usd) AS DECIMAL(38, 18)) AS billing_api_usd,
    CAST(SUM(CASE WHEN c.is_provisional THEN COALESCE(u.billing_usd, 0) ELSE 0 END) AS DECIMAL(38, 18)) AS provisional_usd
  FROM int_reconcile__usage_day AS u
  LEFT JOIN int_reconcile__coverage_day AS c ON c.usage_day = u.usage_day AND c.vendor = u.vendor
  GROUP BY 1, u.vendor
),

held AS (
  SELECT
    month,
    vendor,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS metered_usd,
    CAST(SUM(billed_usd) AS DECIMAL(38, 18)) AS prorated_usd,
    CAST(SUM(seats) AS DECIMAL(38, 18)) AS metered_quantity
  FROM fct_seat_month
  GROUP BY month, vendor
),

charged AS (
  SELECT
    CAST(DATE_TRUNC('month', b.usage_day) AS DATE) AS month,
    'github_copilot' AS vendor,
    CAST(SUM(b.net_usd) AS DECIMAL(38, 18)) AS billing_api_usd,
    CAST(SUM(b.gross_quantity) AS DECIMAL(38, 18)) AS billed_quantity,
    CAST(SUM(CASE WHEN c.is_provisional THEN b.net_usd ELSE 0 END) AS DECIMAL(38, 18)) AS provisional_usd
  FROM int_reconcile__copilot_bill_day AS b
  LEFT JOIN int_reconcile__coverage_day AS c ON c.usage_day = b.usage_day AND c.vendor = 'github_copilot'
  WHERE b.sku_class = 'seat'
  GROUP BY 1
),

lines AS (
  SELECT month, vendor, 'usage' AS line FROM usage_lines
  UNION
  SELECT month, vendor, 'seat' FROM held
  UNION
  SELECT month, vendor, 'seat' FROM charged
  UNION
  SELECT month, vendor, line FROM int_reconcile__invoice_month
),

int_reconcile__line_month AS (
  SELECT
    l.month,
    l.vendor,
    l.line,
    CASE l.line WHEN 'usage' THEN u.metered_usd WHEN 'seat' THEN h.metered_usd END AS metered_usd,
    CASE WHEN l.line = 'seat' THEN h.prorated_usd END AS prorated_usd,
    CASE WHEN l.line = 'seat' THEN h.metered_quantity END AS metered_quantity,
    CASE l.line WHEN 'usage' THEN u.billing_api_usd WHEN 'seat' THEN c.billing_api_usd END AS billing_api_usd,
    CASE
      WHEN l.line = 'usage' THEN u.billing_api_usd
      WHEN l.line = 'seat' AND (h.metered_usd IS NULL OR DAY(LAST_DAY(l.month)) = COALESCE(d.billed_days, 0)) THEN c.billing_api_usd
    END AS compared_api_usd,
    CASE WHEN l.line = 'seat' THEN c.billed_quantity END AS billed_quantity,
    i.invoiced_usd,
    i.invoiced_quantity,
    COALESCE(i.rounded_rows, 0) AS rounded_rows,
    COALESCE(i.foreign_lines, 0) AS foreign_lines,
    i.foreign_amounts,
    CAST(COALESCE(i.cycle_usd, 0) AS DECIMAL(38, 18)) AS cycle_usd,
    CAST(COALESCE(i.uninvoiced_usd, 0) AS DECIMAL(38, 18)) AS uninvoiced_usd,
    CASE
      WHEN l.line = 'usage' THEN DAY(LAST_DAY(l.month)) - COALESCE(d.loaded_days, 0)
      WHEN l.line = 'seat' AND c.billing_api_usd IS NOT NULL AND h.metered_usd IS NULL THEN DAY(LAST_DAY(l.month)) - COALESCE(d.billed_days, 0)
      ELSE 0
    END AS days_missing,
    CASE WHEN l.line IN ('usage', 'seat') THEN COALESCE(d.days_provisional, 0) ELSE 0 END AS days_provisional,
    CAST(
      COALESCE(CASE l.line WHEN 'usage' THEN u.provisional_usd WHEN 'seat' THEN c.provisional_usd END, 0) AS DECIMAL(38, 18)
    ) AS provisional_usd
  FROM lines AS l
  LEFT JOIN usage_lines AS u ON u.month = l.month AND u.vendor = l.vendor
  LEFT JOIN held AS h ON h.month = l.month AND h.vendor = l.vendor
  LEFT JOIN charged AS c ON c.month = l.month AND c.vendor = l.vendor
  LEFT JOIN int_reconcile__invoice_month AS i ON i.month = l.month AND i.vendor = l.vendor AND i.line = l.line
  LEFT JOIN days AS d ON d.month = l.month AND d.vendor = l.vendor
)

SELECT * FROM int_reconcile__line_month
