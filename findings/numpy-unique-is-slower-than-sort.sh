#!/usr/bin/env bash
# One would guess: np.unique of a million whole numbers costs about one sort, and asking it for places as well costs more.
# What happens: without places it fills a hash table, which for numbers that are mostly different takes a hundred times a
# sort; with return_index=True it sorts, and takes a tenth. Keys and pairs of rows are such numbers: sort them, and keep
# those that differ from the one before.
# Seen with numpy==2.4.6 on Python 3.11, x86-64 with AVX2, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import time

import numpy as np


def sort_and_compare(numbers):
    in_order = np.sort(numbers)
    return in_order[np.append(True, in_order[1:] != in_order[:-1])]


def processor_s(different, numbers):
    started = time.process_time()
    different(numbers)
    return time.process_time() - started


print("numpy", np.__version__)
numbers = np.random.default_rng(1).integers(0, 1 << 62, 1_000_000)
ways = {
    "np.unique": np.unique,
    "np.unique with places": lambda numbers: np.unique(numbers, return_index=True)[0],
    "np.sort and compare": sort_and_compare,
}
taken_s = {name: min(processor_s(way, numbers) for _ in range(3)) for name, way in ways.items()}
for name, way in ways.items():
    print(f"{name:22} {taken_s[name]:.3f} s", np.array_equal(way(numbers), sort_and_compare(numbers)))
assert taken_s["np.unique"] > 3 * taken_s["np.unique with places"] > taken_s["np.sort and compare"], "this has changed"
PYTHON
