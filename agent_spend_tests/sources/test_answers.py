"""Downloads: unpacked while they arrive, on disk when they are large, and never taken for complete when they are not."""

import gzip
import itertools
import zlib
from types import SimpleNamespace

import pytest

from agent_spend.errors import FeedError
from agent_spend.sources.answers import CHUNK_BYTES, SMALL_BYTES, Answer, Download, TooLarge, error_text, unpacked
from agent_spend.sources.decoding import decode
from agent_spend.sources.listing import Listing

TEXT = b'{"n":1}\n' * 200_000


def pieces(content: bytes, size: int = 1000):
    return (content[at : at + size] for at in range(0, len(content), size))


@pytest.mark.parametrize("size", [1, 1000, CHUNK_BYTES])
def test_packed_content_is_unpacked_whatever_the_pieces(size):
    short = TEXT[:8000]
    assert b"".join(unpacked(pieces(gzip.compress(short), size))) == short
    assert b"".join(unpacked(pieces(short, size))) == short


def test_members_one_after_the_other_are_one_content():
    assert b"".join(unpacked([gzip.compress(b"one ") + gzip.compress(b"two")])) == b"one two"


def test_a_few_packed_bytes_that_unpack_to_many_arrive_in_bounded_pieces():
    assert max(map(len, unpacked([gzip.compress(bytes(10_000_000))]))) <= CHUNK_BYTES


def test_packed_content_that_ends_between_two_lines_is_not_complete():
    # Flushed after each line, so that what is there unpacks to whole lines: only the missing end tells.
    packer = zlib.compressobj(wbits=31)
    cut = packer.compress(b'{"n":1}\n') + packer.flush(zlib.Z_SYNC_FLUSH)
    with pytest.raises(EOFError):
        list(unpacked([cut]))


def test_damaged_packed_content_is_an_error():
    packed = bytearray(gzip.compress(TEXT[:8000]))
    packed[-6] ^= 0xFF
    with pytest.raises(zlib.error):
        list(unpacked([bytes(packed)]))


def test_a_large_download_waits_in_a_nameless_file(tmp_path):
    download = Download.receive("u", 200, {}, pieces(TEXT), tmp_path)
    assert len(TEXT) > SMALL_BYTES
    assert (b"".join(download.chunks()), sum(1 for _ in download.lines())) == (TEXT, 200_000)
    assert list(tmp_path.iterdir()) == []


def test_a_download_without_an_end_leaves_room_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=200_000))
    with pytest.raises(TooLarge):
        Download.receive("u", 200, {}, itertools.repeat(TEXT[:8000]), tmp_path)


def test_a_byte_order_mark_belongs_to_no_line(tmp_path):
    assert list(Download.receive("u", 200, {}, [b"\xef\xbb\xbfa\nb"], tmp_path).lines()) == [b"a\n", b"b"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"message":"No access","status":"403"}', "No access"),
        (b'{"type":"error","error":{"type":"x","message":"invalid x-api-key"}}', "invalid x-api-key"),
        (b'{"data":null,"errors":[{"type":"FORBIDDEN","message":"no such owner"}]}', "no such owner"),
        (b'{"message":"Validation Failed","errors":[{"message":"bad day"}]}', "Validation Failed"),
        (b'{"errors":["permission denied"]}', "permission denied"),
        (b"<Error/>", "<Error/>"),
        (b"one\r\n\x1b[31mtwo", "one [31mtwo"),
        (b"[" * 100_000, "[" * 200),
        (b"", "(no text)"),
    ],
)
def test_a_refusal_is_told_in_the_vendors_words(body, text):
    assert error_text(Answer("u", 403, {}, body)) == text


def test_json_nested_deeper_than_any_reader_goes_is_malformed_and_no_crash():
    with pytest.raises(FeedError, match="cursor_members: not valid JSON") as refused:
        decode(b"[" * 5000 + b"]" * 5000, object, "cursor_members")
    assert refused.value.reason == "malformed"


def test_text_that_is_no_utf8_is_malformed_and_no_crash():
    with pytest.raises(FeedError, match="cursor_members: not valid JSON"):
        decode(b'"\xff"', str, "cursor_members")


@pytest.mark.parametrize(
    ("sizes", "said"), [([1] * 10_001, "10001 pages so far"), ([5, *[0] * 101], "101 pages without an entry")]
)
def test_a_listing_without_end_is_told_from_a_long_one(sizes, said):
    listing = Listing("cursor_members: GET /teams/members")
    for entries in sizes[:-1]:
        listing.add(entries)
    with pytest.raises(FeedError, match=f"cursor_members: GET /teams/members: {said}"):
        listing.add(sizes[-1])


def test_a_web_page_instead_of_an_answer_is_told_from_one_that_broke_off():
    with pytest.raises(FeedError, match="this is a web page: check the URL"):
        decode(b"\n<!DOCTYPE html><title>Sign in</title>", dict, "cursor_members")
    with pytest.raises(FeedError, match="run the day again later"):
        decode(b'{"members": [', dict, "cursor_members")
