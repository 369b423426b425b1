"""Invoices as Stripe's own exports hold them: its API's JSON, and its itemized CSV in minor units.

Anthropic and Cursor bill through Stripe. In its API and its data exports an amount is a whole number of the currency's
smallest unit (``120000`` is 1,200.00 USD); its dashboard's CSV prints decimals (``1200.00``) and is read as a portal's.
Source: Stripe API reference, "The Invoice object", "The Invoice Line Item object", "The Credit Note object"; Stripe
docs, "Supported currencies" (zero-decimal and three-decimal ones).
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from agent_spend.errors import FeedError
from agent_spend.sources.files import SourceFile
from agent_spend.sources.lines import Line

#: Decimal places of currencies that have not two of them.
_PLACES = dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3) | dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0
)
#: Neither is owed: a draft is not an invoice yet, and a void one was taken back.
NOT_OWED = ("draft", "void")
_AMOUNTS = ("amount", "tax", "discount")
_ID = re.compile(r"(in|il|ii|cn|cnli)_\w+")


def major(text: str, currency: str) -> str:
    """A whole number of the currency's smallest unit as a decimal amount: ``120000`` cents are ``1200.00``."""
    return f"{Decimal(text).scaleb(-_PLACES.get(currency.upper(), 2)):f}"


def is_minor(lines: Iterable[Mapping[str, str]]) -> bool:
    """Whether the amounts of a CSV with Stripe's ids are in the smallest unit: none of them has a decimal point."""
    lines = list(lines)
    ids = [line["invoice"] for line in lines if line["invoice"]]
    return bool(ids) and all(map(_ID.fullmatch, ids)) and all(
        re.fullmatch(r"-?\d*", line[name]) for line in lines for name in _AMOUNTS
    )


def in_major(values: Mapping[str, str]) -> dict[str, str]:
    """A line of such a CSV with its amounts as decimals."""
    stated = {name: major(values[name], values["currency"]) for name in _AMOUNTS if values[name]}
    return {**values, **stated}


def recognises(body: object) -> bool:
    """Whether parsed JSON holds Stripe's invoices or credit notes."""
    return all(item.get("object") in ("invoice", "credit_note") for item in _items(body)) and bool(_items(body))


def lines(file: SourceFile, body: object) -> list[Line]:
    """One line a charge, discount and tax, in the columns of :mod:`agent_spend.sources.invoices.vendor_lines`.

    Drafts and void invoices are left out. The lines of each document add up to its ``total``.

    Raises:
        FeedError: ``truncated`` for a document with more lines than the file holds; ``bad_value`` where the lines do not
            add up; ``missing_field``.
    """
    found = []
    for number, item in enumerate(_items(body), 1):
        where = f"{file.name} entry {number}"
        try:
            printed = list(_document(item, file.name, where))
        except (KeyError, TypeError, AttributeError, ValueError, ArithmeticError, OSError) as error:
            raise FeedError("missing_field", f"{where}: not a whole Stripe {item.get('object')} ({error})") from None
        found += [Line(file.name, number, values, "entry") for values in printed]
    return found


def _items(body: object) -> list[dict]:
    entries = body.get("data") if isinstance(body, dict) and body.get("object") == "list" else body
    entries = entries if isinstance(entries, list) else [entries]
    return [item for item in entries if isinstance(item, dict)] if all(isinstance(item, dict) for item in entries) else []


def _document(item: dict, place: str, where: str) -> Iterable[dict[str, str]]:
    if item.get("status") in NOT_OWED:
        return
    is_credit = item["object"] == "credit_note"
    entries = item["lines"]
    if entries.get("has_more"):
        raise FeedError("truncated", f"{where}: lines.has_more is true; save all pages of the lines of {item['id']} in one list")
    sign, currency, total = (-1 if is_credit else 1), item["currency"], Decimal(0)
    issued = _day(item.get("effective_at") or item["created"])
    shared = {
        "invoice": item.get("number") or item["id"], "issued": issued, "currency": currency,
        "vendor": f"{item.get('account_name') or ''} {place}", "kind": "credit" if is_credit else "", "tax": "",
    }  # fmt: skip
    at_issue = {"start": issued, "end": issued, "period": ""}
    period = at_issue
    taxed = Decimal(0)
    for entry in entries["data"]:
        period = _period(entry["period"]) if entry.get("period") else at_issue
        off = _sum(entry.get("discount_amounts"))
        tax, inside = _tax(entry)
        words = entry.get("description") or ""
        money = Decimal(entry["amount"]) - inside
        charges = [(words, money, ""), (f"Discount on: {words}", -off, "credit"), (f"Tax on: {words}", tax, "tax")]
        taxed += tax
        for text, amount, kind in charges:
            if amount or text == words:
                total += amount
                quantity = str(entry.get("quantity") or "") if text == words else ""
                yield shared | period | {
                    "description": text, "amount": major(str(sign * amount), currency), "quantity": quantity,
                    "kind": shared["kind"] or kind,
                }
    # Older invoices state their tax once, not a line.
    rest = Decimal(item.get("tax") or _sum(item.get("total_tax_amounts") or item.get("total_taxes"))) - taxed
    if rest and not taxed:
        total += rest
        kind = shared["kind"] or "tax"
        yield shared | period | {"description": "Tax", "amount": major(str(sign * rest), currency), "quantity": "", "kind": kind}
    if item.get("total") is not None and Decimal(item["total"]) != total:
        sums = f"{major(str(total), currency)} {currency.upper()} and its total is {major(str(item['total']), currency)}"
        raise FeedError("bad_value", f"{where}: its lines add up to {sums}; save the whole document")


def _tax(entry: dict) -> tuple[Decimal, Decimal]:
    """Tax of a line, and how much of it is inside the line's amount."""
    taxes = entry.get("tax_amounts") or entry.get("taxes") or []
    inside = [tax for tax in taxes if tax.get("inclusive") or tax.get("tax_behavior") == "inclusive"]
    return _sum(taxes), _sum(inside)


def _sum(parts: list[dict] | None) -> Decimal:
    return sum((Decimal(part["amount"]) for part in parts or ()), Decimal(0))


def _period(period: dict) -> dict[str, str]:
    start, end = (datetime.fromtimestamp(int(period[name]), UTC) for name in ("start", "end"))
    # An end at midnight is the first instant after the period.
    if end > start and end.time() == datetime.min.time():
        end -= timedelta(days=1)
    return {"start": f"{start:%Y-%m-%d}", "end": f"{end:%Y-%m-%d}", "period": ""}


def _day(seconds: int | str) -> str:
    return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%d}"
