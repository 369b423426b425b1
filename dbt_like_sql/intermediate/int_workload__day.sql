-- grain: one row per UTC day x workload x auth kind x environment x person
-- unit: USD at list price, and at the prices a machine key would pay
-- source: int_workload__start, fct_usage_day (keys), claude_code_usage (headless use of persons), int_workload__key
-- late data: follows the feeds
-- partitions: view day
/*
usage_day: UTC day
vendor: ledger name of the vendor
workload: workflow, key name, automation, service account, or e-mail of the person behind headless use
workload_kind: traced workflow, machine key, automation, service account, cloud agents, headless client, unlisted terminal
marker: what says that no person drives it, in words
auth_kind: seat, api_key, service_account or unknown
environment: prod, staging, dev; null when unknown
person_email: person behind a seat or a key of their own, lower case
key_id: key or service account, where there is one
starts: runs, events or sessions; null where the vendor counts none
list_usd: consumption at list price; null when unpriced
key_usd: the same use at the prices of a machine key
price_versions: price book lines behind list_usd; reported where the agent or the vendor states the amount
*/
WITH terminals AS (
  SELECT
    u.usage_day,
    LOWER(u.actor_email) AS email,
    LOWER(COALESCE(u.terminal_type, '')) AS terminal,
    u.is_remote,
    CASE WHEN u.customer_type = 'subscription' THEN 'seat' ELSE 'api_key' END AS auth_kind,
    MAX(u.sessions) AS sessions,
    SUM(u.estimated_usd) AS estimated_usd
  FROM claude_code_usage AS u
  WHERE u.actor_email IS NOT NULL
  GROUP BY ALL
),

headless AS (
  SELECT
    t.usage_day,
    t.email,
    CASE WHEN h.value IS NOT NULL THEN 'headless client' ELSE 'unlisted terminal' END AS workload_kind,
    CASE
      WHEN h.value IS NOT NULL THEN 'Claude Code terminal ' || t.terminal || ' has no person at it'
      ELSE 'Claude Code terminal ' || COALESCE(NULLIF(t.terminal, ''), '(not stated)') || ' is on no list'
    END AS marker,
    t.auth_kind,
    t.sessions,
    t.estimated_usd
  FROM terminals AS t
  LEFT JOIN workload_rules AS h ON h.name = 'headless_terminal' AND h.value = t.terminal
  LEFT JOIN workload_rules AS i ON i.name = 'interactive_terminal' AND i.value = t.terminal
  WHERE h.value IS NOT NULL OR (t.auth_kind = 'seat' AND i.value IS NULL AND NOT t.is_remote)
),

int_workload__day AS (
  SELECT
    usage_day,
    vendor,
    workload,
    workload_kind,
    MIN(marker) AS marker,
    auth_kind,
    environment,
    person_email,
    MAX(key_id) AS key_id,
    CAST(COUNT(*) AS BIGINT) AS starts,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd,
    CAST(SUM(key_usd) AS DECIMAL(38, 18)) AS key_usd,
    STRING_AGG(DISTINCT price_versions, ', ' ORDER BY price_versions) AS price_versions
  FROM int_workload__start
  WHERE workload_kind <> 'session'
  GROUP BY usage_day, vendor, workload, workload_kind, auth_kind, environment, person_email
  UNION ALL
  SELECT
    f.usage_day,
    f.vendor,
    COALESCE(k.workload, f.key_id) AS workload,
    'machine key' AS workload_kind,
    'usage report names an API key outside the Claude Code workspace' AS marker,
    f.auth_kind,
    k.environment,
    CAST(NULL AS VARCHAR) AS person_email,
    MAX(f.key_id) AS key_id,
    CAST(NULL AS BIGINT) AS starts,
    CAST(SUM(f.list_usd) AS DECIMAL(38, 18)) AS list_usd,
    CAST(SUM(f.list_usd) AS DECIMAL(38, 18)) AS key_usd,
    STRING_AGG(DISTINCT COALESCE(f.price_version, f.price_state), ', ' ORDER BY COALESCE(f.price_version, f.price_state)) AS price_versions
  FROM fct_usage_day AS f
  LEFT JOIN int_workload__key AS k ON k.vendor = f.vendor AND k.key_id = f.key_id
  WHERE f.vendor = 'anthropic' AND f.series = 'claude_api_key' AND f.actor_kind = 'machine' AND f.key_id IS NOT NULL
  GROUP BY f.usage_day, f.vendor, COALESCE(k.workload, f.key_id), f.auth_kind, k.environment
  UNION ALL
  SELECT
    usage_day,
    'anthropic' AS vendor,
    email AS workload,
    workload_kind,
    MIN(marker) AS marker,
    auth_kind,
    CAST(NULL AS VARCHAR) AS environment,
    email AS person_email,
    CAST(NULL AS VARCHAR) AS key_id,
    CAST(SUM(sessions) AS BIGINT) AS starts,
    CAST(SUM(estimated_usd) AS DECIMAL(38, 18)) AS list_usd,
    CAST(SUM(estimated_usd) AS DECIMAL(38, 18)) AS key_usd,
    'reported' AS price_versions
  FROM headless
  GROUP BY usage_day, email, workload_kind, auth_kind
)

SELECT * FROM int_workload__day
