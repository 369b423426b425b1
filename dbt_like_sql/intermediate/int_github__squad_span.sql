-- grain: one row per GitHub account x run of UTC days with the same org and squad in GitHub's teams
-- source: stg_github__squad_day, all snapshots and reports; policies/roster_rules.csv
-- late data: rebuilt whole; a day without either keeps the one before it for carry_days, then nothing is known
-- partitions: none
/*
user_id: GitHub account id
user_login: login, lower case
org: org by rule org_level; null before the first snapshot ever, when nobody knows
squad: squad by rule squad_level; null for who is in an org only, and before the first snapshot
other_squads: the account's other squads; null for none
first_day: first UTC day; far back for the days before the first snapshot
last_day: last UTC day, included
*/
WITH snapshots AS (
  SELECT
    d.usage_day,
    CAST(LEAST(
      COALESCE(CAST(LEAD(d.usage_day) OVER (ORDER BY d.usage_day) - 1 AS DATE), CAST(d.usage_day + r.carry_days AS DATE)),
      CAST(d.usage_day + r.carry_days AS DATE)
    ) AS DATE) AS last_day
  FROM (SELECT DISTINCT usage_day FROM stg_github__team_day) AS d
  CROSS JOIN (
    SELECT COALESCE(MAX(CASE WHEN name = 'carry_days' THEN TRY_CAST(value AS INTEGER) END), 0) AS carry_days FROM roster_rules
  ) AS r
),

held AS (
  SELECT
    s.usage_day,
    n.last_day,
    s.user_id,
    s.user_login,
    s.org,
    s.squad,
    s.other_squads,
    s.user_login || '/' || s.org || '/' || COALESCE(s.squad, '') || '/' || COALESCE(s.other_squads, '') AS place
  FROM stg_github__squad_day AS s
  INNER JOIN snapshots AS n ON n.usage_day = s.usage_day
),

compared AS (
  SELECT
    *,
    LAG(place) OVER (PARTITION BY user_id ORDER BY usage_day) AS place_before,
    LAG(last_day) OVER (PARTITION BY user_id ORDER BY usage_day) AS last_day_before
  FROM held
),

numbered AS (
  SELECT
    *,
    SUM(CASE WHEN place = place_before AND usage_day = CAST(last_day_before + 1 AS DATE) THEN 0 ELSE 1 END)
      OVER (PARTITION BY user_id ORDER BY usage_day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run
  FROM compared
),

int_github__squad_span AS (
  SELECT
    user_id,
    user_login,
    org,
    squad,
    other_squads,
    MIN(usage_day) AS first_day,
    MAX(last_day) AS last_day
  FROM numbered
  GROUP BY user_id, user_login, org, squad, other_squads, run
  UNION ALL
  SELECT
    user_id,
    user_login,
    CAST(NULL AS VARCHAR) AS org,
    CAST(NULL AS VARCHAR) AS squad,
    CAST(NULL AS VARCHAR) AS other_squads,
    DATE '1970-01-01' AS first_day,
    CAST(usage_day - 1 AS DATE) AS last_day
  FROM held
  WHERE usage_day = (SELECT MIN(usage_day) FROM github_teams)
)

SELECT * FROM int_github__squad_span
