"""Which run each span belongs to, as DuckDB SQL over ``unique_spans``: one trace may hold several runs.

Resolved while landing, where a trace is at hand as a whole and a tree may be walked; the models then need no recursion.
"""

_NANOSECONDS_A_DAY = 86_400_000_000_000

# A trace that says neither its workflow nor its task, and whose root links to one span of a trace that does, is the same
# work gone on elsewhere: the link is read as a parent. A chain of such traces ends at one that says what it works on.
CONTINUED = """
CREATE TABLE continued AS
WITH RECURSIVE linked AS (
    SELECT trace_id, span_id, link_trace_id, link_span_id
    FROM unique_spans
    WHERE parent_span_id IS NULL AND link_trace_id <> trace_id
),
said AS (
    SELECT
        trace_id,
        COUNT(task_id) + COUNT(workflow) + COUNT(*) FILTER (span_class = 'workflow') > 0 AS is_named,
        COUNT(*) FILTER (parent_span_id IS NULL) AS roots
    FROM unique_spans
    SEMI JOIN (SELECT trace_id FROM linked UNION SELECT link_trace_id FROM linked) AS asked USING (trace_id)
    GROUP BY trace_id
),
going_on AS (
    SELECT linked.*
    FROM linked
    JOIN said ON said.trace_id = linked.trace_id AND said.roots = 1 AND NOT said.is_named
    SEMI JOIN unique_spans AS origin
        ON origin.trace_id = linked.link_trace_id AND origin.span_id = linked.link_span_id
),
followed AS (
    SELECT trace_id, span_id, link_span_id, link_trace_id AS whole_trace_id FROM going_on
    UNION
    SELECT followed.trace_id, followed.span_id, followed.link_span_id, going_on.link_trace_id
    FROM followed JOIN going_on ON going_on.trace_id = followed.whole_trace_id
),
ended AS (
    SELECT followed.* FROM followed JOIN said ON said.trace_id = followed.whole_trace_id AND said.is_named
),
clashing AS (
    SELECT ended.whole_trace_id
    FROM unique_spans
    JOIN (SELECT trace_id, whole_trace_id FROM ended UNION SELECT whole_trace_id, whole_trace_id FROM ended) AS ended
        USING (trace_id)
    GROUP BY ended.whole_trace_id
    HAVING COUNT(*) > COUNT(DISTINCT span_id)
)
SELECT * FROM ended ANTI JOIN clashing USING (whole_trace_id);

UPDATE unique_spans
SET
    parent_span_id = CASE WHEN unique_spans.span_id = continued.span_id THEN continued.link_span_id
        ELSE unique_spans.parent_span_id END,
    trace_id = continued.whole_trace_id
FROM continued
WHERE unique_spans.trace_id = continued.trace_id;
"""

# Most traces hold one run. It is led by the workflow's named span, else by the outermost span that is or names a workflow,
# else by the outermost agent, else by the root.
TRACES = f"""
CREATE TABLE traces AS
SELECT
    trace_id,
    DATE '1970-01-01' + CAST(MAX(ended_ns) // {_NANOSECONDS_A_DAY} AS INTEGER) AS usage_day,
    ARG_MIN(span_id, ROW(
        CASE
            WHEN span_class = 'workflow' AND workflow IS NOT NULL THEN 0
            WHEN span_class = 'workflow' OR workflow IS NOT NULL THEN 1
            WHEN span_class = 'agent' AND agent IS NOT NULL THEN 2
            WHEN parent_span_id IS NULL THEN 3
            ELSE 4
        END,
        started_at, -ended_ns, span_id
    )) AS lead_span_id,
    ARG_MIN(workflow, ROW(span_class <> 'workflow', started_at, -ended_ns, span_id)) FILTER (workflow IS NOT NULL) AS workflow,
    MIN(task_id) AS task_id,
    COUNT(*) FILTER (span_class = 'workflow') > 1
        OR COALESCE(MIN(task_id) <> MAX(task_id), FALSE)
        OR COALESCE(MIN(LOWER(workflow)) <> MAX(LOWER(workflow)), FALSE) AS may_hold_several
FROM unique_spans
GROUP BY trace_id
"""

