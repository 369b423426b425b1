-- grain: one row per vendor x item x effective period
-- unit: USD per unit
-- source: prices/unit_prices.csv
-- partitions: view none
/*
vendor: ledger name of the vendor
item: what is priced
usd_per_unit: list price of one unit in USD
effective_from: first UTC day
effective_to: first UTC day after, null while in force
price_version: price book line that a priced row points at
*/
SELECT
  vendor,
  item,
  CAST(usd_per_unit AS DECIMAL(12, 9)) AS usd_per_unit,
  CAST(effective_from AS DATE) AS effective_from,
  CAST(effective_to AS DATE) AS effective_to,
  'unit_prices ' || vendor || ' ' || item || ' ' || effective_from AS price_version
FROM unit_prices
