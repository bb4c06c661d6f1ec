#!/usr/bin/env bash
# One would guess: where a sheet already has as many links as Excel allows (65,530), xlsxwriter's write_url still writes
# the cell's text and leaves out the link alone.
# What happens: it writes neither. The cell stays empty; a warning is printed, and write_url returns -4, also where the
# text was given apart as `string`. A list of 70,000 records with a link each loses the last 4,470 addresses.
# Seen with xlsxwriter==3.3.1 on Python 3.11, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check xlsxwriter==3.3.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import zipfile

import xlsxwriter

print("xlsxwriter", xlsxwriter.__version__)
ALLOWED, ROWS = 65_530, 65_532
with xlsxwriter.Workbook("links.xlsx", {"constant_memory": True}) as book:
    sheet = book.add_worksheet()
    returned = [sheet.write_url(row, 0, f"https://example.com/{row}", string=f"row {row}") for row in range(ROWS)]
with zipfile.ZipFile("links.xlsx") as book:
    text = book.read("xl/worksheets/sheet1.xml").decode()
seen = {
    "links": text.count("<hyperlink "),
    "cells with a text": text.count("<t>row "),
    "returned beyond": set(returned[ALLOWED:]),
}
print(seen)
assert seen == {"links": ALLOWED, "cells with a text": ALLOWED, "returned beyond": {-4}}, "this has changed"
PYTHON
