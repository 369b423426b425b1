"""Which spans are model calls, each once, as DuckDB SQL over ``unique_spans``. Money is summed at these and no others."""

from agent_spend.sources.agent_traces.semantics import ANTHROPIC_API_SERVICE, CLAUDE_CALL_EVENT, CLAUDE_CALL_SPAN

# Claude Code's log events state the cost that its spans lack. Where both arrived, the span takes the cost and the event
# is dropped: the span lies in its run's tree.
PAIRED_EVENTS = f"""
CREATE TABLE paired_events AS
SELECT events.request_id, MIN(events.reported_usd) AS reported_usd, MIN(events.reported_usd_source) AS source
FROM unique_spans AS events
SEMI JOIN (SELECT request_id FROM unique_spans WHERE name = '{CLAUDE_CALL_SPAN}') AS calls USING (request_id)
WHERE events.name = '{CLAUDE_CALL_EVENT}'
GROUP BY events.request_id;

DELETE FROM unique_spans
WHERE name = '{CLAUDE_CALL_EVENT}' AND request_id IN (SELECT request_id FROM paired_events);

UPDATE unique_spans
SET reported_usd = paired_events.reported_usd, reported_usd_source = paired_events.source
FROM paired_events
WHERE unique_spans.request_id = paired_events.request_id
    AND unique_spans.name = '{CLAUDE_CALL_SPAN}'
    AND unique_spans.reported_usd IS NULL;
"""

# A span of no known class that states tokens, an agent whose calls nobody traced (it runs at a vendor), a tool that
# states a cost of its own: each is a call unless a call that states anything lies below it, for then it repeats what its
# children say. Calls below it that state nothing are what it speaks for, and are none of their own. Of two such spans on
# one path the one that states more tokens holds the other's; of equal ones the one with a cost counts, else the one with a
# model, else the inner. What a tool costs is in no agent's tokens.
UNCLASSIFIED_CALLS = """
CREATE TABLE unclassified_calls AS
WITH RECURSIVE candidates AS (
    SELECT
        trace_id,
        span_id,
        COALESCE(input_tokens, 0) + COALESCE(cache_read_tokens, 0) + COALESCE(cache_write_5m_tokens, 0)
            + COALESCE(cache_write_1h_tokens, 0) + COALESCE(output_tokens, 0) AS tokens,
        ROW(tokens, COALESCE(reported_usd, -1), model IS NOT NULL) AS says,
        span_class = 'tool' AS is_tool
    FROM unique_spans
    WHERE span_class <> 'inference'
        AND (reported_usd > 0 OR (span_class <> 'tool' AND (input_tokens IS NOT NULL OR output_tokens IS NOT NULL)))
),
undecided AS (
    SELECT *
    FROM candidates
    ANTI JOIN (
        SELECT trace_id, parent_span_id AS span_id
        FROM unique_spans
        WHERE span_class = 'inference' AND COALESCE(input_tokens, output_tokens, reported_usd) IS NOT NULL
    ) AS parents USING (trace_id, span_id)
),
family AS (
    SELECT
        trace_id,
        span_id,
        parent_span_id,
        span_class = 'inference' AS is_call,
        COALESCE(input_tokens, output_tokens, reported_usd) IS NOT NULL AS says_something
    FROM unique_spans SEMI JOIN undecided USING (trace_id)
),
below AS (
    SELECT trace_id, span_id AS top_span_id, span_id FROM undecided
    UNION
    SELECT family.trace_id, below.top_span_id, family.span_id
    FROM below JOIN family ON family.trace_id = below.trace_id AND family.parent_span_id = below.span_id
),
repeating AS (
    SELECT below.trace_id, below.top_span_id AS span_id
    FROM below JOIN family USING (trace_id, span_id)
    WHERE below.span_id <> below.top_span_id AND family.is_call AND family.says_something
    UNION
    SELECT
        below.trace_id,
        CASE WHEN NOT outer_one.is_tool AND outer_one.says > inner_one.says THEN below.span_id ELSE below.top_span_id END
    FROM below
    JOIN undecided AS inner_one ON inner_one.trace_id = below.trace_id AND inner_one.span_id = below.span_id
    JOIN undecided AS outer_one ON outer_one.trace_id = below.trace_id AND outer_one.span_id = below.top_span_id
    WHERE below.span_id <> below.top_span_id
        AND (outer_one.is_tool OR NOT inner_one.is_tool)
        AND (outer_one.is_tool OR outer_one.tokens = 0 OR outer_one.tokens >= inner_one.tokens)
),
whole AS (
    SELECT * FROM undecided ANTI JOIN repeating USING (trace_id, span_id)
)
SELECT trace_id, span_id, 'inference' AS span_class FROM whole
UNION ALL
SELECT DISTINCT below.trace_id, below.span_id, 'other'
FROM below
JOIN family USING (trace_id, span_id)
SEMI JOIN whole ON whole.trace_id = below.trace_id AND whole.span_id = below.top_span_id
WHERE family.is_call
"""

