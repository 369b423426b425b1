-- grain: one row per person ever in the roster, as last seen
-- source: stg_roster__member_day
-- late data: rebuilt whole
-- partitions: none
/*
person_id: the company's own id of the person; 'github:<account id>' for who is in GitHub's teams only
name: name for display
email: work e-mail, lower case
github_login: GitHub login, lower case
org: last known org
squad: last known squad
cost_center: last known cost centre
first_day: first UTC day in the loaded roster
last_day: last UTC day in the loaded roster
squad_source: hr or github_teams, whichever named the squad; null without one
other_squads: further squads that GitHub's teams show on the last day; null for none
*/
WITH ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY person_id ORDER BY usage_day DESC) AS preference,
    MIN(usage_day) OVER (PARTITION BY person_id) AS first_day
  FROM stg_roster__member_day
),

dim_person AS (
  SELECT
    person_id,
    name,
    email,
    github_login,
    org,
    squad,
    cost_center,
    first_day,
    usage_day AS last_day,
    squad_source,
    other_squads
  FROM ranked
  WHERE preference = 1
)

SELECT * FROM dim_person
