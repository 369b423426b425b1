-- asset: rpt_coverage
-- severity: ERROR
-- partitions: none
-- title: Feed failed
-- description: A feed's newest attempt for a day failed, was refused, or brought only a part. Stored data of that day, if any, gave way to nothing poorer. The amount is the mean of the 14 newest days that the feed brought, where no other source has the day.
-- remedy: do what the message says (a key, a permission, a file), run `agent-spend doctor`, then materialise the day again
WITH failed AS (
  SELECT
    feed,
    usage_day,
    state,
    reason,
    message,
    last_attempt,
    CASE
      WHEN feed LIKE 'copilot%' THEN 'github_copilot'
      WHEN feed LIKE 'claude%' THEN 'anthropic'
      WHEN feed LIKE 'cursor%' THEN 'cursor'
      WHEN feed LIKE 'agent%' THEN 'custom_agents'
      ELSE 'company'
    END AS vendor
  FROM rpt_coverage
  WHERE last_attempt NOT IN (
    'available', 'zero', 'not_connected', 'no_report', 'empty_body', 'null_body', 'no_links', 'live_list_only',
    'day_not_closed', 'no_invoice', 'not_refreshed', 'no_longer_served'
  )
    -- A report without a line is a zero with a reason; only where it would have replaced rows was it refused.
    AND (state <> 'zero' OR last_attempt <> COALESCE(reason, ''))
),

-- Only what each usage feed alone brings to the ledger; where another source has the day, nothing of it is missing.
brought AS (
  SELECT feed, usage_day, SUM(list_usd) AS list_usd, ROW_NUMBER() OVER (PARTITION BY feed ORDER BY usage_day DESC) AS newest
  FROM (
    SELECT
      CASE
        WHEN series = 'copilot_credits' THEN 'copilot_user_usage'
        WHEN series = 'claude_api_key' THEN 'claude_api_usage'
        WHEN series = 'claude_seat' THEN 'claude_code_usage'
        WHEN vendor = 'cursor' THEN 'cursor_usage_events'
        WHEN vendor = 'custom_agents' THEN 'agent_spans'
      END AS feed,
      usage_day,
      list_usd
    FROM fct_usage_day
  ) AS lines
  WHERE feed IS NOT NULL
  GROUP BY feed, usage_day
),

usual AS (
  SELECT feed, CAST(SUM(list_usd) / COUNT(*) AS DECIMAL(38, 2)) AS list_usd FROM brought WHERE newest <= 14 GROUP BY feed
),

feed_failed AS (
  SELECT
    f.vendor,
    f.feed AS subject,
    f.usage_day,
    CASE WHEN b.feed IS NULL THEN u.list_usd END AS amount_usd,
    f.feed || ' ' || CAST(f.usage_day AS VARCHAR) || ' failed (' || f.last_attempt || '): '
      || COALESCE(NULLIF(f.message, ''), 'the vendor gave no reason')
      || CASE
        WHEN b.feed IS NULL AND u.list_usd > 0
          THEN '; a usual day of it holds ' || CAST(u.list_usd AS VARCHAR) || ' USD (list), which no total has for this day'
        ELSE ''
      END AS explanation
  FROM failed AS f
  LEFT JOIN usual AS u ON u.feed = f.feed
  LEFT JOIN brought AS b ON b.feed = f.feed AND b.usage_day = f.usage_day
)

SELECT * FROM feed_failed
