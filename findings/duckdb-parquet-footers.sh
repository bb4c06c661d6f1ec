#!/usr/bin/env bash
# One would guess: DuckDB reads the footer of a Parquet file once for each scan, and a setting that connect() takes by
# name works like SET.
# What happens: with lazy relations every relation that is built upon read_parquet() opens the file again to bind it, so
# that a plan of many small steps over kept files spends its time on footers. SET parquet_metadata_cache = true keeps
# them, but the same name given to duckdb.connect(config=...) is refused: it belongs to an extension that is loaded later.
# Seen with duckdb==1.5.6 on Python 3.11, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==1.5.6
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys

import duckdb

print("duckdb", duckdb.__version__)
connection = duckdb.connect()
connection.execute("SET parquet_metadata_cache = true")
kept = connection.sql("SELECT current_setting('parquet_metadata_cache')").fetchall()
try:
    duckdb.connect(config={"parquet_metadata_cache": "true"})
    refused = "accepted"
except duckdb.Error as error:
    refused = type(error).__name__
print("SET:", kept, "connect:", refused)
assert kept == [(True,)] and refused != "accepted", "this has changed"
PYTHON
