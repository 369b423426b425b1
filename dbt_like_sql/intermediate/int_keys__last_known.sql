-- grain: one row per vendor x key that a secret manager has ever listed, as it was listed last
-- source: key_registry; files are left out, for they date what they say
-- late data: rebuilt whole
-- partitions: none
/*
vendor: ledger name of the vendor
key_id: the vendor's id of the key
key_name: name for display
environment: prod, staging, dev; null when untagged
other_environment: a second one stated for the key
cost_center: cost centre; null when untagged
owner_email: owner
source: secret manager
*/
WITH ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY vendor, key_id ORDER BY usage_day DESC) AS preference
  FROM key_registry
  WHERE source IN ('aws_secrets_manager', 'aws_list_secrets', 'vault', 'gcp_secret_manager')
),

int_keys__last_known AS (
  SELECT
    vendor,
    key_id,
    key_name,
    environment,
    other_environment,
    cost_center,
    owner_email,
    source
  FROM ranked
  WHERE preference = 1
)

SELECT * FROM int_keys__last_known
