-- asset: rpt_auth_audit
-- severity: ERROR
-- partitions: none
-- description: A key tagged as production that a person's client uses: Claude Code at a terminal, or the key that Claude Code minted for a person. It clears when 28 days have passed without.
WITH newest AS (
  SELECT
    MAX(last_seen_day) AS last_day
  FROM rpt_auth_audit
),

current_keys AS (
  SELECT keys.*
  FROM int_workload__key AS keys
  CROSS JOIN newest
  CROSS JOIN int_workload__rule AS rules
  WHERE keys.last_used_day > CAST(newest.last_day - rules.quiet_days AS DATE)
),

prod_key_used_interactively AS (
  SELECT
    'prod_key_used_interactively' AS kind,
    'ERROR' AS severity,
    vendor,
    workload AS subject,
    CAST(NULL AS VARCHAR) AS person_id,
    '(not attributable)' AS org,
    MIN(COALESCE(interactive_first_day, first_used_day)) AS usage_day,
    CAST(NULL AS DECIMAL(38, 18)) AS observed,
    CAST(NULL AS DECIMAL(38, 18)) AS baseline,
    CAST(NULL AS DOUBLE) AS ratio,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS amount_usd,
    'Production key ' || workload
      || COALESCE(
        ' was used by Claude Code at a terminal (' || MAX(interactive_terminals) || ') from ' || CAST(MIN(interactive_first_day) AS VARCHAR)
        || ' to ' || CAST(MAX(interactive_last_day) AS VARCHAR) || ', ' || CAST(CAST(SUM(interactive_sessions) AS BIGINT) AS VARCHAR) || ' sessions',
        ' is the key that Claude Code minted for ' || COALESCE(MAX(principal_email), 'a person') || ', used from '
        || CAST(MIN(first_used_day) AS VARCHAR) || ' to ' || CAST(MAX(last_used_day) AS VARCHAR)
      )
      || '; give the person a key or seat of their own'  AS explanation
  FROM current_keys
  WHERE environment IN (SELECT value FROM workload_rules WHERE name = 'prod_environment')
    AND (interactive_sessions > 0 OR is_claude_code)
  GROUP BY vendor, workload
)

SELECT * FROM prod_key_used_interactively
