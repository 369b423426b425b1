-- grain: one row per GitHub account that was ever in a team, with the person it belongs to
-- source: int_github__squad_span, identity_overrides, github_identities, the HR roster, login history
-- late data: rebuilt whole
-- partitions: none
/*
user_id: GitHub account id
person_id: the person in the HR roster; 'github:<account id>' for who is in none
is_in_hr: whether the HR roster knows the person on any day
identity_rule: override, email, github_user_id, vendor_mapping (another e-mail of the account), login or github_teams (nobody in HR)
name: name as GitHub's identities or the login show it
email: work e-mail, lower case; null when no source tells
user_login: newest login, lower case
*/
WITH accounts AS (
  SELECT
    user_id,
    user_login,
    ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY last_day DESC) AS preference
  FROM int_github__squad_span
),

logins AS (
  SELECT user_id, user_login FROM int_github__squad_span
  UNION
  SELECT user_id, user_login FROM int_github__login
),

hr AS (
  SELECT DISTINCT person_id, LOWER(email) AS email, LOWER(github_login) AS github_login, github_user_id FROM roster_members
),

overrides AS (
  SELECT
    identifier,
    person_id,
    ROW_NUMBER() OVER (PARTITION BY identifier ORDER BY usage_day DESC) AS preference
  FROM stg_identity__override
  WHERE vendor = 'github_copilot'
),

matches AS (
  SELECT l.user_id, o.person_id, 1 AS step, 'override' AS identity_rule
  FROM logins AS l
  INNER JOIN overrides AS o ON o.preference = 1 AND o.identifier IN (l.user_login, CAST(l.user_id AS VARCHAR))
  UNION ALL
  SELECT l.user_id, h.person_id, 2 AS step, 'email' AS identity_rule
  FROM logins AS l
  INNER JOIN int_github__email AS e ON e.user_login = l.user_login
  INNER JOIN hr AS h ON h.email = e.email
  UNION ALL
  SELECT a.user_id, h.person_id, 3 AS step, 'github_user_id' AS identity_rule
  FROM accounts AS a
  INNER JOIN hr AS h ON h.github_user_id = a.user_id
  UNION ALL
  SELECT l.user_id, h.person_id, 4 AS step, 'vendor_mapping' AS identity_rule
  FROM logins AS l
  INNER JOIN int_github__identity AS e ON e.user_login = l.user_login
  INNER JOIN hr AS h ON h.email = e.email
  UNION ALL
  SELECT l.user_id, h.person_id, 5 AS step, 'login' AS identity_rule
  FROM logins AS l
  INNER JOIN hr AS h ON h.github_login = l.user_login
),

ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY step, person_id) AS preference
  FROM matches
),

int_github__person AS (
  SELECT
    a.user_id,
    -- Two accounts with one e-mail are one person.
    COALESCE(
      m.person_id,
      'github:' || CAST(MIN(a.user_id) OVER (PARTITION BY COALESCE(e.email, CAST(a.user_id AS VARCHAR))) AS VARCHAR)
    ) AS person_id,
    COALESCE(m.person_id IN (SELECT person_id FROM hr), FALSE) AS is_in_hr,
    COALESCE(m.identity_rule, 'github_teams') AS identity_rule,
    COALESCE(e.name, a.user_login) AS name,
    e.email,
    a.user_login
  FROM accounts AS a
  LEFT JOIN ranked AS m ON m.user_id = a.user_id AND m.preference = 1
  LEFT JOIN int_github__email AS e ON e.user_login = a.user_login
  WHERE a.preference = 1
)

SELECT * FROM int_github__person
