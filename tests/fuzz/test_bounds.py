"""The guards that bad input meets, each with a harmless example of its kind."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dynsync_lib import kit
from dynsync_lib.core.filters.grammar import FilterTextError, parse_filter
from dynsync_lib.emulator.world.world_folder import open_world
from dynsync_lib.errors import DynsyncError, InputFileError, SettingsError, SnapshotError
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.portals.sign_in.access import read_env_file
from dynsync_lib.shapes import Named, misshapen
from dynsync_lib.small_files import SmallFileError, read_small
from dynsync_lib.workbooks.bounds import bounded_rows, refuse_large_workbook
from tests.fuzz.handed_over import make_bases


@pytest.fixture(scope="module")
def engagement(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("bases")
    make_bases(root)
    return root / "engagement"


def test_read_small__no_device_no_folder_no_more_than_the_bound(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(b"x" * 11)
    os.mkfifo(tmp_path / "pipe")
    for path, says in (("/dev/zero", "is no plain file"), (tmp_path, "is a folder"), (tmp_path / "no", "is not there")):
        with pytest.raises(SmallFileError, match=says):
            read_small(Path(path))
    with pytest.raises(SmallFileError, match="is no plain file"):
        read_small(tmp_path / "pipe")
    with pytest.raises(SmallFileError, match="is larger than 0 MB"):
        read_small(tmp_path / "long", most_bytes=10)
    assert read_small(tmp_path / "long", most_bytes=11) == b"x" * 11


@pytest.mark.parametrize("text", ["x = " + "[" * 5_000, "x = 1" + "0" * 5_000, "a" + ".a" * 200_000 + " = 1"])
def test_settings__too_deep_too_long_numbers_and_names_end_in_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "dynsync.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"dynsync\.toml is no TOML"):
        kit.read_settings(tmp_path / "dynsync.toml")


def test_filter__nests_and_grows_to_a_bound_only() -> None:
    assert parse_filter("(" * 39 + "a = 1" + ")" * 39)
    with pytest.raises(FilterTextError, match="nests more than 40 times"):
        parse_filter("(" * 40 + "a = 1" + ")" * 40)
    with pytest.raises(FilterTextError, match="more than 4,000 words and signs"):
        parse_filter(" or ".join(["a = 1"] * 2_000))


def test_env__is_read_as_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER", "elsewhere")
    file = tmp_path / ".env"
    file.write_text("TOKEN=a${OTHER}b\n", encoding="utf-8")
    assert read_env_file(file) == {"TOKEN": "a${OTHER}b"}
    file.write_bytes(b"TOKEN=\xff\n")
    with pytest.raises(SettingsError, match=r"\.env is no text in UTF-8\."):
        read_env_file(file)
    assert read_env_file(tmp_path / "none") == {}


def test_csv__of_very_many_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "h").mkdir()
    names = ",".join(f"c{number}" for number in range(16_384))
    (tmp_path / "h" / "contacts.csv").write_text(f"hs_object_id,{names}\n", encoding="utf-8")
    with pytest.raises(InputFileError, match=r"the heading has 16,385 cells, 16,384 are read"):
        kit.load(tmp_path / "h", None, tmp_path / "s")


def test_workbook__that_unpacks_beyond_measure_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "contacts.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", b"\0" * (65 << 20))
    with pytest.raises(InputFileError, match=r"would unpack to 65 MB from 6\d KB"):
        refuse_large_workbook(path)


def test_workbook__rows_and_cells_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "contacts.xlsx"
    with pytest.raises(InputFileError, match="at most 1,048,576 rows and 16,384 columns"):
        list(bounded_rows(path, [[None] * 16_385], 1))
    with pytest.raises(InputFileError, match=r"line 313: the sheet names 5,\d{3},\d{3} cells"):
        list(bounded_rows(path, ([None] * 16_000 for _ in range(400)), 1))
    assert list(bounded_rows(path, [["a"], ["b"]], 1)) == [(1, ["a"]), (2, ["b"])]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"finished_at": "soon"}, "`finished_at` is no moment"),
        ({"portals": []}, "`portals` is not an object"),
        ({"source": None}, "`source` is not a text"),
        ({"associations_of": ["contact", 1]}, r"`associations_of` is not a list or null"),
        ({"tables": {"hubspot/contacts": 1}}, "`tables.hubspot/contacts` is not an object"),
    ],
)
def test_manifest__is_refused_with_the_place(
    engagement: Path, tmp_path: Path, change: dict[str, object], says: str
) -> None:
    manifest = json.loads((engagement / "snapshot" / "manifest.json").read_text(encoding="utf-8"))
    (tmp_path / "manifest.json").write_text(json.dumps({**manifest, **change}), encoding="utf-8")
    with pytest.raises(SnapshotError, match=f"cannot be used: {says}"):
        kit.open_snapshot(tmp_path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"direction": "up"}, "objects.contact.direction. is none of to_dynamics, to_hubspot, two_way"),
        ({"conflict_winner": "x"}, "objects.contact.conflict_winner. is none of dynamics, hubspot"),
        ({"filter_to_hubspot": "who?"}, "objects.contact.filter_to_hubspot. is no filter"),
        (None, "objects. has .ticket., which is not known"),
    ],
)
def test_forecast__whose_settings_are_none_is_refused(
    engagement: Path, tmp_path: Path, change: dict[str, str] | None, says: str
) -> None:
    info = json.loads((engagement / "forecast" / "forecast.json").read_text(encoding="utf-8"))
    contact = info["objects"]["contact"]
    info["objects"].update({"ticket": contact} if change is None else {"contact": {**contact, **change}})
    (tmp_path / "forecast.json").write_text(json.dumps(info), encoding="utf-8")
    with pytest.raises(SnapshotError, match=f"cannot be used, .{says}"):
        kit.open_forecast(tmp_path)


def test_forecast__whose_table_was_changed_is_refused_where_it_is_read(engagement: Path, tmp_path: Path) -> None:
    source = kit.open_forecast(engagement / "forecast")
    assert sorted(source.info["sha256"]) == sorted(source.info["rows"])
    for file in source.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "changes.parquet").write_bytes((tmp_path / "links.parquet").read_bytes())
    opened = kit.open_forecast(tmp_path)
    assert opened.rows("links") == source.rows("links")
    with pytest.raises(SnapshotError, match=r"changes\.parquet was changed after the forecast was made"):
        opened.rows("changes")
    earlier = Forecast(tmp_path, {**opened.info, "sha256": {}})
    assert earlier.rows("links") == source.rows("links")
    (tmp_path / "links.parquet").write_bytes(b"PAR1")
    summary = pq.read_table(tmp_path / "summary.parquet")
    for name, value in (("count", [None] * len(summary)), ("system", [None] * len(summary))):
        column = pa.array(value, summary.schema.field(name).type)
        pq.write_table(summary.set_column(summary.column_names.index(name), name, column), tmp_path / "summary.parquet")
        with pytest.raises(SnapshotError, match=rf"summary\.parquet has no value in {name} of each row"):
            earlier.rows("summary")
    pq.write_table(summary.drop_columns(["object"]), tmp_path / "summary.parquet")
    with pytest.raises(SnapshotError, match=r"summary\.parquet has no column object"):
        earlier.rows("summary")
    with pytest.raises(SnapshotError, match=r"links\.parquet cannot be read"):
        earlier.rows("links")


def test_world__with_a_zero_character_in_a_heading_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hubspot").mkdir()
    (tmp_path / "hubspot" / "contacts.csv").write_text("hs_object_id,a\0b\n1,x\n", encoding="utf-8")
    with pytest.raises(InputFileError, match="which is no name"):
        open_world(tmp_path)


def test_misshapen__names_the_place() -> None:
    shape = {"rows": int, "names?": [str], "of": Named((int, type(None)))}
    assert misshapen({"rows": 1, "of": {"a": None, "b": 2}, "more": []}, shape) is None
    assert misshapen({"rows": True, "of": {}}, shape) == "`rows` is not a whole number"
    assert misshapen({"rows": 1, "of": {"a b": "x"}}, shape) == "`of.a b` is not a whole number or null"
    assert misshapen({"rows": 1, "of": {}, "names": ["x", 2]}, shape) == "`names[1]` is not a text"
    assert misshapen({"of": {}}, shape) == "it has no `rows`"


def test_error__says_no_control_character_and_no_long_cell() -> None:
    error = DynsyncError("a \x1b[2J b " + "x" * 5_000, next_step="\u202eback")
    assert str(error).startswith("a \\x1b[2J b xxx")
    assert len(str(error)) == 600
    assert error.next_step == "\\u202eback"
