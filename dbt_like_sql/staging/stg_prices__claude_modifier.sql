-- grain: one row per modifier x value x effective period
-- unit: factor on every token class
-- source: prices/claude_modifiers.csv
-- partitions: view none
/*
modifier: dimension of the usage report, e.g. service_tier
value: value of the dimension that changes the price
factor: what the list price is multiplied by
effective_from: first UTC day
effective_to: first UTC day after, null while in force
*/
SELECT
  modifier,
  value,
  CAST(factor AS DECIMAL(6, 3)) AS factor,
  CAST(effective_from AS DATE) AS effective_from,
  CAST(effective_to AS DATE) AS effective_to
FROM claude_modifiers
