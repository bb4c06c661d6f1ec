#!/usr/bin/env bash
# One would guess: a program that uses DuckDB through Narwhals imports pandas only where it asks for a pandas frame.
# What happens: DuckDB imports pandas as soon as it turns a Python value into one of its own: for a parameter of
# execute(), and so for every literal that Narwhals hands over (nw.lit, a comparison with a text). A query without a
# value does not. Where pandas is installed, that costs each short-lived command the import.
# Seen with duckdb==1.5.6, narwhals==2.29.0, pandas==3.1.1 on Python 3.11, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==1.5.6 narwhals==2.29.0 pandas==3.1.1
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import duckdb
import narwhals as nw

print("duckdb", duckdb.__version__, "narwhals", nw.__version__)


def is_imported() -> bool:
    return "pandas" in sys.modules


connection = duckdb.connect()
frame = nw.from_native(connection.sql("SELECT 'a' AS letter"))
frame.select("letter").to_native().fetchall()
seen = {"import and a query": is_imported()}
frame.filter(nw.col("letter") == "a").to_native().fetchall()
seen["a literal of Narwhals"] = is_imported()
print(seen)
assert seen == {"import and a query": False, "a literal of Narwhals": True}, "this has changed"
PYTHON