# A vendor SDK, a framework, a gateway and the vendor's own server can each describe the same call. One stays: the one
# with a reported cost, else the gateway's, else the innermost (which starts last). The others pay for nothing. Without
# a response id, calls of one model with equal tokens on one path to the root are the same call.
LAYERS = f"""
CREATE TABLE layered_calls AS
WITH RECURSIVE calls AS (
    SELECT
        unique_spans.* EXCLUDE (span_class),
        unique_spans.trace_id || ':' || unique_spans.response_id AS call_id,
        CASE
            WHEN unique_spans.reported_usd IS NOT NULL THEN 0
            WHEN unique_spans.billing_identity LIKE 'litellm%' THEN 1
            ELSE 2
        END AS standing
    FROM unique_spans
    LEFT JOIN unclassified_calls USING (trace_id, span_id)
    WHERE COALESCE(unclassified_calls.span_class, unique_spans.span_class) = 'inference'
),
by_response AS (
    SELECT
        trace_id,
        span_id,
        ROW_NUMBER() OVER (
            PARTITION BY call_id
            ORDER BY standing, started_at DESC, output_tokens DESC NULLS LAST, ended_ns DESC, span_id
        ) AS place
    FROM calls
    WHERE response_id IS NOT NULL
),
by_server AS (
    SELECT servers.trace_id, servers.span_id
    FROM calls AS servers
    SEMI JOIN calls AS clients
        ON clients.response_id = servers.response_id
        AND clients.trace_id <> servers.trace_id
        AND clients.service_name IS DISTINCT FROM '{ANTHROPIC_API_SERVICE}'
    WHERE servers.service_name = '{ANTHROPIC_API_SERVICE}'
),
groups AS (
    SELECT trace_id, model, input_tokens, output_tokens, COALESCE(cache_read_tokens, -1) AS read
    FROM calls
    WHERE model IS NOT NULL AND input_tokens IS NOT NULL AND output_tokens IS NOT NULL
    GROUP BY ALL
    HAVING COUNT(*) > 1 AND COUNT(*) > COUNT(response_id)
),
alike AS (
    SELECT calls.trace_id, calls.span_id, calls.parent_span_id, calls.response_id, calls.standing,
        calls.model, calls.input_tokens, calls.output_tokens, groups.read
    FROM calls
    JOIN groups
        ON groups.trace_id = calls.trace_id
        AND groups.model = calls.model
        AND groups.input_tokens = calls.input_tokens
        AND groups.output_tokens = calls.output_tokens
        AND groups.read = COALESCE(calls.cache_read_tokens, -1)
),
family AS (
    SELECT trace_id, span_id, parent_span_id
    FROM unique_spans SEMI JOIN alike USING (trace_id)
    WHERE parent_span_id IS NOT NULL
),
above AS (
    SELECT trace_id, span_id AS inner_span_id, parent_span_id AS span_id FROM alike WHERE parent_span_id IS NOT NULL
    UNION
    SELECT family.trace_id, above.inner_span_id, family.parent_span_id
    FROM above JOIN family USING (trace_id, span_id)
),
by_path AS (
    SELECT above.trace_id, CASE WHEN outer_call.standing < inner_call.standing THEN inner_call.span_id
        ELSE outer_call.span_id END AS span_id
    FROM above
    JOIN alike AS inner_call ON inner_call.trace_id = above.trace_id AND inner_call.span_id = above.inner_span_id
    JOIN alike AS outer_call
        ON outer_call.trace_id = above.trace_id
        AND outer_call.span_id = above.span_id
        AND outer_call.model = inner_call.model
        AND outer_call.input_tokens = inner_call.input_tokens
        AND outer_call.output_tokens = inner_call.output_tokens
        AND outer_call.read = inner_call.read
    WHERE above.span_id <> above.inner_span_id AND (outer_call.response_id IS NULL OR inner_call.response_id IS NULL)
)
SELECT trace_id, span_id FROM by_response WHERE place > 1
UNION
SELECT trace_id, span_id FROM by_server
UNION
SELECT trace_id, span_id FROM by_path
"""
