-- asset: rpt_manager__credit_day
-- severity: ERROR
-- partitions: day
-- title: Copilot credits jumped
-- description: A user's Copilot credits reached a multiple of the day before (credits_ratio, 3 unless changed), and at least a floor (credits_floor, 50). Compared as decimals; a day before that is absent, unknown or zero gives no ratio. Both numbers are in policies/alert_thresholds.csv.
-- remedy: ask the person, or their lead, what ran that day; agents left running are the usual cause. `agent-spend acknowledge <id>` silences a rise that was meant
WITH thresholds AS (
  SELECT
    MAX(CASE WHEN name = 'credits_ratio' THEN TRY_CAST(value AS DECIMAL(9, 3)) END) AS credits_ratio,
    MAX(CASE WHEN name = 'credits_floor' THEN TRY_CAST(value AS DECIMAL(18, 3)) END) AS credits_floor
  FROM alert_thresholds
),

rises AS (
  SELECT
    days.usage_day,
    days.login,
    COALESCE(days.name, days.login) AS shown_name,
    days.person_id,
    days.org,
    days.credits,
    days.previous_credits,
    days.is_provisional,
    -- Rounded down, so that 3.99 is never shown as 4.0; the inner rounding only removes the noise of the division.
    FLOOR(ROUND(CAST(days.credits AS DOUBLE) / CAST(days.previous_credits AS DOUBLE) * 10, 6)) / 10 AS shown_ratio,
    CAST(days.credits * prices.usd_per_unit AS DECIMAL(38, 18)) AS list_usd,
    CAST((days.credits - days.previous_credits) * prices.usd_per_unit AS DECIMAL(38, 18)) AS increase_usd
  FROM rpt_manager__credit_day AS days
  CROSS JOIN thresholds
  LEFT JOIN stg_prices__unit AS prices
    ON prices.vendor = 'github_copilot' AND prices.item = 'ai_credit'
    AND days.usage_day >= prices.effective_from
    AND (prices.effective_to IS NULL OR days.usage_day < prices.effective_to)
  WHERE days.previous_state = 'known'
    AND days.previous_credits > 0
    AND days.credits >= thresholds.credits_ratio * days.previous_credits
    AND days.credits >= thresholds.credits_floor
),

copilot_credits_tripled AS (
  SELECT
    'github_copilot' AS vendor,
    login AS subject,
    person_id,
    org,
    usage_day,
    CAST(credits AS DECIMAL(38, 18)) AS observed,
    CAST(previous_credits AS DECIMAL(38, 18)) AS baseline,
    CAST(credits AS DOUBLE) / CAST(previous_credits AS DOUBLE) AS ratio,
    increase_usd AS amount_usd,
    shown_name || ' used ' || RTRIM(RTRIM(CAST(CAST(credits AS DECIMAL(38, 2)) AS VARCHAR), '0'), '.')
      || ' credits on ' || CAST(usage_day AS VARCHAR) || ', ' || CAST(CAST(shown_ratio AS DECIMAL(18, 1)) AS VARCHAR)
      || 'x the ' || RTRIM(RTRIM(CAST(CAST(previous_credits AS DECIMAL(38, 2)) AS VARCHAR), '0'), '.')
      || ' of the day before'
      || COALESCE(' (list value ' || CAST(CAST(list_usd AS DECIMAL(38, 2)) AS VARCHAR) || ' USD)', '')
      || CASE WHEN is_provisional THEN '; the vendor may still restate this day' ELSE '' END AS explanation
  FROM rises
)

SELECT * FROM copilot_credits_tripled
