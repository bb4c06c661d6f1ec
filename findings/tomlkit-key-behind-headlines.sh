#!/usr/bin/env bash
# One would guess: a key that is added to a section of a TOML file stands below the section's other keys.
# What happens: tomlkit takes every comment up to the next section for the earlier one's, also those after a blank line,
# and puts the key behind them. The headline that people wrote above the next section then stands above the new key.
# Added sections have the same place, and no blank line before what follows them.
# Seen with tomlkit==0.15.2 on Python 3.11, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tomlkit==0.15.2
"$folder/venv/bin/python" - <<'PYTHON'
import tomlkit

document = tomlkit.parse('[contact]\nfirst = "a"\n\n# --- Leads: nobody may change these ---\n\n[lead]\nsecond = "b"\n')
document["contact"]["added"] = "c"
text = tomlkit.dumps(document)
print("tomlkit", tomlkit.__version__)
print(text)
lines = text.splitlines()
assert lines.index('added = "c"') == lines.index("# --- Leads: nobody may change these ---") + 1, "this has changed"
PYTHON
