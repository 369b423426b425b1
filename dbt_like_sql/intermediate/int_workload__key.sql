-- grain: one row per key or service account with use in the rule's window
-- unit: USD at list price
-- source: fct_usage_day, stg_keys__key_day, claude_api_keys, int_claude__workspace, claude_users, claude_code_usage, int_agent__run
-- late data: rebuilt whole, with the newest tags: a key tagged today is tagged for all its days
-- partitions: none
/*
vendor: ledger name of the vendor
key_id: key, service account, or a key's identity in the spans
workload: name in the key registry, else the key itself; rotated keys with one name are one workload
key_name: name in the key registry, else in the vendor's console
environment: environment in the key registry, else by the tags of its workspace; null when untagged
cost_center: cost centre in the key registry, else by the tags of its workspace; null when untagged
owner_email: owner in the key registry, else by the tags of its workspace, lower case; null when none is named
owner_left_day: last day of the owner in the roster, when that is over
other_environment: a second environment that uses or holds the key; null when there is none
other_environment_rule: what says so
is_claude_code: whether Claude Code minted the key for a person
principal_email: person that a personal key acts as, lower case
is_prod: whether an environment in the key registry, or by the tags of its workspace, is production
is_prod_workspace: whether the key's workspace is tagged as production
interactive_sessions: Claude Code sessions at a person's terminal on this key in the window; null for none
interactive_first_day: first day of such a session ever
interactive_last_day: last day of such a session
interactive_terminals: their terminals
first_used_day: first day of use
last_used_day: last day of use
list_usd: consumption in the window at list price
is_current: whether it was used within the rule's quiet days
*/
WITH used AS (
  SELECT
    f.vendor,
    COALESCE(f.key_id, f.actor_id) AS key_id,
    MAX(f.workspace) AS workspace,
    MIN(f.usage_day) AS first_used_day,
    MAX(f.usage_day) AS last_used_day,
    CAST(SUM(CASE WHEN f.usage_day > n.day_before THEN f.list_usd END) AS DECIMAL(38, 18)) AS list_usd
  FROM fct_usage_day AS f
  CROSS JOIN int_workload__window AS n
  WHERE (f.vendor = 'anthropic' AND f.series = 'claude_api_key' AND f.key_id IS NOT NULL)
    OR (f.vendor = 'cursor' AND f.auth_kind = 'service_account')
  GROUP BY f.vendor, COALESCE(f.key_id, f.actor_id)
),

registered AS (
  SELECT
    vendor,
    key_id,
    key_name,
    environment,
    other_environment,
    cost_center,
    owner_email,
    ROW_NUMBER() OVER (PARTITION BY vendor, key_id ORDER BY usage_day DESC) AS preference
  FROM stg_keys__key_day
),

listed AS (
  SELECT
    k.api_key_id,
    LOWER(u.email) AS principal_email,
    ROW_NUMBER() OVER (PARTITION BY k.api_key_id ORDER BY k.usage_day DESC, u.usage_day DESC) AS preference
  FROM claude_api_keys AS k
  LEFT JOIN claude_users AS u ON u.user_id = k.principal_user_id
),

named_environments AS (
  SELECT
    vendor,
    key_name,
    MIN(environment) AS lowest,
    MAX(environment) AS highest
  FROM registered
  WHERE preference = 1 AND key_name IS NOT NULL
  GROUP BY vendor, key_name
),

interactive AS (
  SELECT
    LOWER(s.actor_api_key_name) AS key_name,
    CAST(SUM(CASE WHEN s.usage_day > n.day_before THEN s.sessions END) AS BIGINT) AS sessions,
    MIN(s.usage_day) AS first_day,
    MAX(s.usage_day) AS last_day,
    STRING_AGG(DISTINCT s.terminal_type, ', ' ORDER BY s.terminal_type) AS terminals
  FROM (
    SELECT DISTINCT usage_day, actor_api_key_name, terminal_type, is_remote, sessions
    FROM claude_code_usage
    WHERE customer_type = 'api' AND actor_api_key_name IS NOT NULL
  ) AS s
  INNER JOIN workload_rules AS terminal ON terminal.name = 'interactive_terminal' AND terminal.value = LOWER(s.terminal_type)
  CROSS JOIN int_workload__window AS n
  GROUP BY LOWER(s.actor_api_key_name)
),

traced AS (
  SELECT
    r.owner_email AS key_id,
    MIN(LOWER(r.environment)) AS lowest,
    MAX(LOWER(r.environment)) AS highest,
    MIN(r.usage_day) AS first_used_day,
    MAX(r.usage_day) AS last_used_day
  FROM int_agent__run AS r
  CROSS JOIN int_workload__window AS n
  WHERE r.auth_kind = 'api_key' AND r.owner_email LIKE 'litellm_key:%'
    AND r.usage_day > n.day_before
  GROUP BY r.owner_email
),

