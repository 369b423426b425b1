-- grain: one row per UTC day x GitHub user that matches a person; the first rule of the ladder wins
-- source: stg_copilot__user_day, int_identity__account_day
-- late data: follows the roster and the overrides of the day
-- partitions: view day
/*
usage_day: UTC day
actor_id: GitHub account id as text
person_id: the person
identity_rule: override, email, github_user_id, vendor_mapping (another e-mail of the account), login or login_history
identity_confidence: certain, high or medium
*/
WITH identifiers AS (
  SELECT usage_day, CAST(user_id AS VARCHAR) AS actor_id, CAST(user_id AS VARCHAR) AS identifier FROM stg_copilot__user_day
  UNION ALL
  SELECT usage_day, CAST(user_id AS VARCHAR), LOWER(user_login) FROM stg_copilot__user_day
),

ranked AS (
  SELECT
    u.usage_day,
    u.actor_id,
    m.person_id,
    m.identity_rule,
    m.identity_confidence,
    ROW_NUMBER() OVER (PARTITION BY u.usage_day, u.actor_id ORDER BY m.step, m.person_id) AS preference
  FROM identifiers AS u
  INNER JOIN int_identity__account_day AS m
    ON m.vendor = 'github_copilot' AND m.usage_day = u.usage_day AND m.identifier = u.identifier
),

int_identity__copilot_day AS (
  SELECT usage_day, actor_id, person_id, identity_rule, identity_confidence FROM ranked WHERE preference = 1
)

SELECT * FROM int_identity__copilot_day
