"""Objects below a prefix, as the Collector's S3 exporter writes them, on moto's S3 server."""

import gzip
import json
import threading
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
import zstandard
from agent_traces_otlp import DAY, FEED, line, proto_request, span

from agent_spend.errors import State
from agent_spend.settings import Settings
from agent_spend.sources.agent_traces import store

pytest.importorskip("moto")
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.usage.output_tokens": 7}
MINUTE = "traces/year=2026/month=11/day=20/hour=12/minute=00/traces_"
ACCESS = {"AWS_ACCESS_KEY_ID": "AKIASIMULATED", "AWS_SECRET_ACCESS_KEY": "simulated"}


@pytest.fixture(scope="module")
def server():
    from moto.server import ThreadedMotoServer

    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"http://{host}:{port}"
    moto.stop()


@pytest.fixture
def s3(server, monkeypatch):
    """A client of an empty account with the bucket ``acme-traces``; the settings point at its prefix ``traces``."""
    import boto3
    import requests

    requests.post(f"{server}/moto-api/reset", timeout=5)
    for name, value in ACCESS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AGENT_TRACES_URI", "s3://acme-traces/traces")
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=server)
    client.create_bucket(Bucket="acme-traces")
    return client


def answers(*days):
    found = list(FEED.fetch(days or (DAY,), Settings.from_environment()))
    for answer in found:
        FEED.table(answer)
    return found


def put(client, key, body):
    client.put_object(Bucket="acme-traces", Key=key, Body=body)


def test_every_form_the_exporter_writes_is_read(s3):
    """One request an object, without line end; JSON or a bare protobuf message, as it is or compressed."""
    document = line(span(CHAT, id="1" * 16))
    put(s3, f"{MINUTE}aB3dE5fG7.json", document)
    put(s3, f"{MINUTE}bB3dE5fG7.json.gz", gzip.compress(line(span(CHAT, id="2" * 16))))
    put(s3, f"{MINUTE}cB3dE5fG7.json.zst", zstandard.compress(line(span(CHAT, id="3" * 16))))
    put(s3, f"{MINUTE}dB3dE5fG7.binpb", proto_request(span(CHAT, id="4" * 16)))
    put(s3, f"{MINUTE}eB3dE5fG7.binpb.gz", gzip.compress(proto_request(span(CHAT, id="5" * 16))))
    put(s3, f"{MINUTE}fB3dE5fG7.binpb.zst", zstandard.compress(proto_request(span(CHAT, id="6" * 16))))
    put(s3, "elsewhere/traces_gB3dE5fG7.json", document)
    [answer] = answers()

    assert [row["span_id"][0] for row in answer.rows.to_pylist()] == ["1", "2", "3", "4", "5", "6"]
    assert answer.message == ""


def test_the_path_is_not_trusted_as_a_time(s3):
    """The exporter's partition is the Collector's local time unless it is pinned."""
    put(s3, "traces/year=2025/month=01/day=01/hour=00/minute=00/traces_aB3dE5fG7.json", line(span(CHAT)))

    assert len(answers()[0].rows) == 1


def test_many_small_objects_and_a_large_one_are_read_in_bounded_memory(s3, monkeypatch):
    monkeypatch.setattr(store, "OBJECT_BYTES", 2000)
    for number in range(1, 41):
        put(s3, f"{MINUTE}{number:09d}.json", line(span(CHAT, id=f"{number:016x}")))
    many = line(*(span(CHAT, id=f"{number:016x}") for number in range(41, 81)))
    put(s3, f"{MINUTE}large.json", many)

    assert len(many) > 2000
    assert len(answers()[0].rows) == 80


def test_an_object_received_long_before_the_day_is_passed_over(s3, monkeypatch):
    """It cannot hold spans that ended after the store received it."""
    put(s3, f"{MINUTE}aB3dE5fG7.json", line(span(CHAT)))
    opened = []
    real = store.TraceStore._whole
    monkeypatch.setattr(store.TraceStore, "_whole", lambda self, file: opened.append(file.name) or real(self, file))
    today = datetime.now(UTC).date()
    with clock(monkeypatch, ahead_days=10):
        [answer] = answers(today + timedelta(days=5))

    assert opened == []
    assert (answer.state, answer.reason) == (State.MISSING, "no_report")
    assert answer.message.endswith("nothing has arrived lately")


def test_a_day_after_what_was_passed_over_is_zero_not_missing(s3, monkeypatch):
    """The objects passed over show that spans were collected before it."""
    put(s3, f"{MINUTE}aB3dE5fG7.json", line(span(CHAT)))
    monkeypatch.setattr(store.TraceStore, "passed_over_day", date(2026, 11, 14), raising=False)
    monkeypatch.setattr(store.TraceStore, "_received_late_enough", lambda self, named, since: named)
    zero, before = answers(date(2026, 11, 19), date(2026, 11, 14))

    assert (zero.state, before.state) == (State.ZERO, State.MISSING)


@contextmanager
def clock(monkeypatch, ahead_days):
    class Later(datetime):
        @classmethod
        def now(cls, zone=None):
            return datetime.now(zone) + timedelta(days=ahead_days)

    with monkeypatch.context() as patch:
        patch.setattr(store, "datetime", Later)
        yield


