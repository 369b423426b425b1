-- grain: one row per GitHub login x e-mail x source that ties them, as last seen
-- source: github_identities (SCIM, then SAML, then licences; snapshots of live lists), github_teams and usage for logins
-- late data: rebuilt whole
-- partitions: none
/*
user_login: GitHub login, lower case
email: work e-mail, lower case
name: name for display, null when the source does not tell
email_source: scim, saml or licences
last_day: UTC day of the newest snapshot that has it
*/
WITH listed AS (
  SELECT
    usage_day,
    source,
    LOWER(user_login) AS user_login,
    LOWER(idp_user_name) AS idp_user_name,
    COALESCE(email, CASE WHEN idp_user_name LIKE '%@%' THEN LOWER(idp_user_name) END) AS email,
    name
  FROM github_identities
),

logins AS (
  SELECT user_login FROM int_github__login
  UNION
  SELECT LOWER(user_login) AS user_login FROM github_teams WHERE user_login IS NOT NULL
  UNION
  SELECT user_login FROM listed WHERE user_login IS NOT NULL
),

-- SCIM never names the login. Another list may know the same name of the identity provider.
by_name AS (
  SELECT DISTINCT idp_user_name, user_login FROM listed WHERE source <> 'scim' AND idp_user_name IS NOT NULL
),

-- Managed users are called after it: the part before '@', dashes for the rest, an underscore and the company's short code.
managed AS (
  SELECT
    s.idp_user_name,
    MIN(l.user_login) AS user_login
  FROM (SELECT DISTINCT idp_user_name FROM listed WHERE source = 'scim') AS s
  INNER JOIN logins AS l
    ON SPLIT_PART(l.user_login, '_', 1) = REGEXP_REPLACE(SPLIT_PART(s.idp_user_name, '@', 1), '[^a-z0-9]', '-', 'g')
    AND l.user_login <> SPLIT_PART(l.user_login, '_', 1)
  GROUP BY s.idp_user_name
  HAVING COUNT(*) = 1
),

named AS (
  SELECT
    i.usage_day,
    i.source,
    COALESCE(i.user_login, b.user_login, m.user_login) AS user_login,
    i.email,
    i.name
  FROM listed AS i
  LEFT JOIN by_name AS b ON i.user_login IS NULL AND b.idp_user_name = i.idp_user_name
  LEFT JOIN managed AS m ON i.user_login IS NULL AND m.idp_user_name = i.idp_user_name
),

int_github__identity AS (
  SELECT
    user_login,
    email,
    MAX(name) AS name,
    source AS email_source,
    MAX(usage_day) AS last_day
  FROM named
  WHERE user_login IS NOT NULL AND email IS NOT NULL
  GROUP BY user_login, email, source
)

SELECT * FROM int_github__identity
