"""Rows and counts of a forecast's files: the same as counted by hand, masked before they are grouped."""

from pathlib import Path

import pandas as pd
import pytest

from dynsync_lib import kit
from dynsync_lib.core.masking import Mask, Masking, mask_partly
from dynsync_lib.core.tables import FORECAST_TABLES
from dynsync_lib.errors import UsageError
from dynsync_lib.forecasts.masking_secret import masking_secret
from dynsync_lib.report.views import changes_table
from tests.report.hand_made_forecast import CHANGES, HandMadeForecast, empty_forecast, write_forecast

GROUPINGS = [
    ("changes", ["object", "target_system", "target_field", "source_field", "kind", "note"]),
    ("changes", ["note"]),
    ("links", ["from_system", "from_object", "to_object", "status"]),
    ("collisions", ["system", "object", "match_key"]),
    ("near_names", ["reason"]),
]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> kit.Forecast:
    return kit.open_forecast(write_forecast(HandMadeForecast(), tmp_path_factory.mktemp("rows") / "forecast"))


@pytest.mark.parametrize(("table", "by"), GROUPINGS)
def test_counts__as_counted_by_hand(told: kit.Forecast, table: str, by: list[str]) -> None:
    assert told.counts(table, by) == HandMadeForecast().counts(table, by)
    assert told.count_groups(table, by) == HandMadeForecast().count_groups(table, by)


def test_counts__null_is_a_group_and_comes_last(told: kit.Forecast) -> None:
    assert told.counts("changes", ["note"]) == [
        {"note": "stale_winner", "count": 1},
        {"note": "value_skipped", "count": 1},
        {"note": None, "count": 3},
    ]


@pytest.mark.parametrize("table", FORECAST_TABLES)
def test_rows__all_of_a_table(told: kit.Forecast, table: str) -> None:
    assert told.rows(table) == HandMadeForecast().rows(table)


def test_rows__some_in_order(told: kit.Forecast) -> None:
    assert [row["score"] for row in told.rows("near_names", order=["-score"], limit=1)] == [96.8]
    assert [row["record_id"] for row in told.rows("outcomes", where={"outcome": "failing"})] == ["5"]
    falling = told.rows("findings", order=["-count", "check_id"])
    assert [(row["check_id"], row["count"]) for row in falling] == [("G01", 9), ("G26", 1), ("G18", None)]


@pytest.mark.parametrize("value", ["5' OR '1'='1", "5\0", "\0' OR '1'='1"])
def test_rows__of_a_value_that_would_end_the_query(told: kit.Forecast, value: str) -> None:
    assert told.rows("outcomes", where={"record_id": value}) == []


def test_shared_keys__largest_first_with_winner_and_losers(told: kit.Forecast) -> None:
    (largest,) = told.shared_keys(1)
    assert {**largest, "differs_in": sorted(largest["differs_in"])} == {
        "system": "dynamics",
        "object": "contact",
        "match_key": "info@adler.example",
        "count": 3,
        "winner_id": "a-7",
        "first_losers": ["a-8", "a-9"],
        "losers": 2,
        "differs_in": ["lastname", "lastname;jobtitle"],
    }


def test_shared_key_sizes__groups_by_the_number_of_their_records(told: kit.Forecast) -> None:
    assert told.shared_key_sizes() == HandMadeForecast().shared_key_sizes()
    assert told.shared_key_sizes() == [
        {"system": "dynamics", "object": "contact", "size": 3, "count": 1},
        {"system": "hubspot", "object": "company", "size": 2, "count": 1},
    ]


def test_problem_sets__each_record_once_with_all_its_problems(tmp_path: Path) -> None:
    nobody = (None,) * 4
    outcomes = [
        ("dynamics", "contact", "a", "update", "in_sync", None, "r", *nobody),
        ("dynamics", "contact", "b", "shadowed", "excluded", None, "r", *nobody),
        ("dynamics", "contact", "c", "excluded", "excluded", "no_email", "r", *nobody),
        ("dynamics", "contact", "d", "excluded", "excluded", "filter", "r", *nobody),
        ("hubspot", "contact", "1", "failing", "failing", "too_long", "r", *nobody),
        ("hubspot", "company", "1", "create", "in_sync", None, "r", *nobody),
    ]
    changes = [
        ("lead", "1", "e", "hubspot", "city", "city", "overwrite", "x", "y", None),
        ("contact", "2", "a", "dynamics", "city", "city", "overwrite", "x", "y", "stale_winner"),
        ("contact", "2", "d", "dynamics", "city", "city", "overwrite", "x", "y", "value_skipped"),
        ("contact", "2", "d", "dynamics", "city", "city", "fill", None, "y", None),
    ]
    links = [
        ("dynamics", "contact", "a", "company", "x", "target_not_synced", "link.target-not-synced"),
        ("dynamics", "contact", "b", "company", "x", "target_not_synced", "link.source-not-synced"),
        ("dynamics", "contact", "a", "company", "y", "synced", "link.both-synced"),
    ]
    near = [("1", "Adler", "x", "Adler GmbH", "legal_form", 90.0, None)]
    forecast = HandMadeForecast().with_rows("outcomes", outcomes).with_rows("changes", changes)
    forecast = forecast.with_rows("links", links).with_rows("near_names", near)
    sets = kit.open_forecast(write_forecast(forecast, tmp_path / "forecast")).problem_sets()
    assert sets == forecast.problem_sets()
    assert sets == [
        {"problems": ["near_name"], "count": 2},
        {"problems": ["kept_out"], "count": 1},
        {"problems": ["shadowed"], "count": 1},
        {"problems": ["association_lost", "overwritten"], "count": 1},
        {"problems": ["failing", "overwritten"], "count": 1},
    ]


