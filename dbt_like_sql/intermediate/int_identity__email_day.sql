-- grain: one row per UTC day x e-mail that belongs to a person of the roster
-- source: stg_roster__member_day, int_github__identity, login history
-- late data: follows the roster of the day
-- partitions: view day
/*
usage_day: UTC day
email: e-mail, lower case
person_id: the person
identity_rule: email (the roster's own) or vendor_mapping (GitHub ties it to the account of one person of the roster)
identity_confidence: high
*/
WITH accounts AS (
  SELECT usage_day, person_id, github_login AS user_login FROM stg_roster__member_day
  UNION
  SELECT r.usage_day, r.person_id, l.user_login
  FROM stg_roster__member_day AS r
  INNER JOIN int_github__login AS l ON l.user_id = r.github_user_id
  UNION
  SELECT r.usage_day, r.person_id, i.user_login
  FROM stg_roster__member_day AS r
  INNER JOIN int_github__identity AS i ON i.email = r.email
),

aliases AS (
  SELECT
    a.usage_day,
    i.email,
    MIN(a.person_id) AS person_id
  FROM accounts AS a
  INNER JOIN int_github__identity AS i ON i.user_login = a.user_login
  GROUP BY a.usage_day, i.email
  HAVING COUNT(DISTINCT a.person_id) = 1
),

int_identity__email_day AS (
  SELECT
    usage_day,
    email,
    person_id,
    'email' AS identity_rule,
    'high' AS identity_confidence
  FROM stg_roster__member_day
  WHERE email IS NOT NULL
  UNION ALL
  SELECT
    a.usage_day,
    a.email,
    a.person_id,
    'vendor_mapping' AS identity_rule,
    'high' AS identity_confidence
  FROM aliases AS a
  LEFT JOIN stg_roster__member_day AS r ON r.usage_day = a.usage_day AND r.email = a.email
  WHERE r.person_id IS NULL
)

SELECT * FROM int_identity__email_day
