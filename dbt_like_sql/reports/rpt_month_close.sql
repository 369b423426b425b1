-- grain: one row per closed month x month that the figures are about x vendor x charge kind
-- unit: USD, four amounts apart, never added; frozen when the month was closed
-- source: int_month_close__in_force; a close freezes rpt_finance__vendor_month
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
SELECT
  month,
  about_month,
  vendor,
  charge_kind,
  list_usd,
  covered_usd,
  billed_usd,
  invoiced_usd,
  closed_at,
  is_forced,
  price_versions,
  input_versions,
  input_hashes,
  figures_hash
FROM int_month_close__in_force
