"""The Collector configuration that the project ships: complete, without content, and in UTC."""

import re
from pathlib import Path

import pytest
import yaml
from agent_traces_emitters import EMITTERS

import agent_spend
from agent_spend.sources.agent_traces import semantics
from agent_spend.sources.agent_traces.content import CONTENT_KEYS, CONTENT_PREFIXES, is_content

CONFIG = yaml.safe_load((Path(agent_spend.__file__).parents[1] / "deploy/otel-collector.yaml").read_text())


def dropped(statements: str, context: str) -> re.Pattern:
    """What the first statement of a context deletes."""
    groups = CONFIG["processors"]["transform/drop_content"][statements]
    [group] = [one for one in groups if one["context"] == context]
    return re.compile(re.search(r'delete_matching_keys\(attributes, "(.+)"\)', group["statements"][0])[1].replace("\\\\", "\\"))


@pytest.mark.parametrize(("statements", "context"), [("trace_statements", "span"), ("log_statements", "log")])
def test_every_attribute_that_holds_words_is_deleted_and_none_that_is_read(statements, context):
    pattern = dropped(statements, context)
    content = [*CONTENT_KEYS, *(f"{prefix}x" for prefix in CONTENT_PREFIXES)]

    assert [key for key in content if not pattern.search(key)] == []
    assert [key for key in semantics.wanted_keys() if pattern.search(key)] == []


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
