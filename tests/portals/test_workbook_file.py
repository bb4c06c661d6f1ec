"""A workbook is closed in any case."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import openpyxl
import pytest

from dynsync_lib.workbooks.opened import open_workbook


def test_workbook_that_openpyxl_gives_up_on__is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given_up: list[IO[bytes]] = []

    def give_up(file: IO[bytes], **_: bool) -> None:
        given_up.append(file)
        raise KeyError("xl/workbook.xml")

    (tmp_path / "contacts.xlsx").write_bytes(b"")
    monkeypatch.setattr(openpyxl, "load_workbook", give_up)
    with pytest.raises(KeyError), open_workbook(tmp_path / "contacts.xlsx"):
        pass
    assert [file.closed for file in given_up] == [True]


def test_workbook_that_is_left_early__is_closed(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["Email"])
    book.save(tmp_path / "contacts.xlsx")
    with open_workbook(tmp_path / "contacts.xlsx", data_only=True) as opened:
        rows = opened.worksheets[0].iter_rows(values_only=True)
        assert next(rows) == ("Email",)
    with pytest.raises(ValueError, match="closed"):
        next(opened.worksheets[0].iter_rows())
