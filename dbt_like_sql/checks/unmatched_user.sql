-- asset: fct_usage_day
-- severity: WARN
-- partitions: day
-- episode: 7
-- title: Usage of nobody in the roster
-- description: A vendor identifier with usage on a personal surface that belongs to nobody in the roster. Service accounts are left out.
-- remedy: add the person to the roster, or map the login in the file of IDENTITY_OVERRIDES_URI; the next run moves the money
WITH logins AS (
  SELECT
    usage_day,
    CAST(user_id AS VARCHAR) AS actor_id,
    user_login
  FROM stg_copilot__user_day
),

unmatched AS (
  SELECT
    usage.usage_day,
    usage.vendor,
    COALESCE(logins.user_login, usage.actor_id) AS identifier,
    usage.org,
    CAST(SUM(usage.list_usd) AS DECIMAL(38, 18)) AS list_usd
  FROM fct_usage_day AS usage
  LEFT JOIN logins
    ON usage.vendor = 'github_copilot' AND usage.usage_day = logins.usage_day AND usage.actor_id = logins.actor_id
  WHERE usage.person_id IS NULL
    AND (
      usage.series IN ('copilot_credits', 'claude_seat', 'claude_usage_credits', 'cursor_included', 'cursor_on_demand')
      OR (usage.series = 'claude_api_key' AND usage.actor_kind = 'interactive' AND usage.actor_id <> '(no key)')
    )
    AND usage.auth_kind <> 'service_account'
    AND COALESCE(usage.background_kind, '') <> 'service_account'
  GROUP BY usage.usage_day, usage.vendor, COALESCE(logins.user_login, usage.actor_id), usage.org
),

unmatched_user AS (
  SELECT
    vendor,
    identifier AS subject,
    org,
    usage_day,
    list_usd AS amount_usd,
    identifier || ' (' || vendor || ') is nobody in the roster on ' || CAST(usage_day AS VARCHAR) || '; '
      || COALESCE(CAST(CAST(list_usd AS DECIMAL(38, 2)) AS VARCHAR) || ' USD (list)', 'usage without a price')
      || ' belongs to no squad' AS explanation
  FROM unmatched
)

SELECT * FROM unmatched_user
