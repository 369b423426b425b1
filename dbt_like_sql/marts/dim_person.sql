-- grain: one row per person ever in the roster, as last seen
-- source: roster_members
-- late data: rebuilt whole
-- partitions: none
/*
person_id: the company's own id of the person
name: name for display
email: work e-mail, lower case
github_login: GitHub login, lower case
org: last known org
squad: last known squad
cost_center: last known cost centre
first_day: first UTC day in the loaded roster
last_day: last UTC day in the loaded roster
*/
WITH ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY person_id ORDER BY usage_day DESC) AS preference,
    MIN(usage_day) OVER (PARTITION BY person_id) AS first_day
  FROM roster_members
),

dim_person AS (
  SELECT
    person_id,
    name,
    LOWER(email) AS email,
    LOWER(github_login) AS github_login,
    org,
    squad,
    cost_center,
    first_day,
    usage_day AS last_day
  FROM ranked
  WHERE preference = 1
)

SELECT * FROM dim_person
