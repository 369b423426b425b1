-- asset: rpt_coverage
-- severity: WARN
-- partitions: none
-- title: GitHub's two reports disagree
-- description: GitHub's 1-day and 28-day reports give a person different credits for a day that is final in both.
-- remedy: load the day again in copilot_user_usage and copilot_user_usage_28_day; if they still differ, ask GitHub with both figures
WITH final_days AS (
  SELECT usage_day
  FROM rpt_coverage
  WHERE feed IN ('copilot_user_usage', 'copilot_user_usage_28_day') AND rows > 0 AND NOT is_provisional
  GROUP BY usage_day
  HAVING COUNT(DISTINCT feed) = 2
),

listed AS (
  SELECT '1-day' AS report, usage_day, user_id, user_login, scope_kind, ai_credits_used, ai_credits_state
  FROM copilot_user_usage
  UNION ALL
  SELECT '28-day', usage_day, user_id, user_login, scope_kind, ai_credits_used, ai_credits_state
  FROM copilot_user_usage_28_day
),

-- A member of several organizations is in each one's file with the same figure; the enterprise's own row wins.
ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY report, usage_day, user_id
      ORDER BY CASE WHEN scope_kind = 'enterprise' THEN 0 ELSE 1 END, CASE WHEN ai_credits_used IS NULL THEN 1 ELSE 0 END
    ) AS preference
  FROM listed
),

by_user AS (
  SELECT
    r.usage_day,
    r.user_id,
    MAX(r.user_login) AS user_login,
    MAX(CASE WHEN r.report = '1-day' THEN r.ai_credits_used END) AS one_day,
    MAX(CASE WHEN r.report = '28-day' THEN r.ai_credits_used END) AS last_28_days,
    COALESCE(MAX(CASE WHEN r.report = '1-day' THEN r.ai_credits_state END), 'not listed') AS one_day_state,
    COALESCE(MAX(CASE WHEN r.report = '28-day' THEN r.ai_credits_state END), 'not listed') AS last_28_days_state
  FROM ranked AS r
  INNER JOIN final_days AS d ON d.usage_day = r.usage_day
  WHERE r.preference = 1
  GROUP BY r.usage_day, r.user_id
),

told AS (
  SELECT
    *,
    CASE one_day_state
      WHEN 'known' THEN RTRIM(RTRIM(CAST(one_day AS VARCHAR), '0'), '.') || ' credits'
      WHEN 'not listed' THEN 'no row'
      ELSE 'credits ' || one_day_state
    END AS said_one_day,
    CASE last_28_days_state
      WHEN 'known' THEN RTRIM(RTRIM(CAST(last_28_days AS VARCHAR), '0'), '.') || ' credits'
      WHEN 'not listed' THEN 'no row'
      ELSE 'credits ' || last_28_days_state
    END AS said_28_days
  FROM by_user
  WHERE one_day_state <> last_28_days_state OR one_day <> last_28_days
),

copilot_reports_disagree AS (
  SELECT
    'github_copilot' AS vendor,
    user_login AS subject,
    usage_day,
    one_day AS observed,
    last_28_days AS baseline,
    user_login || ' on ' || CAST(usage_day AS VARCHAR) || ': the 1-day report says ' || said_one_day
      || ', the 28-day report ' || said_28_days AS explanation
  FROM told
)

SELECT * FROM copilot_reports_disagree
