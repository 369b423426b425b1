-- asset: rpt_auth_audit
-- severity: ERROR
-- partitions: none
-- title: Production key used by hand
-- description: A key tagged as production that a person's client uses: Claude Code at a terminal, or the key that Claude Code minted for a person. It clears when 28 days have passed without.
-- remedy: give the person a key or seat of their own, then rotate the production key
WITH prod_key_used_interactively AS (
  SELECT
    vendor,
    workload AS subject,
    MIN(COALESCE(interactive_first_day, first_used_day)) AS usage_day,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS amount_usd,
    'Production key ' || workload
      || COALESCE(
        ' was used by Claude Code at a terminal (' || MAX(interactive_terminals) || ') from ' || CAST(MIN(interactive_first_day) AS VARCHAR)
        || ' to ' || CAST(MAX(interactive_last_day) AS VARCHAR) || ', ' || CAST(CAST(SUM(interactive_sessions) AS BIGINT) AS VARCHAR) || ' sessions',
        ' is the key that Claude Code minted for ' || COALESCE(MAX(principal_email), 'a person') || ', used from '
        || CAST(MIN(first_used_day) AS VARCHAR) || ' to ' || CAST(MAX(last_used_day) AS VARCHAR)
      )
      || '; give the person a key or seat of their own' AS explanation
  FROM int_workload__key
  WHERE is_current AND is_prod AND (interactive_sessions > 0 OR is_claude_code)
  GROUP BY vendor, workload
)

SELECT * FROM prod_key_used_interactively
