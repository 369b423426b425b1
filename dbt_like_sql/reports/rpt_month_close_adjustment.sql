-- grain: one row per closed month x vendor x charge kind x amount that changed after the month was closed
-- unit: USD; one of the four amounts a row, never added across amount kinds
-- source: int_month_close__in_force, rpt_finance__vendor_month
-- late data: a restatement or price change of a closed month shows here, in the open month
-- partitions: none
/*
adjustment_month: first day of the open month that carries the adjustment: the one after the newest closed month
closed_month: first day of the closed month that the change is about
vendor: vendor
charge_kind: usage, seat, credit, tax or adjustment
amount_kind: list_usd, covered_usd, billed_usd or invoiced_usd
frozen_usd: figure as closed, with the adjustments that later closes took over
current_usd: figure as known now
adjustment_usd: current_usd less frozen_usd
closed_at: when the month was closed
price_hashes: hashes of the price files when the month was closed, as JSON
*/
WITH closes AS (
  SELECT
    month,
    MAX(closed_at) AS closed_at,
    MAX(price_hashes) AS price_hashes
  FROM int_month_close__in_force
  GROUP BY month
),

open_month AS (
  SELECT CAST(MAX(month) + INTERVAL 1 MONTH AS DATE) AS adjustment_month
  FROM closes
),

frozen AS (
  SELECT
    about_month AS month,
    vendor,
    charge_kind,
    SUM(list_usd) AS list_usd,
    SUM(covered_usd) AS covered_usd,
    SUM(billed_usd) AS billed_usd,
    SUM(invoiced_usd) AS invoiced_usd
  FROM int_month_close__in_force
  GROUP BY about_month, vendor, charge_kind
),

known AS (
  SELECT
    f.month,
    f.vendor,
    f.charge_kind,
    SUM(f.list_usd) AS list_usd,
    SUM(f.covered_usd) AS covered_usd,
    SUM(f.billed_usd) AS billed_usd,
    SUM(f.invoiced_usd) AS invoiced_usd
  FROM rpt_finance__vendor_month AS f
  INNER JOIN closes AS c ON c.month = f.month
  GROUP BY f.month, f.vendor, f.charge_kind
),

amounts AS (
  SELECT month, vendor, charge_kind, 'list_usd' AS amount_kind, list_usd AS frozen_usd, NULL AS current_usd FROM frozen
  UNION ALL
  SELECT month, vendor, charge_kind, 'covered_usd', covered_usd, NULL FROM frozen
  UNION ALL
  SELECT month, vendor, charge_kind, 'billed_usd', billed_usd, NULL FROM frozen
  UNION ALL
  SELECT month, vendor, charge_kind, 'invoiced_usd', invoiced_usd, NULL FROM frozen
  UNION ALL
  SELECT month, vendor, charge_kind, 'list_usd', NULL, list_usd FROM known
  UNION ALL
  SELECT month, vendor, charge_kind, 'covered_usd', NULL, covered_usd FROM known
  UNION ALL
  SELECT month, vendor, charge_kind, 'billed_usd', NULL, billed_usd FROM known
  UNION ALL
  SELECT month, vendor, charge_kind, 'invoiced_usd', NULL, invoiced_usd FROM known
),

compared AS (
  SELECT
    month,
    vendor,
    charge_kind,
    amount_kind,
    CAST(SUM(frozen_usd) AS DECIMAL(38, 18)) AS frozen_usd,
    CAST(SUM(current_usd) AS DECIMAL(38, 18)) AS current_usd
  FROM amounts
  GROUP BY month, vendor, charge_kind, amount_kind
),

rpt_month_close_adjustment AS (
  SELECT
    o.adjustment_month,
    k.month AS closed_month,
    k.vendor,
    k.charge_kind,
    k.amount_kind,
    k.frozen_usd,
    k.current_usd,
    CAST(COALESCE(k.current_usd, 0) - COALESCE(k.frozen_usd, 0) AS DECIMAL(38, 18)) AS adjustment_usd,
    c.closed_at,
    c.price_hashes
  FROM compared AS k
  INNER JOIN closes AS c ON c.month = k.month
  CROSS JOIN open_month AS o
  WHERE COALESCE(k.current_usd, 0) <> COALESCE(k.frozen_usd, 0)
)

SELECT * FROM rpt_month_close_adjustment