# A trace that names several workflows or tasks is walked from its roots down (README, "What a run is"). ``entry``: the
# outermost span that is or names a workflow, or states a task; ``task``: the outermost span that states a task. Spans
# that no root leads to (a circle of parents) are reached by nobody and stay outside of every run.
RUNS = """
CREATE TABLE runs AS
WITH RECURSIVE family AS (
    SELECT trace_id, span_id, parent_span_id, started_at, ended_ns, span_class = 'workflow' AS is_workflow, workflow, task_id
    FROM unique_spans SEMI JOIN (SELECT trace_id FROM traces WHERE may_hold_several) AS several USING (trace_id)
),
walked AS (
    SELECT
        trace_id,
        span_id,
        CASE WHEN is_workflow OR workflow IS NOT NULL OR task_id IS NOT NULL THEN span_id END AS entry_span_id,
        CASE WHEN task_id IS NOT NULL THEN span_id END AS task_span_id,
        workflow AS outer_workflow
    FROM family
    WHERE NOT EXISTS (
        SELECT 1 FROM family AS parent WHERE parent.trace_id = family.trace_id AND parent.span_id = family.parent_span_id
    )
    UNION ALL
    SELECT
        child.trace_id,
        child.span_id,
        COALESCE(
            walked.entry_span_id,
            CASE WHEN child.is_workflow OR child.workflow IS NOT NULL OR child.task_id IS NOT NULL THEN child.span_id END
        ),
        COALESCE(walked.task_span_id, CASE WHEN child.task_id IS NOT NULL THEN child.span_id END),
        COALESCE(walked.outer_workflow, child.workflow)
    FROM walked
    JOIN family AS child ON child.trace_id = walked.trace_id AND child.parent_span_id = walked.span_id
),
scoped AS (
    SELECT
        walked.*,
        CASE
            WHEN entry.is_workflow THEN entry.span_id
            WHEN entry.workflow IS NOT NULL THEN 'workflow ' || LOWER(entry.workflow)
            WHEN entry.span_id IS NOT NULL THEN 'tasks'
        END AS scope,
        task.task_id,
        task.is_workflow AS is_task_workflow
    FROM walked
    LEFT JOIN family AS entry ON entry.trace_id = walked.trace_id AND entry.span_id = walked.entry_span_id
    LEFT JOIN family AS task ON task.trace_id = walked.trace_id AND task.span_id = walked.task_span_id
),
scopes AS (
    SELECT trace_id, scope, COALESCE(MIN(task_id) <> MAX(task_id), FALSE) AS holds_tasks, MIN(task_id) AS task_id
    FROM scoped
    WHERE scope IS NOT NULL
    GROUP BY trace_id, scope
),
told_apart AS (
    SELECT
        scoped.trace_id,
        scoped.span_id,
        scoped.outer_workflow,
        CASE
            WHEN NOT scopes.holds_tasks THEN scoped.scope
            WHEN scoped.is_task_workflow THEN scoped.scope || ' span ' || scoped.task_span_id
            ELSE scoped.scope || ' task ' || scoped.task_id
        END AS run,
        CASE WHEN scopes.holds_tasks THEN scoped.task_id ELSE scopes.task_id END AS run_task_id,
        CASE WHEN scopes.holds_tasks THEN scoped.task_span_id ELSE scoped.entry_span_id END AS lead_span_id
    FROM scoped
    LEFT JOIN scopes ON scopes.trace_id = scoped.trace_id AND scopes.scope = scoped.scope
),
led AS (
    SELECT
        trace_id,
        run,
        MIN(run_task_id) AS run_task_id,
        ARG_MAX(span_id, ROW(ended_ns, started_at, span_id)) FILTER (span_id = lead_span_id) AS run_span_id,
        ARG_MIN(outer_workflow, ROW(started_at, span_id)) FILTER (outer_workflow IS NOT NULL) AS run_workflow
    FROM told_apart JOIN family USING (trace_id, span_id)
    WHERE run IS NOT NULL
    GROUP BY trace_id, run
),
alone AS (
    SELECT trace_id, MIN(run) AS run FROM led GROUP BY trace_id HAVING COUNT(*) = 1
)
SELECT family.trace_id, family.span_id, led.run_span_id, led.run_workflow, led.run_task_id
FROM family
LEFT JOIN told_apart USING (trace_id, span_id)
LEFT JOIN alone ON alone.trace_id = family.trace_id
JOIN led ON led.trace_id = family.trace_id AND led.run = COALESCE(alone.run, told_apart.run)
"""
