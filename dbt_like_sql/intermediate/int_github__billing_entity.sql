-- grain: one row per slug that GitHub was asked for
-- source: copilot_seats, copilot_user_usage, copilot_user_usage_28_day, copilot_billing_usage
-- late data: follows the feeds
-- partitions: view none
/*
scope: slug of the enterprise or organization that was asked
billing_entity: who gets GitHub's bill and has the pool: the enterprise, or an organization of its own
is_standalone: whether its usage report names no enterprise; false while no report is loaded
*/
WITH reports AS (
  SELECT scope_kind, scope, enterprise_id FROM copilot_user_usage
  UNION ALL
  SELECT scope_kind, scope, enterprise_id FROM copilot_user_usage_28_day
),

asked AS (
  SELECT scope FROM copilot_seats
  UNION
  SELECT scope FROM reports
  UNION
  SELECT scope FROM copilot_billing_usage
),

enterprise_slugs AS (
  SELECT scope, enterprise_id FROM reports WHERE scope_kind = 'enterprise'
  UNION ALL
  SELECT scope, CAST(NULL AS VARCHAR) FROM copilot_billing_usage WHERE scope_kind = 'enterprise'
),

enterprises AS (
  SELECT scope, MAX(enterprise_id) AS enterprise_id, COUNT(*) OVER () AS enterprises
  FROM enterprise_slugs
  GROUP BY scope
),

organizations AS (
  SELECT scope, MAX(enterprise_id) AS enterprise_id
  FROM reports
  WHERE scope_kind = 'organization'
  GROUP BY scope
),

int_github__billing_entity AS (
  SELECT
    a.scope,
    CASE
      WHEN e.scope IS NOT NULL THEN a.scope
      WHEN o.enterprise_id IS NOT NULL THEN COALESCE(same_id.scope, the_one.scope, 'enterprise ' || o.enterprise_id)
      -- Whether it belongs to the enterprise is not known: it is held to do so.
      WHEN o.scope IS NULL THEN COALESCE(the_one.scope, a.scope)
      ELSE a.scope
    END AS billing_entity,
    e.scope IS NULL AND o.scope IS NOT NULL AND o.enterprise_id IS NULL AS is_standalone
  FROM asked AS a
  LEFT JOIN enterprises AS e ON e.scope = a.scope
  LEFT JOIN organizations AS o ON o.scope = a.scope
  LEFT JOIN enterprises AS same_id ON same_id.enterprise_id = o.enterprise_id
  LEFT JOIN enterprises AS the_one ON the_one.enterprises = 1
)

SELECT * FROM int_github__billing_entity
