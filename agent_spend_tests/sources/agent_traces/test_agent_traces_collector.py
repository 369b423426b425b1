"""The Collector configuration that the project ships: complete, without content, in UTC, and of documented settings."""

import re
from pathlib import Path

import pytest
import yaml
from agent_traces_emitters import EMITTERS

import agent_spend
from agent_spend.sources.agent_traces import content, evaluations, semantics
from agent_spend.sources.agent_traces.content import CONTENT_KEYS, CONTENT_PREFIXES, is_content

CONFIG = yaml.safe_load((Path(agent_spend.__file__).parents[1] / "deploy/otel-collector.yaml").read_text())
#: Settings by component, as each one's own config.schema.yaml (contrib, 2026) or README names them.
SETTINGS = {
    "otlp": "protocols.grpc.endpoint protocols.http.endpoint",
    "memory_limiter": "check_interval limit_percentage spike_limit_percentage limit_mib spike_limit_mib",
    "batch": "send_batch_size send_batch_max_size timeout",
    "transform": "error_mode trace_statements log_statements metric_statements",
    "file": "path format append compression compression_params create_directory directory_permissions encoding "
            "flush_interval group_by.enabled group_by.max_open_files group_by.resource_attribute rotation.localtime "
            "rotation.max_backups rotation.max_days rotation.max_megabytes",
    "awss3": "encoding encoding_file_extension marshaler timeout sending_queue.enabled s3uploader.region s3uploader.endpoint "
             "s3uploader.s3_bucket s3uploader.s3_prefix s3uploader.s3_base_prefix s3uploader.s3_partition_format "
             "s3uploader.s3_partition_timezone s3uploader.unique_key_func_name s3uploader.compression",
    "clickhouse": "endpoint database username password traces_table_name logs_table_name create_schema ttl timeout json",
}  # fmt: skip


def dropped(statements: str, context: str) -> re.Pattern:
    """What the first statement of a context deletes, or keeps."""
    groups = CONFIG["processors"]["transform/drop_content"][statements]
    [group] = [one for one in groups if one["context"] == context]
    return re.compile(re.search(r'_matching_keys\(attributes, "(.+)"\)', group["statements"][0])[1].replace("\\\\", "\\"))


@pytest.mark.parametrize(("statements", "context"), [("trace_statements", "span"), ("log_statements", "log")])
def test_every_attribute_that_holds_words_is_deleted_and_none_that_is_read(statements, context):
    pattern = dropped(statements, context)
    keys = [*CONTENT_KEYS, *(f"{prefix}x" for prefix in CONTENT_PREFIXES)]

    assert pattern.pattern == content.pattern()
    assert [key for key in keys if not pattern.search(key)] == []
    assert [key for key in semantics.wanted_keys() if pattern.search(key)] == []


def test_of_span_events_nothing_is_kept_but_the_verdicts_that_are_read():
    pattern = dropped("trace_statements", "spanevent")
    read = {*evaluations.KEYS, "gen_ai.response.id"}

    assert {key for key in {*read, *CONTENT_KEYS, "content", "gen_ai.evaluation.explanation"} if pattern.search(key)} == read


@pytest.mark.parametrize("kind", ["receivers", "processors", "exporters"])
def test_every_setting_is_one_that_its_component_documents(kind):
    def names(settings, before=""):
        for name, value in settings.items():
            nested = isinstance(value, dict)
            yield from names(value, f"{before}{name}.") if nested else [before + name]

    for component, settings in CONFIG[kind].items():
        assert [name for name in names(settings) if name not in SETTINGS[component.split("/")[0]].split()] == []


def test_statements_use_functions_that_every_transform_processor_has():
    for name in ("transform/drop_content", "transform/team_folder"):
        for signal in ("trace_statements", "log_statements"):
            for group in CONFIG["processors"][name].get(signal, ()):
                assert group.keys() == {"context", "statements"}
                for statement in group["statements"]:
                    plain = re.sub(r'"[^"]*"', '""', statement)
                    assert set(re.findall(r"(\w+)\(", plain)) <= {"set", "delete_matching_keys", "keep_matching_keys", "IsMatch"}


@pytest.mark.parametrize("key", sorted({key for emitter in EMITTERS for key in emitter.words if "messages" in key}))
def test_messages_of_every_emitter_are_content(key):
    assert is_content(key)


def test_every_pipeline_names_components_that_are_there():
    for pipeline in CONFIG["service"]["pipelines"].values():
        for kind in ("receivers", "processors", "exporters"):
            assert [name for name in pipeline[kind] if name not in CONFIG[kind]] == []


def test_partitions_and_rotated_names_are_in_utc():
    assert CONFIG["exporters"]["awss3"]["s3uploader"]["s3_partition_timezone"] == "UTC"
    assert CONFIG["exporters"]["file/rotated"]["rotation"]["localtime"] is False


def test_a_restart_truncates_no_file():
    exporter = CONFIG["exporters"]["file/traces"]
    assert exporter["append"] is True
    assert "rotation" not in exporter and "compression" not in exporter