def test_rows__masked_as_the_frames_are(told: kit.Forecast) -> None:
    masked, secret = told.masked(), masking_secret(told.folder)
    plain = told.rows("collisions")
    mask = Mask(Masking.PSEUDONYM, secret)
    keys = [mask.key(row["object"], row["match_key"]) for row in plain]
    assert [row["match_key"] for row in masked.rows("collisions")] == keys
    assert str(keys[0]).startswith("person-")
    assert keys[-1] == "adler papier"
    assert masked.shared_keys(1)[0]["match_key"] == keys[0]
    changes = told.rows("changes")
    values = [mask.value(row["object"], row["new_value"]) for row in changes]
    assert [row["new_value"] for row in masked.rows("changes")] == values
    assert values[0] == "(filled)"
    assert [row["old_value"] for row in masked.rows("changes")][2] is None


@pytest.mark.parametrize(
    "key", ["jürgen@straße.example", "jö@x.example", "ada@x.example", "Ann Ö", "Ann Öz", "", "👋🏽 Anna"]
)
def test_rows__partly_masked_alike_in_frames_and_rows(tmp_path: Path, key: str) -> None:
    forecast = HandMadeForecast().with_rows("collisions", [("hubspot", "contact", key, "1", 1, True, None)])
    partly = kit.open_forecast(write_forecast(forecast, tmp_path / "forecast")).masked("partial")
    assert [row["match_key"] for row in partly.rows("collisions")] == [mask_partly(key)]
    assert partly.collisions["match_key"].tolist() == [mask_partly(key)]


def test_masked__refuses_what_shows_no_records_and_what_is_no_level(told: kit.Forecast) -> None:
    with pytest.raises(UsageError, match="Masking at `counts` hides every record"):
        told.masked("counts")
    with pytest.raises(UsageError, match="`most` is no level of masking"):
        told.masked("most")
    with pytest.raises(UsageError, match=r"A forecast that is masked \(pseudonym\) is not masked otherwise"):
        told.masked().masked("none")


def test_rows__a_key_beyond_ascii_is_masked_alike(tmp_path: Path) -> None:
    row = ("hubspot", "contact", "jürgen@straße.example", "1", 1, True, None)
    forecast = HandMadeForecast().with_rows("collisions", [row])
    masked = kit.open_forecast(write_forecast(forecast, tmp_path / "forecast")).masked()
    assert [one["match_key"] for one in masked.rows("collisions")] == masked.collisions["match_key"].tolist()


def test_rows__an_empty_or_older_file_has_all_columns(tmp_path: Path) -> None:
    folder = write_forecast(empty_forecast().with_info(snapshot_sha256="a" * 64), tmp_path / "forecast")
    told = kit.open_forecast(folder)
    assert {table: told.rows(table) for table in FORECAST_TABLES} == {table: [] for table in FORECAST_TABLES}
    assert told.masked().shared_keys(10) == []
    assert told.masked().shared_key_sizes() == []
    assert told.masked().problem_sets() == []
    assert told.counts("links", ["status"]) == []
    filled = {"object": "contact", "target_system": "hubspot", "target_field": "jobtitle", "new_value": "Chef"}
    pd.DataFrame([filled]).to_parquet(folder / "changes.parquet")
    (row,) = told.rows("changes")
    assert list(row) == list(FORECAST_TABLES["changes"].column_names)
    assert {name: value for name, value in row.items() if value is not None} == filled
    assert told.masked().rows("changes")[0]["new_value"] == "(filled)"


def test_rows__a_folder_whose_name_looks_like_a_pattern(tmp_path: Path) -> None:
    folder = write_forecast(HandMadeForecast(), tmp_path / "it's [a] forecast")
    assert len(kit.open_forecast(folder).rows("links")) == 6


def test_changes_table__a_million_rows_stay_small(tmp_path: Path) -> None:
    folder = write_forecast(HandMadeForecast(), tmp_path / "forecast")
    many = pd.DataFrame(CHANGES, columns=list(FORECAST_TABLES["changes"].column_names))
    many.loc[many.index.repeat(200_000)].to_parquet(folder / "changes.parquet")
    told = kit.open_forecast(folder)
    html = changes_table(told).html
    assert "400,000" in html
    assert len(html) < 20_000
    assert kit.six_figures(told).as_dict()["fields_overwritten"] == 600_000
