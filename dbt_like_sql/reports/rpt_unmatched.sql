-- grain: one row per vendor identifier with usage on a personal surface and no person in the roster, and person that an override names for it
-- unit: USD
-- source: fct_usage_day, dim_person, login history
-- late data: rebuilt whole; one line in the roster or the override file moves the money on the next run
-- partitions: none
/*
vendor: vendor
identifier: the vendor's id of the person; what a line of the override file names
login: newest GitHub login, where the vendor is GitHub; an override may name it instead
first_day: first UTC day
last_day: last UTC day
days: UTC days with usage
list_usd: consumption at list price that no person carries
billed_usd: billed amount that no person carries
person_id: whom the override file names for it and no roster knows; null without such a line
*/
WITH logins AS (
  SELECT
    CAST(user_id AS VARCHAR) AS actor_id,
    user_login AS login,
    ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY last_day DESC, user_login) AS preference
  FROM int_github__login
),

rpt_unmatched AS (
  SELECT
    f.vendor,
    f.actor_id AS identifier,
    l.login,
    MIN(f.usage_day) AS first_day,
    MAX(f.usage_day) AS last_day,
    CAST(COUNT(DISTINCT f.usage_day) AS BIGINT) AS days,
    CAST(SUM(f.list_usd) AS DECIMAL(38, 18)) AS list_usd,
    CAST(SUM(f.billed_usd) AS DECIMAL(38, 18)) AS billed_usd,
    f.person_id
  FROM fct_usage_day AS f
  LEFT JOIN dim_person AS p ON p.person_id = f.person_id
  LEFT JOIN logins AS l ON f.vendor = 'github_copilot' AND l.actor_id = f.actor_id AND l.preference = 1
  -- A person may also sign in without a seat, or use a key that was made for one person; what names nobody is no identifier.
  WHERE p.person_id IS NULL AND f.series <> 'copilot_billing'
    AND (f.auth_kind = 'seat' OR (f.actor_kind = 'interactive' AND f.actor_id <> '(no key)'))
  GROUP BY f.vendor, f.actor_id, l.login, f.person_id
)

SELECT * FROM rpt_unmatched
