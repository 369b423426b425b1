-- asset: rpt_coverage
-- severity: WARN
-- partitions: none
-- title: GitHub's report and teams disagree
-- description: GitHub's daily report has a person in a team that the snapshot of that day and of the days beside it has not.
-- remedy: correct the team in GitHub, or state the person's squad in the roster file
WITH placed AS (
  SELECT usage_day, user_id, '/' || team_path || '/' AS team_path FROM github_teams WHERE user_id IS NOT NULL
),

compared AS (
  SELECT
    u.usage_day,
    u.team_id,
    MAX(u.team_slug) AS team_slug,
    u.user_id,
    MAX(u.user_login) AS user_login
  FROM copilot_user_teams AS u
  INNER JOIN (SELECT DISTINCT usage_day FROM github_teams) AS d ON d.usage_day = u.usage_day
  GROUP BY u.usage_day, u.team_id, u.user_id
),

-- The report may have a member with the teams above as well, and the lists are read a few hours later than it was made.
missing AS (
  SELECT c.usage_day, c.team_slug, c.user_login
  FROM compared AS c
  LEFT JOIN placed AS p
    ON p.user_id = c.user_id AND p.usage_day BETWEEN CAST(c.usage_day - 1 AS DATE) AND CAST(c.usage_day + 1 AS DATE)
    AND p.team_path LIKE '%/' || CAST(c.team_id AS VARCHAR) || '/%'
  WHERE p.user_id IS NULL
),

github_teams_disagree AS (
  SELECT
    'github_copilot' AS vendor,
    team_slug AS subject,
    usage_day,
    CAST(COUNT(*) AS DECIMAL(38, 18)) AS observed,
    CAST(0 AS DECIMAL(38, 18)) AS baseline,
    'team ' || team_slug || ' on ' || CAST(usage_day AS VARCHAR) || ': the daily report has '
      || STRING_AGG(user_login, ', ' ORDER BY user_login) || ' in it, the list of teams has not; the token may not see the team'
      AS explanation
  FROM missing
  GROUP BY usage_day, team_slug
)

SELECT * FROM github_teams_disagree
