-- grain: one row per UTC day x GitHub team x direct member; a team without any has one row without a member
-- source: github_teams; copilot_user_teams on days that no snapshot stands for (policies/roster_rules.csv, carry_days)
-- late data: none for snapshots; the report follows its feed's restatement window
-- partitions: view none
/*
usage_day: UTC day of the snapshot or of the report
org: slug of the GitHub organization, or of the enterprise for a team of the enterprise
team_type: organization or enterprise
team_id: GitHub team id
team_slug: team slug
team_name: team name; on days of the report as the first snapshot with the team has it, else the slug
team_path: ids from the top of the tree down to the team, joined by '/'; on days of the report as in that snapshot
parent_team_id: id of the team above; null at the top
user_id: GitHub account id of a member; null for none
user_login: login, lower case
*/
WITH snapshot_days AS (
  SELECT DISTINCT usage_day FROM github_teams
),

report_days AS (
  SELECT d.usage_day
  FROM (SELECT DISTINCT usage_day FROM copilot_user_teams) AS d
  CROSS JOIN (
    SELECT COALESCE(MAX(CASE WHEN name = 'carry_days' THEN TRY_CAST(value AS INTEGER) END), 0) AS carry_days FROM roster_rules
  ) AS r
  LEFT JOIN snapshot_days AS s ON s.usage_day BETWEEN CAST(d.usage_day - r.carry_days AS DATE) AND d.usage_day
  GROUP BY d.usage_day
  HAVING COUNT(s.usage_day) = 0
),

first_seen AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY team_id ORDER BY usage_day, team_type DESC, org, user_id) AS preference
  FROM github_teams
),

known AS (
  SELECT org, team_type, team_id, team_slug, team_name, team_path, parent_team_id FROM first_seen WHERE preference = 1
),

-- Of a team in the files of two scopes the organization's counts: it names the owner.
reported AS (
  SELECT
    u.*,
    ROW_NUMBER() OVER (PARTITION BY u.usage_day, u.team_id, u.user_id ORDER BY u.scope_kind DESC, u.scope) AS preference
  FROM copilot_user_teams AS u
  INNER JOIN report_days AS d ON d.usage_day = u.usage_day
),

stg_github__team_day AS (
  SELECT
    usage_day,
    org,
    team_type,
    team_id,
    team_slug,
    team_name,
    team_path,
    parent_team_id,
    user_id,
    LOWER(user_login) AS user_login
  FROM github_teams
  UNION ALL
  SELECT
    u.usage_day,
    COALESCE(k.org, u.scope) AS org,
    COALESCE(k.team_type, u.scope_kind) AS team_type,
    u.team_id,
    u.team_slug,
    COALESCE(k.team_name, u.team_slug) AS team_name,
    COALESCE(k.team_path, CAST(u.team_id AS VARCHAR)) AS team_path,
    k.parent_team_id,
    u.user_id,
    LOWER(u.user_login) AS user_login
  FROM reported AS u
  LEFT JOIN known AS k ON k.team_id = u.team_id
  WHERE u.preference = 1
  UNION ALL
  SELECT
    d.usage_day,
    k.org,
    k.team_type,
    k.team_id,
    k.team_slug,
    k.team_name,
    k.team_path,
    k.parent_team_id,
    CAST(NULL AS BIGINT) AS user_id,
    CAST(NULL AS VARCHAR) AS user_login
  FROM known AS k
  CROSS JOIN report_days AS d
)

SELECT * FROM stg_github__team_day
