"""One line of the override file: whose usage this identifier is, whatever the automatic match says."""


from agent_spend.sources.contract import DAY, TEXT, Contract, column
from agent_spend.sources.dated import Dated, dates_of
from agent_spend.sources.files import SourceFile
from agent_spend.sources.lines import SEPARATORS, Line, csv_lines
from agent_spend.sources.vendors import VENDORS, vendor_of

REQUIRED = ("vendor", "identifier", "person_id")
OPTIONAL = ("valid_from", "valid_to", "note")

IDENTITY_OVERRIDES = Contract(
    {
        "usage_day": column(DAY, "UTC day on which the override holds"),
        "vendor": column(TEXT, "ledger name of the vendor that shows it", one_of=VENDORS),
        "identifier": column(TEXT, "login, e-mail, user id or key id; logins and e-mails in lower case"),
        "person_id": column(TEXT, "the roster's id of the person"),
        "note": column(TEXT, "why, in the words of who decided", nullable=True),
    },
    unique=["usage_day", "vendor", "identifier"],
)


def parse(file: SourceFile) -> list[Dated]:
    """Every dated override, in the file's order.

    Raises:
        FeedError: as :func:`agent_spend.sources.lines.csv_lines`, and ``bad_value`` for an unknown vendor or a date
            that is not one.
    """
    return [_dated(line) for line in csv_lines(file, REQUIRED, OPTIONAL, separators=SEPARATORS)]


def _dated(line: Line) -> Dated:
    valid_from, valid_to = dates_of(line)
    vendor, identifier = vendor_of(line), line.required("identifier")
    # Key ids are case-sensitive; e-mails and GitHub logins are not.
    if "@" in identifier or vendor == "github_copilot":
        identifier = identifier.lower().removeprefix("@")
    row = {
        "vendor": vendor,
        "identifier": identifier,
        "person_id": line.required("person_id"),
        "note": line.text("note"),
    }
    return Dated(row, valid_from, valid_to, line.where)
