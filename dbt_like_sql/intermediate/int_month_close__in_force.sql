-- grain: one row per closed month x month that the figures are about x vendor x charge kind, of closes that nothing has reopened
-- unit: USD, four amounts apart, never added; frozen when the month was closed
-- source: month_closes, a log in which the newest row of a month counts
-- partitions: view none
/*
month: first day of the closed month
sequence: number of the close in the month's log
closed_at: when the month was closed
is_forced: whether days were missing or provisional then
about_month: the same month, or an earlier closed one whose later changes this close took over as adjustments
vendor: vendor
charge_kind: usage, seat, credit, tax or adjustment
list_usd: consumption at list price, as frozen; of an adjustment, the change
covered_usd: part already paid by a seat or pool, as frozen
billed_usd: what the vendor's billing API charged, as frozen
invoiced_usd: what the invoices said, as frozen
price_versions: price book lines behind the figures, as JSON
price_hashes: hashes of the price files, as JSON
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

int_month_close__in_force AS (
  SELECT
    c.month,
    c.sequence,
    c.done_at AS closed_at,
    c.is_forced,
    c.about_month,
    c.vendor,
    c.charge_kind,
    c.list_usd,
    c.covered_usd,
    c.billed_usd,
    c.invoiced_usd,
    c.price_versions,
    c.price_hashes,
    c.input_versions,
    c.input_hashes,
    c.figures_hash
  FROM month_closes AS c
  INNER JOIN newest AS n ON n.month = c.month AND n.sequence = c.sequence
  WHERE c.action = 'closed'
)

SELECT * FROM int_month_close__in_force
