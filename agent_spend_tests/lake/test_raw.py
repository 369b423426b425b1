"""The raw archive: every answer as received, in pieces, and the same answer once."""

import io
import json
from datetime import UTC, date, datetime

import pytest
import zstandard

from agent_spend.lake import raw
from agent_spend.sources.answers import CHUNK_BYTES, Answer, Download

DAY = date(2026, 11, 1)
AT = datetime(2026, 11, 2, 3, 4, tzinfo=UTC)


def read(path) -> list[dict]:
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as lines:
        return [json.loads(line) for line in io.TextIOWrapper(lines, "utf-8")]


def test_an_answer_is_kept_as_received(tmp_path):
    body = '{"login":"käthe \\"k\\"","n":1.50}\n'
    path = raw.keep(tmp_path, "feed", DAY, [Answer("https://host/a", 200, {}, body.encode(), AT)])
    assert path.parent == tmp_path / "feed" / "2026-11-01"
    assert read(path) == [{"url": "https://host/a", "status": 200, "received_at": "2026-11-02T03:04:00+00:00", "body": body}]


def test_a_download_in_many_pieces_is_kept_whole_even_where_a_piece_ends_inside_a_letter(tmp_path):
    text = "x" * (CHUNK_BYTES - 1) + "ä" * CHUNK_BYTES
    download = Download.receive("https://files/a", 200, {}, [text.encode()], tmp_path / "spool")
    assert read(raw.keep(tmp_path, "feed", DAY, [download]))[0]["body"] == text


def test_the_same_answers_are_kept_once(tmp_path):
    answers = [Answer("u", 200, {}, b"1", AT), Answer("u", 200, {}, b"2", AT)]
    assert raw.keep(tmp_path, "feed", DAY, answers) is not None
    assert raw.keep(tmp_path, "feed", DAY, answers) is None
    assert raw.keep(tmp_path, "feed", DAY, answers[:1]) is not None


def test_an_answer_that_cannot_be_written_whole_leaves_nothing_behind(tmp_path):
    answer = Download("u", 200, {}, io.BytesIO(b"x"), AT)
    pieces = iter([[b"x"], OSError("no space left on device")])

    def chunks(self):
        if isinstance(piece := next(pieces), OSError):
            raise piece
        yield from piece

    with pytest.MonkeyPatch.context() as patch, pytest.raises(OSError, match="no space left"):
        patch.setattr(Download, "chunks", chunks)
        raw.keep(tmp_path, "feed", DAY, [answer])
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []
