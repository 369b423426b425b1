-- grain: one row per run (attempt) of a workflow; a trace holds one or several
-- unit: one run
-- source: agent_spans, int_agent__outcome; int_claude__sign_in for Claude Code, whose own attributes prove no seat
-- late data: a run lies on the UTC day its trace ended; late spans restate that day
-- partitions: day
/*
usage_day: UTC day the trace ended
trace_id: trace
run_span_id: span that leads the run
workflow_id: outermost workflow, else outermost agent, else the leading span's name; lower case
task_id: configured task attribute, else the trace, with the leading span where the trace holds several runs
started_at: first start of a span
ended_at: last end of a span
outcome: success, failure or unknown
outcome_rule: which rule decided the outcome
environment: deployment environment of the spans
auth_kind: seat, api_key, service_account or unknown
auth_rule: what decided auth_kind
owner_email: person behind a seat, lower case
client: entrypoint or terminal of a coding agent, lower case; null for others
is_session: a person's own session: an interactive program on a seat or signed in by a person, no headless client, and no workflow is named
*/
WITH runs AS (
  SELECT
    s.usage_day,
    s.trace_id,
    s.run_span_id,
    MIN(s.run_workflow) AS workflow,
    MIN(s.run_task_id) AS task_id,
    MIN(CASE WHEN s.span_id = s.run_span_id THEN COALESCE(s.agent, s.name) END) AS lead_name,
    MIN(s.started_at) AS started_at,
    MAX(s.ended_at) AS ended_at,
    COALESCE(MIN(CASE WHEN s.span_id = s.run_span_id THEN s.environment END), MIN(s.environment)) AS environment,
    COALESCE(MIN(CASE WHEN s.span_id = s.run_span_id THEN s.auth_hint END), MIN(s.auth_hint)) AS auth_hint,
    COALESCE(MIN(CASE WHEN s.span_id = s.run_span_id THEN s.billing_identity END), MIN(s.billing_identity)) AS billing_identity,
    COALESCE(MIN(CASE WHEN s.span_id = s.run_span_id THEN LOWER(s.client) END), MIN(LOWER(s.client))) AS client,
    MIN(s.organization_id) AS organization_id,
    BOOL_OR(LOWER(s.service_name) IN ('claude-code', 'claude-code-desktop')) AS is_claude_code,
    BOOL_OR(rules.value IS NOT NULL) AS is_session_service
  FROM agent_spans AS s
  LEFT JOIN workload_rules AS rules ON rules.name = 'interactive_service' AND rules.value = LOWER(s.service_name)
  WHERE s.run_span_id IS NOT NULL
  GROUP BY s.usage_day, s.trace_id, s.run_span_id
),

shared_traces AS (
  SELECT
    usage_day,
    trace_id
  FROM runs
  GROUP BY usage_day, trace_id
  HAVING COUNT(*) > 1
),

outcomes AS (
  SELECT
    usage_day,
    trace_id,
    run_span_id,
    CASE WHEN MIN(outcome) = MAX(outcome) AND MIN(outcome) IN ('success', 'failure') THEN MIN(outcome) ELSE 'unknown' END AS outcome,
    CASE WHEN MIN(outcome) <> MAX(outcome) THEN 'the rule contradicts itself' ELSE MIN(outcome_rule) END AS outcome_rule
  FROM int_agent__outcome
  GROUP BY usage_day, trace_id, run_span_id
),

signed_in AS (
  SELECT
    r.*,
    LOWER(r.billing_identity) AS owner_email,
    CASE
      WHEN r.auth_hint IS NOT NULL THEN r.auth_hint
      WHEN r.is_claude_code AND o.auth_kind IS NOT NULL THEN o.auth_kind
      WHEN r.is_claude_code AND e.auth_kind IS NOT NULL THEN e.auth_kind
      WHEN r.is_claude_code AND r.organization_id IS NULL AND r.billing_identity LIKE 'claude_install:%' THEN 'api_key'
      ELSE 'unknown'
    END AS auth_kind,
    CASE
      WHEN r.auth_hint IS NOT NULL THEN 'attribute of the spans'
      WHEN r.is_claude_code AND o.auth_kind IS NOT NULL THEN 'Claude Code signed in to the Console''s organisation'
      WHEN r.is_claude_code AND e.auth_kind IS NOT NULL THEN 'Claude Code signed in by a holder of a Claude seat'
      WHEN r.is_claude_code AND r.organization_id IS NULL AND r.billing_identity LIKE 'claude_install:%' THEN 'Claude Code without a sign-in: a key or a cloud provider'
      ELSE 'spans do not say how the agent authenticates'
    END AS auth_rule,
    headless.value IS NOT NULL AS is_headless
  FROM runs AS r
  LEFT JOIN int_claude__sign_in AS o ON o.usage_day = r.usage_day AND o.subject = r.organization_id
  LEFT JOIN int_claude__sign_in AS e ON e.usage_day = r.usage_day AND e.subject = LOWER(r.billing_identity)
  LEFT JOIN workload_rules AS headless ON headless.name = 'headless_terminal' AND headless.value = r.client
),

int_agent__run AS (
  SELECT
    r.usage_day,
    r.trace_id,
    r.run_span_id,
    LOWER(COALESCE(r.workflow, r.lead_name, '(unattributed)')) AS workflow_id,
    COALESCE(r.task_id, CASE WHEN t.trace_id IS NULL THEN r.trace_id ELSE r.trace_id || ':' || r.run_span_id END) AS task_id,
    r.started_at,
    r.ended_at,
    COALESCE(o.outcome, 'unknown') AS outcome,
    COALESCE(o.outcome_rule, 'the rule says nothing') AS outcome_rule,
    r.environment,
    r.auth_kind,
    r.auth_rule,
    r.owner_email,
    r.client,
    COALESCE(
      (r.auth_kind = 'seat' OR (r.is_claude_code AND r.owner_email LIKE '%@%'))
      AND r.is_session_service AND r.workflow IS NULL AND NOT r.is_headless, FALSE
    ) AS is_session
  FROM signed_in AS r
  LEFT JOIN shared_traces AS t ON t.usage_day = r.usage_day AND t.trace_id = r.trace_id
  LEFT JOIN outcomes AS o ON o.usage_day = r.usage_day AND o.trace_id = r.trace_id AND o.run_span_id = r.run_span_id
)

SELECT * FROM int_agent__run
