-- grain: one row per UTC day x vendor x key in the registry
-- source: key_registry (secret-manager tags or CSV; metadata only)
-- late data: the partition of a day is the registry as known when it was last loaded
-- partitions: view day
/*
usage_day: UTC day
vendor: ledger name of the vendor
key_id: the vendor's id of the key
key_name: name for display; rotated keys with one name are one series
environment: prod, staging, dev; null when untagged
cost_center: cost centre, upper case (secret managers differ in case); null when untagged
owner_email: owner, lower case
*/
SELECT
  usage_day,
  vendor,
  key_id,
  key_name,
  LOWER(environment) AS environment,
  UPPER(cost_center) AS cost_center,
  LOWER(owner_email) AS owner_email
FROM key_registry
