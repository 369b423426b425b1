-- asset: rpt_manager__credit_day
-- severity: WARN
-- partitions: day
-- look: back 7
-- title: High first day of credits
-- description: A user's Copilot credits reached new_user_floor (policies/alert_thresholds.csv) on a day whose day before is absent, unknown or zero, so that no ratio exists. Absent after use in the week before is a weekend or a free day, not a new user; in the first week ever loaded everybody would be new.
-- remedy: look whether a new colleague or an agent began; acknowledge it if it was meant
WITH thresholds AS (
  SELECT MAX(CASE WHEN name = 'new_user_floor' THEN TRY_CAST(value AS DECIMAL(18, 3)) END) AS new_user_floor
  FROM alert_thresholds
),

recent_use AS (
  SELECT DISTINCT
    days.usage_day,
    days.actor_id
  FROM rpt_manager__credit_day AS days
  INNER JOIN rpt_manager__credit_day AS earlier
    ON days.actor_id = earlier.actor_id
    AND earlier.usage_day < days.usage_day AND earlier.usage_day >= CAST(days.usage_day - 7 AS DATE)
  WHERE earlier.credits > 0
),

loaded AS (
  SELECT MIN(first_day) AS first_day FROM int_github__login
),

starts AS (
  SELECT
    days.usage_day,
    days.login,
    COALESCE(days.name, days.login) AS shown_name,
    days.person_id,
    days.org,
    days.credits,
    CASE WHEN days.previous_state = 'known' THEN days.previous_credits END AS previous_credits,
    CASE days.previous_state
      WHEN 'known' THEN 'zero the day before'
      WHEN 'absent' THEN 'no usage in the week before'
      ELSE 'the day before is not known'
    END AS before_it,
    CAST(days.credits * prices.usd_per_unit AS DECIMAL(38, 18)) AS list_usd
  FROM rpt_manager__credit_day AS days
  CROSS JOIN thresholds
  CROSS JOIN loaded
  LEFT JOIN stg_prices__unit AS prices
    ON prices.vendor = 'github_copilot' AND prices.item = 'ai_credit'
    AND days.usage_day >= prices.effective_from
    AND (prices.effective_to IS NULL OR days.usage_day < prices.effective_to)
  LEFT JOIN recent_use AS recent
    ON days.usage_day = recent.usage_day AND days.actor_id = recent.actor_id
  WHERE (
      days.previous_state = 'unknown'
      OR (days.previous_state = 'absent' AND recent.actor_id IS NULL AND COALESCE(days.usage_day >= CAST(loaded.first_day + 7 AS DATE), TRUE))
      OR (days.previous_state = 'known' AND days.previous_credits = 0)
    )
    AND days.credits >= thresholds.new_user_floor
),

copilot_new_user_over_floor AS (
  SELECT
    'github_copilot' AS vendor,
    login AS subject,
    person_id,
    org,
    usage_day,
    CAST(credits AS DECIMAL(38, 18)) AS observed,
    CAST(previous_credits AS DECIMAL(38, 18)) AS baseline,
    list_usd AS amount_usd,
    shown_name || ' used ' || RTRIM(RTRIM(CAST(CAST(credits AS DECIMAL(38, 2)) AS VARCHAR), '0'), '.')
      || ' credits on ' || CAST(usage_day AS VARCHAR) || '; ' || before_it
      || COALESCE(' (list value ' || CAST(CAST(list_usd AS DECIMAL(38, 2)) AS VARCHAR) || ' USD)', '') AS explanation
  FROM starts
)

SELECT * FROM copilot_new_user_over_floor
