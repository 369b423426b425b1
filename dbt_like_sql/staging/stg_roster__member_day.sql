-- grain: one row per UTC day x person in the roster: who HR lists that day, and who only GitHub's teams know
-- source: roster_members, int_github__squad_span, int_github__person; who goes first is in policies/roster_rules.csv
-- late data: the HR partition of a day is HR's roster as known when it was last loaded; teams as they were that day
-- partitions: view day
/*
usage_day: UTC day
person_id: the company's own id of the person; 'github:<account id>' for who is in GitHub's teams and never in HR's roster
name: name for display
email: work e-mail, lower case
github_login: GitHub login, lower case
github_user_id: GitHub account id where the roster has it
org: organisation unit of an engineering manager; null when no source knows it for this day
squad: team inside the org; null when no source knows it for this day
cost_center: cost centre of the person, upper case; only HR has one
org_source: hr or github_teams, null without an org
squad_source: hr or github_teams, null without a squad
other_squads: further squads that GitHub's teams show; null for none
*/
WITH rules AS (
  SELECT
    COALESCE(MAX(CASE WHEN name = 'org' THEN value END), 'hr') AS org,
    COALESCE(MAX(CASE WHEN name = 'squad' THEN value END), 'hr') AS squad
  FROM roster_rules
),

days AS (
  SELECT DISTINCT usage_day FROM feed_coverage WHERE feed <> 'vendor_invoices'
  UNION
  SELECT DISTINCT usage_day FROM roster_members
),

in_teams AS (
  SELECT
    d.usage_day,
    p.person_id,
    p.is_in_hr,
    p.name,
    p.email,
    p.user_id,
    p.user_login,
    s.org,
    s.squad,
    s.other_squads,
    -- A person with two accounts has one place: the account with a squad, else the older account.
    ROW_NUMBER() OVER (
      PARTITION BY d.usage_day, p.person_id ORDER BY CASE WHEN s.squad IS NULL THEN 1 ELSE 0 END, p.user_id
    ) AS preference
  FROM days AS d
  INNER JOIN int_github__squad_span AS s ON d.usage_day BETWEEN s.first_day AND s.last_day
  INNER JOIN int_github__person AS p ON p.user_id = s.user_id
),

listed AS (
  SELECT
    h.usage_day,
    h.person_id,
    h.name,
    LOWER(h.email) AS email,
    LOWER(h.github_login) AS github_login,
    h.github_user_id,
    UPPER(h.cost_center) AS cost_center,
    h.org AS hr_org,
    h.squad AS hr_squad,
    t.org AS team_org,
    t.squad AS team_squad,
    t.other_squads
  FROM roster_members AS h
  LEFT JOIN in_teams AS t ON t.usage_day = h.usage_day AND t.person_id = h.person_id AND t.preference = 1
  UNION ALL
  SELECT
    t.usage_day,
    t.person_id,
    t.name,
    t.email,
    t.user_login AS github_login,
    t.user_id AS github_user_id,
    CAST(NULL AS VARCHAR) AS cost_center,
    CAST(NULL AS VARCHAR) AS hr_org,
    CAST(NULL AS VARCHAR) AS hr_squad,
    t.org AS team_org,
    t.squad AS team_squad,
    t.other_squads
  FROM in_teams AS t
  WHERE NOT t.is_in_hr AND t.preference = 1
),

stg_roster__member_day AS (
  SELECT
    b.usage_day,
    b.person_id,
    b.name,
    b.email,
    b.github_login,
    b.github_user_id,
    CASE WHEN r.org = 'hr' THEN COALESCE(b.hr_org, b.team_org) ELSE COALESCE(b.team_org, b.hr_org) END AS org,
    CASE WHEN r.squad = 'hr' THEN COALESCE(b.hr_squad, b.team_squad) ELSE COALESCE(b.team_squad, b.hr_squad) END AS squad,
    b.cost_center,
    CASE
      WHEN b.hr_org IS NOT NULL AND (r.org = 'hr' OR b.team_org IS NULL) THEN 'hr'
      WHEN b.team_org IS NOT NULL THEN 'github_teams'
    END AS org_source,
    CASE
      WHEN b.hr_squad IS NOT NULL AND (r.squad = 'hr' OR b.team_squad IS NULL) THEN 'hr'
      WHEN b.team_squad IS NOT NULL THEN 'github_teams'
    END AS squad_source,
    b.other_squads
  FROM listed AS b
  CROSS JOIN rules AS r
)

SELECT * FROM stg_roster__member_day