roster_end AS (
  SELECT MAX(last_day) AS last_day FROM dim_person
),

keys AS (
  SELECT
    u.vendor,
    u.key_id,
    COALESCE(r.key_name, u.key_id) AS workload,
    COALESCE(r.key_name, c.key_name) AS key_name,
    COALESCE(r.environment, w.environment) AS environment,
    COALESCE(r.cost_center, w.cost_center) AS cost_center,
    COALESCE(r.owner_email, w.owner_email) AS owner_email,
    CASE WHEN p.last_day < e.last_day THEN p.last_day END AS owner_left_day,
    CASE
      WHEN r.other_environment IS NOT NULL THEN r.other_environment
      WHEN w.environment <> r.environment THEN w.environment
      WHEN d.lowest <> d.highest AND d.lowest <> r.environment THEN d.lowest
      WHEN d.lowest <> d.highest THEN d.highest
    END AS other_environment,
    CASE
      WHEN r.other_environment IS NOT NULL THEN 'two lines of the key registry'
      WHEN w.environment <> r.environment THEN 'tag of its workspace'
      WHEN d.lowest <> d.highest THEN 'another registry line with the same name'
    END AS other_environment_rule,
    COALESCE(c.is_claude_code, FALSE) AS is_claude_code,
    CASE WHEN c.is_claude_code THEN c.creator_email ELSE l.principal_email END AS principal_email,
    COALESCE(
      COALESCE(r.environment, w.environment) IN (SELECT value FROM workload_rules WHERE name = 'prod_environment')
      OR r.other_environment IN (SELECT value FROM workload_rules WHERE name = 'prod_environment'),
      FALSE
    ) AS is_prod,
    COALESCE(w.environment IN (SELECT value FROM workload_rules WHERE name = 'prod_environment'), FALSE) AS is_prod_workspace,
    i.sessions AS interactive_sessions,
    i.first_day AS interactive_first_day,
    i.last_day AS interactive_last_day,
    i.terminals AS interactive_terminals,
    u.first_used_day,
    u.last_used_day,
    u.list_usd
  FROM used AS u
  CROSS JOIN roster_end AS e
  LEFT JOIN registered AS r ON r.vendor = u.vendor AND r.key_id = u.key_id AND r.preference = 1
  LEFT JOIN int_claude__key AS c ON u.vendor = 'anthropic' AND c.api_key_id = u.key_id
  LEFT JOIN listed AS l ON u.vendor = 'anthropic' AND l.api_key_id = u.key_id AND l.preference = 1
  LEFT JOIN int_claude__workspace AS w ON u.vendor = 'anthropic' AND w.ledger_name = u.workspace
  LEFT JOIN named_environments AS d ON d.vendor = u.vendor AND d.key_name = r.key_name
  LEFT JOIN interactive AS i ON u.vendor = 'anthropic' AND i.key_name = LOWER(COALESCE(c.key_name, r.key_name))
  LEFT JOIN dim_person AS p ON p.email = COALESCE(r.owner_email, w.owner_email)
),

all_keys AS (
  SELECT * FROM keys
  UNION ALL
  SELECT
    'custom_agents' AS vendor,
    key_id,
    key_id AS workload,
    CAST(NULL AS VARCHAR) AS key_name,
    lowest AS environment,
    CAST(NULL AS VARCHAR) AS cost_center,
    CAST(NULL AS VARCHAR) AS owner_email,
    CAST(NULL AS DATE) AS owner_left_day,
    CASE WHEN highest <> lowest THEN highest END AS other_environment,
    CASE WHEN highest <> lowest THEN 'spans of both environments name the key' END AS other_environment_rule,
    FALSE AS is_claude_code,
    CAST(NULL AS VARCHAR) AS principal_email,
    FALSE AS is_prod,
    FALSE AS is_prod_workspace,
    CAST(NULL AS BIGINT) AS interactive_sessions,
    CAST(NULL AS DATE) AS interactive_first_day,
    CAST(NULL AS DATE) AS interactive_last_day,
    CAST(NULL AS VARCHAR) AS interactive_terminals,
    first_used_day,
    last_used_day,
    CAST(NULL AS DECIMAL(38, 18)) AS list_usd
  FROM traced
),

int_workload__key AS (
  SELECT k.*, k.last_used_day > n.quiet_day AS is_current
  FROM all_keys AS k
  CROSS JOIN int_workload__window AS n
)

SELECT * FROM int_workload__key
