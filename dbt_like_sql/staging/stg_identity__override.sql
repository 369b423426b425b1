-- grain: one row per UTC day x vendor x identifier mapped by hand
-- source: identity_overrides
-- late data: one line moves the money on the next run
-- partitions: view day
/*
usage_day: UTC day
vendor: ledger name of the vendor
identifier: the vendor's id, login or e-mail; lower case but for key ids
person_id: the person it belongs to
*/
SELECT
  usage_day,
  vendor,
  identifier,
  person_id
FROM identity_overrides
