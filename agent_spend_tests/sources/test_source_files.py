"""Reading files that others leave for us."""

from datetime import date
from decimal import Decimal

import pytest

from agent_spend.errors import FeedError
from agent_spend.sources.files import read_file, read_folder
from agent_spend.sources.lines import SEPARATORS, csv_lines


def lines_of(tmp_path, content: bytes, required=("name",), optional=("amount", "count", "day"), separators=","):
    path = tmp_path / "export.csv"
    path.write_bytes(content)
    return csv_lines(read_file("SOME_URI", str(path)), required, optional, separators=separators)


def test_a_byte_order_mark_and_crlf_do_not_hide_the_first_column(tmp_path):
    lines = lines_of(tmp_path, b"\xef\xbb\xbfname,amount\r\nAda,12\r\n")
    assert [(line.number, line.required("name"), line.amount("amount")) for line in lines] == [(2, "Ada", Decimal(12))]


@pytest.mark.parametrize("header", ["person_id", "Person ID", "PERSON-ID", "personId", " person_id "])
def test_a_header_matches_whatever_its_case_and_punctuation(tmp_path, header):
    assert lines_of(tmp_path, f"x,{header}\n1,E7\n".encode(), ("person_id",))[0].required("person_id") == "E7"


def test_columns_go_by_name_not_by_position(tmp_path):
    lines = lines_of(tmp_path, b"amount,unknown,name\n5,x,Ada\n")
    assert (lines[0].required("name"), lines[0].amount("amount")) == ("Ada", Decimal(5))


def test_a_quoted_value_may_hold_commas_quotes_and_line_breaks(tmp_path):
    lines = lines_of(tmp_path, b'name,amount\n"Abe, ""Ada""\nthe first",1\n\nBen,2\n')
    assert [(line.number, line.required("name")) for line in lines] == [(2, 'Abe, "Ada"\nthe first'), (5, "Ben")]


def test_a_missing_column_is_named_with_the_columns_found(tmp_path):
    with pytest.raises(FeedError, match=r"export\.csv: column name is missing; found: nom, amount; rename the one") as error:
        lines_of(tmp_path, b"nom,amount\nAda,1\n")
    assert error.value.reason == "missing_field"


def test_a_semicolon_file_says_how_to_separate_columns(tmp_path):
    with pytest.raises(FeedError, match="separate the columns with commas"):
        lines_of(tmp_path, b"name;amount\nAda;1\n")


@pytest.mark.parametrize("content", [
    "name;day\r\nAbe, Ada;2026-11-22\r\n", "\ufeffname;day\nAbe, Ada;2026-11-22\n", "name\tday\nAbe, Ada\t2026-11-22\n",
    "sep=;\nname;day\nAbe, Ada;2026-11-22\n", '"name","day"\n"Abe, Ada","2026-11-22"\n',
], ids=["semicolons", "byte order mark", "tabs", "told in the first line", "commas"])  # fmt: skip
def test_a_file_without_amounts_may_be_separated_as_spreadsheets_do(tmp_path, content):
    (line,) = lines_of(tmp_path, content.encode(), separators=SEPARATORS)
    assert (line.number, line.required("name"), line.day("day")) == (
        3 if "sep=" in content else 2, "Abe, Ada", date(2026, 11, 22))


def test_the_unicode_text_of_a_spreadsheet_is_read(tmp_path):
    (line,) = lines_of(tmp_path, "name\tday\nJürgen 李\t2026-11-22\n".encode("utf-16"), separators=SEPARATORS)
    assert line.required("name") == "Jürgen 李"


def test_a_workbook_says_what_to_save(tmp_path):
    with pytest.raises(FeedError, match="is a workbook and no text; save the sheet as 'CSV UTF-8'"):
        lines_of(tmp_path, b"PK\x03\x04\x14\x00\x06\x00")


def test_signs_that_nobody_sees_belong_to_no_value(tmp_path):
    assert lines_of(tmp_path, "name\n\u200b\u00a0Ada\ufeff \n".encode())[0].required("name") == "Ada"


def test_a_column_named_twice_is_refused(tmp_path):
    with pytest.raises(FeedError, match="the header names column name 2 times"):
        lines_of(tmp_path, b"name,Name\nAda,Ben\n")


def test_a_line_cut_off_is_named(tmp_path):
    with pytest.raises(FeedError, match="line 3 has 1 values, the header has 2") as error:
        lines_of(tmp_path, b"name,amount\nAda,1\nBe")
    assert error.value.reason == "truncated"


def test_a_quote_left_open_is_not_data(tmp_path):
    with pytest.raises(FeedError, match="line 3: not a CSV record") as error:
        lines_of(tmp_path, b'name,amount\nAda,1\n"Ben,2\n')
    assert error.value.reason == "malformed"


@pytest.mark.parametrize("content", [b"", b"\n\n", b"name,amount\n", b"name,amount\r\n\r\n"])
def test_a_file_without_records_is_an_error(tmp_path, content):
    with pytest.raises(FeedError) as error:
        lines_of(tmp_path, content)
    assert error.value.reason == "empty_file"


