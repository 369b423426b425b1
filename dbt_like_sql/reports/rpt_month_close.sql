-- grain: one row per closed month x month that the figures are about x vendor x charge kind
-- unit: USD, four amounts apart, never added; frozen when the month was closed
-- source: month_closes (the newest close in force), which froze rpt_finance__vendor_month
-- late data: none; what changed later is in rpt_month_close_adjustment
-- partitions: none
/*
month: first day of the closed month
about_month: the same month, or an earlier closed one whose later changes this close took over as adjustments
vendor: vendor
charge_kind: usage, seat, credit, tax or adjustment
list_usd: consumption at list price, as frozen; of an adjustment, the change
covered_usd: part already paid by a seat or pool, as frozen
billed_usd: what the vendor's billing API charged, as frozen
invoiced_usd: what the invoices said, as frozen
closed_at: when the month was closed
is_forced: whether days were missing or provisional then
price_versions: price book lines behind the figures, as JSON
input_versions: lake versions of the inputs, as JSON
input_hashes: hash of what each feed held of the month, as JSON
figures_hash: hash of all figures of the month
*/
WITH newest AS (
  SELECT
    month,
    MAX(sequence) AS sequence
  FROM month_closes
  GROUP BY month
),

rpt_month_close AS (
  SELECT
    c.month,
    c.about_month,
    c.vendor,
    c.charge_kind,
    c.list_usd,
    c.covered_usd,
    c.billed_usd,
    c.invoiced_usd,
    c.done_at AS closed_at,
    c.is_forced,
    c.price_versions,
    c.input_versions,
    c.input_hashes,
    c.figures_hash
  FROM month_closes AS c
  INNER JOIN newest AS n ON n.month = c.month AND n.sequence = c.sequence
  WHERE c.action = 'closed'
)

SELECT * FROM rpt_month_close
