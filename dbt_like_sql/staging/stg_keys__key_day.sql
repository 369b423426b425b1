-- grain: one row per UTC day x vendor x key in the registry
-- source: key_registry (secret-manager tags or CSV; metadata only), int_keys__last_known
-- late data: a file's day as last loaded; a secret manager tells what is, so a key it lists no more keeps its last tags
-- partitions: view day
/*
usage_day: UTC day
vendor: ledger name of the vendor
key_id: the vendor's id of the key
key_name: name for display; rotated keys with one name are one series
environment: prod, staging, dev or as tagged, by its short name; null when untagged
other_environment: a second one that the registry states for the key; null when it states one
cost_center: cost centre, upper case (secret managers differ in case); null when untagged
owner_email: owner, lower case
*/
WITH keys AS (
  SELECT
    usage_day,
    vendor,
    key_id,
    key_name,
    environment,
    other_environment,
    cost_center,
    owner_email
  FROM key_registry
  UNION ALL
  SELECT
    d.usage_day,
    k.vendor,
    k.key_id,
    k.key_name,
    k.environment,
    k.other_environment,
    k.cost_center,
    k.owner_email
  FROM (SELECT DISTINCT usage_day, source FROM key_registry) AS d
  INNER JOIN int_keys__last_known AS k ON k.source = d.source
  LEFT JOIN key_registry AS r ON r.usage_day = d.usage_day AND r.vendor = k.vendor AND r.key_id = k.key_id
  WHERE r.key_id IS NULL
),

short AS (
  SELECT
    *,
    CASE LOWER(environment)
      WHEN 'production' THEN 'prod' WHEN 'development' THEN 'dev' WHEN 'stage' THEN 'staging' ELSE LOWER(environment)
    END AS short_name,
    CASE LOWER(other_environment)
      WHEN 'production' THEN 'prod' WHEN 'development' THEN 'dev' WHEN 'stage' THEN 'staging' ELSE LOWER(other_environment)
    END AS other_short_name
  FROM keys
),

stg_keys__key_day AS (
  SELECT
    usage_day,
    vendor,
    key_id,
    key_name,
    short_name AS environment,
    NULLIF(other_short_name, short_name) AS other_environment,
    UPPER(cost_center) AS cost_center,
    LOWER(owner_email) AS owner_email
  FROM short
)

SELECT * FROM stg_keys__key_day