def test_a_file_of_another_encoding_says_what_to_export(tmp_path):
    with pytest.raises(FeedError, match="byte 12 is not UTF-8; export the file as 'CSV UTF-8'"):
        lines_of(tmp_path, "name,amount\n\xc9lif,1\n".encode("latin-1"))


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1234.50", "1234.50"), ('"1,234.50"', "1234.50"), ('"$1,234.50"', "1234.50"), ("(12.00)", "-12.00"),
        ("($12.00)", "-12.00"), ("-12.00", "-12.00"), ("-$12.00", "-12.00"), ("$-12.00", "-12.00"), ("0", "0"),
        (".5", "0.5"), ("US$7", "7"), ("0.0000000000000001", "0.0000000000000001"),
    ],
)  # fmt: skip
def test_amounts_are_read_as_accounting_writes_them(tmp_path, written, amount):
    assert lines_of(tmp_path, f"name,amount\nAda,{written}\n".encode())[0].amount("amount") == Decimal(amount)


@pytest.mark.parametrize(
    "written", ['"1.234,50"', '"12,5"', "EUR 5", "€5", "1e3", "nan", "(-5)", "--5", '"1,23,456"', "five", "5-", "٣"]
)
def test_an_amount_that_could_mean_something_else_is_refused(tmp_path, written):
    line = lines_of(tmp_path, f"name,amount\nAda,{written}\n".encode())[0]
    with pytest.raises(FeedError, match=r"export\.csv line 2: amount must be an amount such as") as error:
        line.amount("amount")
    assert error.value.reason == "bad_value"


@pytest.mark.parametrize(
    "written", ["2026-11-22", "20261122", "2026-W47-7", "2026-11-22 00:00", "2026-11-22T00:00:00Z", "2026-11-22T00:00:00.000",
                "2026/11/22", "2026.11.22", "22.11.2026",
                "22.11.2026 00:00:00", "22-Nov-2026", "22-NOV-2026", "22 November 2026", '"Nov 22, 2026"'])
def test_a_day_may_be_written_in_every_way_that_means_one_day(tmp_path, written):
    assert lines_of(tmp_path, f"name,day\nAda,{written}\n".encode())[0].day("day") == date(2026, 11, 22)


@pytest.mark.parametrize("written", ["2026-1-2", "2026/1/2", "2.1.2026", "2-Jan-2026"])
def test_a_day_needs_no_leading_zeros(tmp_path, written):
    assert lines_of(tmp_path, f"name,day\nAda,{written}\n".encode())[0].day("day") == date(2026, 1, 2)


@pytest.mark.parametrize(
    "written", ["11/22/2026", "22/11/2026", "31.11.2026", "11.22.2026",
                "2026-11-31", "46348", "2026-11-22 08:30", "22-Nov-26", "NULL"])
def test_a_day_that_could_be_another_one_is_refused(tmp_path, written):
    line = lines_of(tmp_path, f"name,day\nAda,{written}\n".encode())[0]
    with pytest.raises(FeedError, match=f"line 2: day must be a day written YYYY-MM-DD, not '{written}'"):
        line.day("day")


def test_a_whole_number_may_be_printed_as_a_float(tmp_path):
    assert lines_of(tmp_path, b"name,count\nAda,12345678.0\n")[0].whole("count") == 12_345_678


@pytest.mark.parametrize("written", ["1.5", "-1", "1_000", "٣", "1e3", "1.23E+08"])
def test_a_whole_number_is_digits_only(tmp_path, written):
    line = lines_of(tmp_path, f"name,count\nAda,{written}\n".encode())[0]
    with pytest.raises(FeedError, match="count must be a whole number"):
        line.whole("count")


def test_an_empty_cell_is_unknown_not_zero(tmp_path):
    line = lines_of(tmp_path, b"name,amount,count,day\nAda,, ,\n")[0]
    assert (line.amount("amount"), line.whole("count"), line.day("day")) == (None, None, None)


def test_a_missing_file_names_the_setting_and_the_path(tmp_path):
    with pytest.raises(FeedError) as error:
        read_file("ROSTER_URI", str(tmp_path / "gone.csv"))
    assert (error.value.reason, error.value.message) == (
        "file_not_found", f"ROSTER_URI: there is no file or folder {tmp_path / 'gone.csv'}"
    )  # fmt: skip


def test_a_file_uri_with_escapes_is_a_path(tmp_path):
    path = tmp_path / "people of acme.csv"
    path.write_bytes(b"name\nAda\n")
    assert read_file("ROSTER_URI", path.as_uri()).content == b"name\nAda\n"


@pytest.mark.parametrize("uri", ["s3://bucket/roster.csv", "file://otherhost/roster.csv"])
def test_an_unknown_kind_of_uri_is_refused_by_name(uri):
    with pytest.raises(FeedError, match=r"ROSTER_URI: .* is not supported; give a path or file:///absolute/path"):
        read_file("ROSTER_URI", uri)


def test_a_folder_where_a_file_is_wanted_is_an_error(tmp_path):
    with pytest.raises(FeedError, match="is a folder; name the file itself"):
        read_file("ROSTER_URI", str(tmp_path))


def test_a_folder_is_read_with_its_subfolders_and_without_lock_files(tmp_path):
    for name in ("b.csv", "2026/a.CSV", ".hidden.csv", "~$b.csv", "notes.txt", ".git/c.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"name\nAda\n")
    assert [file.name for file in read_folder("INVOICES_URI", str(tmp_path), ".csv")] == ["2026/a.CSV", "b.csv"]
