-- grain: one row per GitHub login with a known e-mail: SCIM's before SAML's before the licence list's, the newest of each
-- source: int_github__identity
-- late data: rebuilt whole
-- partitions: none
/*
user_login: GitHub login, lower case
email: work e-mail, lower case
name: name for display, null when no source tells
email_source: scim, saml or licences
*/
WITH ranked AS (
  SELECT
    user_login,
    email,
    MAX(name) OVER (PARTITION BY user_login) AS name,
    email_source,
    ROW_NUMBER() OVER (
      PARTITION BY user_login
      ORDER BY CASE email_source WHEN 'scim' THEN 1 WHEN 'saml' THEN 2 ELSE 3 END, last_day DESC, email
    ) AS preference
  FROM int_github__identity
),

int_github__email AS (
  SELECT
    user_login,
    email,
    name,
    email_source
  FROM ranked
  WHERE preference = 1
)

SELECT * FROM int_github__email
