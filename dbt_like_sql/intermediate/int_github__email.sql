-- grain: one row per GitHub login with a known e-mail, as last seen
-- source: github_identities (licences, SAML and verified domains; snapshots of a live list)
-- late data: rebuilt whole
-- partitions: none
/*
user_login: GitHub login, lower case
email: work e-mail, lower case
*/
WITH ranked AS (
  SELECT
    LOWER(user_login) AS user_login,
    LOWER(COALESCE(email, CASE WHEN saml_name_id LIKE '%@%' THEN saml_name_id END)) AS email,
    ROW_NUMBER() OVER (PARTITION BY LOWER(user_login) ORDER BY usage_day DESC) AS preference
  FROM github_identities
  WHERE email IS NOT NULL OR saml_name_id LIKE '%@%'
),

int_github__email AS (
  SELECT
    user_login,
    email
  FROM ranked
  WHERE preference = 1
)

SELECT * FROM int_github__email
