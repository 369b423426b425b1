-- grain: one row per vendor identifier with usage on a personal surface or a seat and no person in the roster, and person that an override names for it
-- unit: USD
-- source: fct_usage_day, fct_seat_fee, dim_person, login history
-- late data: rebuilt whole; one line in the roster or the override file moves the money on the next run
-- partitions: none
/*
vendor: vendor
identifier: the vendor's id of the person; what a line of the override file names
login: newest GitHub login, where the vendor is GitHub; an override may name it instead
first_day: first UTC day with usage; of a seat without any, the first day that is paid
last_day: last UTC day with usage; of a seat without any, the first day of the last month that is paid
days: UTC days with usage
list_usd: consumption at list price that no person carries
billed_usd: billed amount of usage that no person carries
person_id: whom the override file names for it and no roster knows; null without such a line
seat_fee_usd: seat fees that no person carries; null without a seat or a price
*/
WITH logins AS (
  SELECT
    CAST(user_id AS VARCHAR) AS actor_id,
    user_login AS login,
    ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY last_day DESC, user_login) AS preference
  FROM int_github__login
),

of_nobody AS (
  SELECT
    f.vendor,
    f.actor_id,
    f.person_id,
    f.usage_day AS first_day,
    f.usage_day AS last_day,
    f.usage_day,
    f.list_usd,
    f.billed_usd,
    CAST(NULL AS DECIMAL(38, 18)) AS seat_fee_usd
  FROM fct_usage_day AS f
  LEFT JOIN dim_person AS p ON p.person_id = f.person_id
  -- A person may also sign in without a seat, or use a key that was made for one person; what names nobody is no identifier.
  WHERE p.person_id IS NULL AND f.series <> 'copilot_billing'
    AND (f.auth_kind = 'seat' OR (f.actor_kind = 'interactive' AND f.actor_id <> '(no key)'))
  UNION ALL
  SELECT
    s.vendor,
    s.actor_id,
    s.person_id,
    GREATEST(s.month, s.period_start_day) AS first_day,
    s.month AS last_day,
    CAST(NULL AS DATE) AS usage_day,
    CAST(NULL AS DECIMAL(38, 18)) AS list_usd,
    CAST(NULL AS DECIMAL(38, 18)) AS billed_usd,
    s.billed_usd AS seat_fee_usd
  FROM fct_seat_fee AS s
  LEFT JOIN dim_person AS p ON p.person_id = s.person_id
  WHERE s.actor_id IS NOT NULL AND p.person_id IS NULL
),

rpt_unmatched AS (
  SELECT
    f.vendor,
    f.actor_id AS identifier,
    l.login,
    COALESCE(MIN(f.usage_day), MIN(f.first_day)) AS first_day,
    COALESCE(MAX(f.usage_day), MAX(f.last_day)) AS last_day,
    CAST(COUNT(DISTINCT f.usage_day) AS BIGINT) AS days,
    CAST(SUM(f.list_usd) AS DECIMAL(38, 18)) AS list_usd,
    CAST(SUM(f.billed_usd) AS DECIMAL(38, 18)) AS billed_usd,
    f.person_id,
    CAST(SUM(f.seat_fee_usd) AS DECIMAL(38, 18)) AS seat_fee_usd
  FROM of_nobody AS f
  LEFT JOIN logins AS l ON f.vendor = 'github_copilot' AND l.actor_id = f.actor_id AND l.preference = 1
  GROUP BY f.vendor, f.actor_id, l.login, f.person_id
)

SELECT * FROM rpt_unmatched
