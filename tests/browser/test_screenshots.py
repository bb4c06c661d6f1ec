"""The pictures of the pages are those that the script takes."""

import os
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.long]
pytest.importorskip("playwright.sync_api", reason="playwright is missing: install the [browser] extra")

CHROMIUM = Path(os.environ.get("DYNSYNC_CHROMIUM", "/usr/bin/chromium"))


def test_screenshots__are_those_of_the_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not CHROMIUM.is_file():
        pytest.skip(f"{CHROMIUM} is not there: set DYNSYNC_CHROMIUM")
    from docs import take_screenshots

    committed = {file.name for file in take_screenshots.PICTURES.iterdir()}
    monkeypatch.setattr(take_screenshots, "PICTURES", tmp_path)
    take_screenshots.main()
    assert {file.name for file in tmp_path.iterdir()} == committed
