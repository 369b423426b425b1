-- grain: one row per UTC day x person in the roster
-- source: roster_members
-- late data: the partition of a day is the roster as known when it was last loaded
-- partitions: view day
/*
usage_day: UTC day
person_id: the company's own id of the person
name: name for display
email: work e-mail, lower case
github_login: GitHub login, lower case
github_user_id: GitHub account id where the roster has it
org: organisation unit of an engineering manager
squad: team inside the org
cost_center: cost centre of the person, upper case
*/
SELECT
  usage_day,
  person_id,
  name,
  LOWER(email) AS email,
  LOWER(github_login) AS github_login,
  github_user_id,
  org,
  squad,
  UPPER(cost_center) AS cost_center
FROM roster_members
