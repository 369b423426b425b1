-- grain: one row per UTC day x vendor x account identifier x person that it may be, the lowest step first
-- source: stg_identity__override (all vendors); for GitHub also github_identities, the roster of the day and login history
-- late data: follows the roster and the overrides of the day
-- partitions: view day
/*
usage_day: UTC day
vendor: ledger name of the vendor
identifier: login (lower case), account id as text, or what an override names
person_id: the person
step: place on the ladder; of a person's several matches the lowest counts
identity_rule: override, email, github_user_id, vendor_mapping (another e-mail of the account), login or login_history
identity_confidence: certain, high or medium
*/
WITH by_login AS (
  SELECT r.usage_day, e.user_login, r.person_id, 2 AS step, 'email' AS identity_rule, 'high' AS identity_confidence
  FROM stg_roster__member_day AS r
  INNER JOIN int_github__email AS e ON e.email = r.email
  UNION ALL
  SELECT r.usage_day, i.user_login, r.person_id, 5, 'vendor_mapping', 'high'
  FROM stg_roster__member_day AS r
  INNER JOIN int_github__identity AS i ON i.email = r.email
  UNION ALL
  SELECT usage_day, github_login, person_id, 6, 'login', 'medium'
  FROM stg_roster__member_day
  WHERE github_login IS NOT NULL
  UNION ALL
  SELECT usage_day, identifier, person_id, 1, 'override', 'certain'
  FROM stg_identity__override
  WHERE vendor = 'github_copilot'
),

int_identity__account_day AS (
  SELECT usage_day, 'github_copilot' AS vendor, user_login AS identifier, person_id, step, identity_rule, identity_confidence
  FROM by_login
  UNION ALL
  -- What a login tells holds for the account under every login it ever had, one step lower.
  SELECT
    b.usage_day,
    'github_copilot',
    CAST(l.user_id AS VARCHAR),
    b.person_id,
    CASE b.step WHEN 2 THEN 3 WHEN 6 THEN 7 ELSE b.step END,
    CASE b.step WHEN 6 THEN 'login_history' ELSE b.identity_rule END,
    b.identity_confidence
  FROM by_login AS b
  INNER JOIN int_github__login AS l ON l.user_login = b.user_login
  UNION ALL
  SELECT usage_day, 'github_copilot', CAST(github_user_id AS VARCHAR), person_id, 4, 'github_user_id', 'certain'
  FROM stg_roster__member_day
  WHERE github_user_id IS NOT NULL
  UNION ALL
  SELECT usage_day, vendor, identifier, person_id, 1, 'override', 'certain'
  FROM stg_identity__override
  WHERE vendor <> 'github_copilot'
)

SELECT * FROM int_identity__account_day
