-- grain: one row per UTC day of a snapshot or report x GitHub account that is a direct member of a team
-- source: stg_github__team_day, policies/roster_rules.csv
-- late data: as its source
-- partitions: view day
/*
usage_day: UTC day of the snapshot
user_id: GitHub account id
user_login: login, lower case
org: team at the level of rule org_level, else the GitHub organization
squad: the one squad of the account: an organization's team before one of the enterprise, the deepest, of several as deep the oldest; null for who is in an org only
other_squads: the account's other squads, by name; null for none
*/
WITH rules AS (
  SELECT
    MAX(CASE WHEN name = 'org_level' THEN TRY_CAST(value AS BIGINT) END) AS org_level,
    MAX(CASE WHEN name = 'squad_level' THEN TRY_CAST(value AS BIGINT) END) AS squad_level
  FROM roster_rules
),

ignored AS (
  SELECT LOWER(value) AS team_slug FROM roster_rules WHERE name = 'ignored_team'
),

teams AS (
  SELECT DISTINCT
    t.usage_day,
    t.org AS github_org,
    t.team_id,
    t.team_name,
    p.parent_team_id IS NOT NULL AS has_teams_below
  FROM stg_github__team_day AS t
  LEFT JOIN (SELECT DISTINCT usage_day, org, parent_team_id FROM stg_github__team_day) AS p
    ON p.usage_day = t.usage_day AND p.org = t.org AND p.parent_team_id = t.team_id
),

memberships AS (
  SELECT
    t.usage_day,
    t.user_id,
    t.user_login,
    t.org AS github_org,
    CASE WHEN t.team_type = 'enterprise' THEN 1 ELSE 0 END AS is_of_enterprise,
    t.team_id,
    t.team_path,
    CAST(LENGTH(t.team_path) - LENGTH(REPLACE(t.team_path, '/', '')) + 1 AS BIGINT) AS level,
    r.org_level,
    r.squad_level
  FROM stg_github__team_day AS t
  CROSS JOIN rules AS r
  LEFT JOIN ignored AS i ON i.team_slug = LOWER(t.team_slug)
  WHERE t.user_id IS NOT NULL AND i.team_slug IS NULL
),

placed AS (
  SELECT
    m.*,
    -- A team at the org's level with teams below it is an org: who is in nothing else has no squad.
    CASE
      WHEN m.level = m.org_level AND t.has_teams_below THEN NULL
      WHEN m.level > m.squad_level THEN TRY_CAST(SPLIT_PART(m.team_path, '/', m.squad_level) AS BIGINT)
      ELSE m.team_id
    END AS squad_id,
    CASE
      WHEN m.org_level >= 1 AND (m.level > m.org_level OR (m.level = m.org_level AND t.has_teams_below))
        THEN TRY_CAST(SPLIT_PART(m.team_path, '/', m.org_level) AS BIGINT)
    END AS org_id
  FROM memberships AS m
  INNER JOIN teams AS t ON t.usage_day = m.usage_day AND t.github_org = m.github_org AND t.team_id = m.team_id
),

ranked AS (
  SELECT
    p.usage_day,
    p.user_id,
    p.user_login,
    COALESCE(o.team_name, p.github_org) AS org,
    s.team_name AS squad,
    ROW_NUMBER() OVER (
      PARTITION BY p.usage_day, p.user_id
      ORDER BY p.is_of_enterprise, CASE WHEN s.team_id IS NULL THEN 1 ELSE 0 END, p.level DESC, p.team_id, p.github_org
    ) AS preference
  FROM placed AS p
  LEFT JOIN teams AS s ON s.usage_day = p.usage_day AND s.github_org = p.github_org AND s.team_id = p.squad_id
  LEFT JOIN teams AS o ON o.usage_day = p.usage_day AND o.github_org = p.github_org AND o.team_id = p.org_id
),

others AS (
  SELECT
    r.usage_day,
    r.user_id,
    STRING_AGG(DISTINCT r.squad, ', ' ORDER BY r.squad) AS other_squads
  FROM ranked AS r
  INNER JOIN ranked AS chosen
    ON chosen.usage_day = r.usage_day AND chosen.user_id = r.user_id AND chosen.preference = 1
  WHERE r.squad <> COALESCE(chosen.squad, '')
  GROUP BY r.usage_day, r.user_id
),

stg_github__squad_day AS (
  SELECT
    r.usage_day,
    r.user_id,
    r.user_login,
    r.org,
    r.squad,
    o.other_squads
  FROM ranked AS r
  LEFT JOIN others AS o ON o.usage_day = r.usage_day AND o.user_id = r.user_id
  WHERE r.preference = 1
)

SELECT * FROM stg_github__squad_day
