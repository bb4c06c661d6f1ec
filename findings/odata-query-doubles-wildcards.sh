#!/usr/bin/env bash
# One would guess: OData's contains(name,'a_b') as SQL finds the rows whose name holds a_b, whatever library turns the
# filter into SQL.
# What happens: odata-query means to escape LIKE's wildcards and doubles them. In SQL a doubled underscore is two
# wildcards, so contains(name,'a_b') asks for two characters between a and b: the row a_b is not found, the row axyb is.
# Nothing is raised; whole answers are silently empty or wrong.
# Seen with odata-query==0.10.0 on Python 3.11 and SQLite 3.40.1, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check odata-query==0.10.0
"$folder/venv/bin/python" - <<'PYTHON'
import sqlite3

from odata_query.grammar import ODataLexer, ODataParser
from odata_query.sql import AstToSqliteSqlVisitor

connection = sqlite3.connect(":memory:")
connection.execute("CREATE TABLE people (name TEXT)")
connection.executemany("INSERT INTO people VALUES (?)", [("a_b",), ("axb",), ("axyb",)])
tree = ODataParser().parse(ODataLexer().tokenize("contains(name,'a_b')"))
where = AstToSqliteSqlVisitor().visit(tree)
rows = [name for (name,) in connection.execute(f"SELECT name FROM people WHERE {where}")]
print(sqlite3.sqlite_version, where, rows)
assert rows == ["axyb"], "this has changed"
PYTHON
