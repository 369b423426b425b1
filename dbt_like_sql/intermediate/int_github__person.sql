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

known AS (
  SELECT
    a.user_id,
    a.user_login,
    m.person_id,
    m.identity_rule,
    e.name,
    e.email,
    -- Two accounts with one e-mail are one person.
    COALESCE(e.email, CAST(a.user_id AS VARCHAR)) AS one_person
  FROM accounts AS a
  LEFT JOIN ranked AS m ON m.user_id = a.user_id AND m.preference = 1
  LEFT JOIN int_github__email AS e ON e.user_login = a.user_login
  WHERE a.preference = 1
),

named AS (
  SELECT
    *,
    COALESCE(
      person_id,
      MIN(person_id) OVER (PARTITION BY one_person),
      'github:' || CAST(MIN(user_id) OVER (PARTITION BY one_person) AS VARCHAR)
    ) AS found_id
  FROM known
),

int_github__person AS (
  SELECT
    n.user_id,
    n.found_id AS person_id,
    h.person_id IS NOT NULL AS is_in_hr,
    CASE
      WHEN n.person_id IS NOT NULL THEN n.identity_rule
      WHEN h.person_id IS NOT NULL THEN 'vendor_mapping'
      ELSE 'github_teams'
    END AS identity_rule,
    COALESCE(n.name, n.user_login) AS name,
    n.email,
    n.user_login
  FROM named AS n
  LEFT JOIN (SELECT DISTINCT person_id FROM hr) AS h ON h.person_id = n.found_id
)

SELECT * FROM int_github__person
