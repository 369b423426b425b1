-- grain: one row per UTC day x key x sign-in x workspace x model x service tier x context window x geography x speed
-- unit: tokens, five disjoint classes
-- source: claude_api_usage (Messages usage report)
-- late data: re-read for the feed's restatement window
-- partitions: view day
/*
usage_day: UTC day
api_key_id: key, null for Workbench use or use without a key
account_id: user whose sign-in made the call, null for any other
service_account_id: service account of a federated workload, null for any other
workspace_id: workspace, null for the default workspace
model: model id as reported
service_tier: standard, batch, priority
context_window: 0-200k or 200k-1M, by prompt length in tokens
inference_geo: global, us or not_available
speed: standard or fast, null when not reported
input_tokens: uncached input tokens
cache_write_5m_tokens: 5-minute cache writes
cache_write_1h_tokens: 1-hour cache writes
cache_read_tokens: cache reads
output_tokens: output tokens
web_search_requests: web searches; 0 where the answer tells none
*/
SELECT
  usage_day,
  api_key_id,
  account_id,
  service_account_id,
  workspace_id,
  model,
  service_tier,
  context_window,
  inference_geo,
  speed,
  uncached_input_tokens AS input_tokens,
  cache_write_5m_tokens,
  cache_write_1h_tokens,
  cache_read_tokens,
  output_tokens,
  COALESCE(web_search_requests, 0) AS web_search_requests
FROM claude_api_usage