def test_a_day_of_a_calendar_ahead_of_the_stores_clock_passes_nothing_over(s3):
    day = date(2099, 1, 5)
    put(s3, f"{MINUTE}aB3dE5fG7.json", line(span(CHAT, start="2099-01-05T00:00:00", end="2099-01-05T00:00:01")))

    assert len(answers(day)[0].rows) == 1


def test_an_empty_prefix_says_so(s3):
    [answer] = answers()

    assert (answer.state, answer.reason) == (State.MISSING, "no_files")
    assert answer.message.endswith("below s3://acme-traces/traces")


def test_a_bucket_that_does_not_exist_says_so(s3, monkeypatch):
    monkeypatch.setenv("AGENT_TRACES_URI", "s3://acme-trace/traces")
    [answer] = answers()

    assert (answer.state, answer.reason) == (State.MISSING, "not_found")
    assert "s3://acme-trace/traces" in answer.message
    assert answer.message.endswith("fix the bucket's name")


def test_a_prefix_one_may_not_list_is_forbidden(s3, server, monkeypatch):
    import boto3
    import requests

    iam = boto3.client("iam", region_name="us-east-1", endpoint_url=server)
    iam.create_user(UserName="reader")
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    requests.post(f"{server}/moto-api/reset-auth", data=b"0", timeout=5)
    try:
        [answer] = answers()
    finally:
        requests.post(f"{server}/moto-api/reset-auth", data=b"inf", timeout=5)

    assert (answer.state, answer.reason) == (State.FORBIDDEN, "forbidden")
    assert "allow s3:ListBucket and s3:GetObject" in answer.message
    assert key["SecretAccessKey"] not in answer.message


def test_an_object_that_expires_after_it_was_listed_replaces_nothing(s3, monkeypatch):
    put(s3, f"{MINUTE}aB3dE5fG7.json", line(span(CHAT)))
    put(s3, f"{MINUTE}bB3dE5fG7.json", line(span(CHAT, id="c" * 16)))
    real = store.TraceStore.files

    def listed(self, days):
        found = real(self, days)
        s3.delete_object(Bucket="acme-traces", Key=f"{MINUTE}bB3dE5fG7.json")
        return found

    monkeypatch.setattr(store.TraceStore, "files", listed)
    [answer] = answers()

    assert (answer.state, answer.reason) == (State.MISSING, "vanished")
    assert "traces_bB3dE5fG7.json is gone since it was listed" in answer.message


def test_an_object_that_was_only_partly_written_is_named_and_the_others_are_read(s3):
    body = gzip.compress(line(span(CHAT)))
    put(s3, f"{MINUTE}aB3dE5fG7.json.gz", body[:-20])
    put(s3, f"{MINUTE}bB3dE5fG7.json", line(span(CHAT, id="c" * 16)))
    [answer] = answers()

    assert len(answer.rows) == 1
    assert "traces_aB3dE5fG7.json.gz: the compressed file ends early; what came before was read" in answer.message


def test_a_google_bucket_is_read_in_the_same_way(monkeypatch):
    """Cloud Storage's JSON API on loopback: list below a prefix, fetch an object, refuse another bucket."""
    objects = {"traces/minute=00/a.json": line(span(CHAT)), "traces/b.json.gz": gzip.compress(line(span(CHAT, id="c" * 16)))}
    below = "/storage/v1/b/acme-traces/o"

    def answer(request):
        if request.path == below:
            items = [
                {"kind": "storage#object", "bucket": "acme-traces", "name": name, "generation": "1", "size": str(len(body)),
                 "timeCreated": "2026-11-20T12:01:00.000Z", "updated": "2026-11-20T12:01:00.000Z"}
                for name, body in objects.items() if name.startswith(request.args["prefix"])
            ]  # fmt: skip
            return Response(json.dumps({"kind": "storage#objects", "items": items}), mimetype="application/json")
        if request.path.startswith(f"{below}/"):
            return Response(objects[request.path.removeprefix(f"{below}/")], headers={"x-goog-generation": "1"})
        return Response(json.dumps({"error": {"code": 403, "message": "no access"}}), 403, mimetype="application/json")

    server = make_server("127.0.0.1", 0, Request.application(answer), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server.server_port}")
    try:
        monkeypatch.setenv("AGENT_TRACES_URI", "gs://acme-traces/traces")
        [found] = answers()
        monkeypatch.setenv("AGENT_TRACES_URI", "gs://others/traces")
        [refused] = answers()
    finally:
        server.shutdown()
        thread.join(timeout=5)
        server.server_close()

    assert [row["span_id"] for row in found.rows.to_pylist()] == ["b" * 16, "c" * 16]
    assert (refused.state, refused.reason) == (State.FORBIDDEN, "forbidden")


def test_credentials_in_the_uri_are_refused(s3, monkeypatch):
    monkeypatch.setenv("AGENT_TRACES_URI", "s3://AKIA:geheim@acme-traces/traces")
    [answer] = answers()

    assert answer.message.endswith("write s3://bucket/prefix, without credentials")
    assert "geheim" not in answer.message


def test_an_endpoint_that_does_not_answer_says_so(s3, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    [answer] = answers()

    assert (answer.state, answer.reason) == (State.MISSING, "connection")
