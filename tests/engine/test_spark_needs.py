"""What is said when Spark cannot run here. None of this needs Spark."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dynsync_lib.cli import commands
from dynsync_lib.engine import open_engine, refuse_engine, spark_needs
from dynsync_lib.errors import UsageError


@pytest.fixture
def with_pyspark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark_needs, "find_spec", lambda _name: object())


@pytest.fixture
def without_pyspark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark_needs, "find_spec", lambda _name: None)


def test_engine__of_an_unknown_name() -> None:
    with pytest.raises(UsageError) as raised:
        open_engine("dask", work=None)
    assert str(raised.value) == "There is no engine `dask`."
    assert raised.value.next_step == "Use one of: auto, duckdb, polars, spark."


@pytest.mark.usefixtures("without_pyspark")
def test_spark__without_its_package() -> None:
    with pytest.raises(UsageError, match="needs the package pyspark") as raised:
        refuse_engine("spark")
    assert (
        raised.value.next_step
        == "Run `python -m pip install 'pyspark>=4,<5'` in the kit's environment, or use --engine duckdb."
    )


@pytest.mark.usefixtures("with_pyspark")
def test_spark__without_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(UsageError, match="needs Java, and neither JAVA_HOME nor PATH leads to it") as raised:
        refuse_engine("spark")
    assert raised.value.next_step == "Install a Java runtime, version 17 or newer, or use --engine duckdb."


@pytest.mark.usefixtures("with_pyspark")
def test_spark__with_the_java_of_java_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    refuse_engine("spark")


@pytest.mark.usefixtures("without_pyspark")
def test_forecast__on_spark_without_it_ends_with_2_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "h").mkdir()
    (tmp_path / "h" / "contacts.csv").write_text("hs_object_id,email\n1,ada@example.com\n", encoding="utf-8")
    (tmp_path / "dynsync.toml").write_text("[sync.contact]\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert _run(monkeypatch, "load", "--hubspot", "h", "--out", "s") == 0
    capsys.readouterr()
    assert _run(monkeypatch, "forecast", "s", "--out", "f", "--engine", "spark") == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert " ".join(told.err.split()) == (
        "The engine `spark` needs the package pyspark, which is not installed. "
        "Run `python -m pip install 'pyspark>=4,<5'` in the kit's environment, or use --engine duckdb."
    )
    assert not (tmp_path / "f").exists()


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["dynsync", *arguments])
    with pytest.raises(SystemExit) as ended:
        commands.main()
    return int(ended.value.code or 0)
