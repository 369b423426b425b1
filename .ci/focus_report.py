"""Reads focus-validator's report (its exit code is 0 even with failures) against the list of allowed failures."""

import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

RULE = re.compile(r"\b([A-Za-z]+-[CDA]-\d{3}-[MCOR])\b")


def main(file: str, report: str, allowed_list: str) -> int:
    allowed = {line.split()[0] for line in Path(allowed_list).read_text().splitlines() if line and not line.startswith("#")}
    suites = ET.parse(report).getroot()
    failed: dict[str, str] = {}
    run = 0
    for case in suites.iter("testcase"):
        run += case.find("skipped") is None
        failure = case.find("failure") if case.find("failure") is not None else case.find("error")
        if failure is not None:
            name = case.get("name") or ""
            rule = RULE.search(name)
            failed[rule[1] if rule else name] = (failure.get("message") or failure.text or "").strip().splitlines()[0]
    if not run:
        print(f"{file}: the validator ran no rule")
        return 1
    unexpected, used = sorted(set(failed) - allowed), sorted(set(failed) & allowed)
    print(f"{file}: {run} rules run, {len(used)} allowed failures, {len(unexpected)} other failures")
    print(f"  allowed: {', '.join(used) or 'none'}")
    for rule in unexpected:
        print(f"  {rule}: {failed[rule]}")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
