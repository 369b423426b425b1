"""One line of the HR export, and the table of who was where on each day."""

import re
from email.utils import parseaddr

from agent_spend.sources.contract import DAY, TEXT, WHOLE, Contract, column
from agent_spend.sources.dated import Dated, dates_of
from agent_spend.sources.files import SourceFile
from agent_spend.sources.lines import SEPARATORS, Line, csv_lines

REQUIRED = ("person_id",)
OPTIONAL = (
    "name", "first_name", "last_name", "email", "github_login", "github_user_id", "org", "squad", "cost_center",
    "manager_email", "valid_from", "valid_to",
)  # fmt: skip
#: Column -> headers, squeezed, under which HR systems export it; the first that is there counts.
ALSO = {
    "person_id": (
        "employeeid", "employeenumber", "workerid", "personnelnumber", "staffid", "personalnummer", "mitarbeiternummer",
        "id", "employee",
    ),
    "name": ("fullname", "displayname", "employeename", "workername", "worker"),
    "first_name": ("givenname", "legalfirstname", "vorname"),
    "last_name": ("familyname", "surname", "legallastname", "nachname"),
    "email": ("workemail", "emailwork", "primaryworkemail", "emailaddress", "emailprimarywork", "emailadresse", "mail"),
    "github_login": ("github", "githubusername", "githubhandle"),
    "github_user_id": ("githubid",),
    "org": ("organization", "organisation", "department", "abteilung", "division", "businessunit"),
    "squad": ("team", "supervisoryorganization"),
    "cost_center": ("costcentre", "kostenstelle"),
    "manager_email": ("supervisoremail", "manageremailaddress", "managersemail", "reportstoemail"),
    "valid_from": ("effectivedate", "hiredate", "startdate", "eintrittsdatum"),
    "valid_to": ("terminationdate", "lastdayofwork", "lastworkingday", "enddate", "austrittsdatum"),
}  # fmt: skip

ROSTER_MEMBERS = Contract(
    {
        "usage_day": column(DAY, "UTC day this row describes"),
        "person_id": column(TEXT, "the company's own id of the person, as written in the HR export"),
        "name": column(TEXT, "name as written in the HR export"),
        "email": column(TEXT, "work e-mail, lower case", nullable=True),
        "github_login": column(TEXT, "GitHub login valid on this row's days, lower case", nullable=True),
        "github_user_id": column(WHOLE, "GitHub's numeric user id; survives a rename of the login", nullable=True),
        "org": column(TEXT, "organisation an engineering manager owns", nullable=True),
        "squad": column(TEXT, "team inside the organisation on this day", nullable=True),
        "cost_center": column(TEXT, "cost centre the person is charged to", nullable=True),
        "manager_email": column(TEXT, "e-mail of the manager, lower case", nullable=True),
        "valid_from": column(DAY, "first day of this row; null means always", nullable=True),
        "valid_to": column(DAY, "last day of this row, included; null means until now", nullable=True),
        "source": column(TEXT, "where the row came from: hr_csv"),
    },
    unique=["usage_day", "person_id"],
)


def parse(file: SourceFile) -> list[Dated]:
    """Every dated row of the export, in the file's order.

    Raises:
        FeedError: as :func:`agent_spend.sources.lines.csv_lines`, and ``bad_value`` for a value that is not its type.
    """
    return [_dated(line) for line in csv_lines(file, REQUIRED, OPTIONAL, separators=SEPARATORS, also=ALSO)]


def _dated(line: Line) -> Dated:
    valid_from, valid_to = dates_of(line)
    row = {
        "person_id": line.required("person_id"),
        "name": _name(line),
        "email": _email(line, "email"),
        "github_login": (_lower(line, "github_login") or "").removeprefix("@") or None,
        "github_user_id": line.whole("github_user_id"),
        "org": line.text("org"),
        "squad": line.text("squad"),
        "cost_center": line.text("cost_center"),
        "manager_email": _email(line, "manager_email"),
        "valid_from": valid_from,
        "valid_to": valid_to,
        "source": "hr_csv",
    }
    return Dated(row, valid_from, valid_to, line.where)


def _name(line: Line) -> str:
    parts = " ".join(filter(None, (line.text("first_name"), line.text("last_name"))))
    return line.text("name") or parts or line.required("name")


def _lower(line: Line, name: str) -> str | None:
    value = line.text(name)
    return value.lower() if value else None


def _email(line: Line, name: str) -> str | None:
    value = _lower(line, name)
    # "Ada Abe <ada@acme.com>" is how mail programs copy an address.
    address = parseaddr(value)[1] if value and "<" in value else value
    if address is not None and not re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", address):
        raise line.bad(name, "must be an e-mail address or empty")
    return address
