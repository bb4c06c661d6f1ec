"""What a sheet asks for joins by equal values alone, or a worklist of a million records never ends."""

from __future__ import annotations

import pytest

from dynsync_lib import kit
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.forecasts.forecast_snapshot import snapshot_of_forecast
from dynsync_lib.worklist.queries import NOT_LISTED, QUERIES, query_of
from dynsync_lib.worklist.tables import WorklistTables, open_worklist_tables
from tests.worklist.small_worklist import small_forecast

_COMPARING_ALL_ROWS = ("BLOCKWISE_NL_JOIN", "NESTED_LOOP_JOIN", "CROSS_PRODUCT", "IE_JOIN", "PIECEWISE_MERGE_JOIN")


@pytest.fixture(scope="module")
def forecast(tmp_path_factory: pytest.TempPathFactory) -> kit.Forecast:
    return small_forecast(tmp_path_factory.mktemp("queries"))


def joins_that_compare_all_rows(tables: WorklistTables, query: str) -> list[str]:
    """The joins in the plan of a query that compare every row of one table with every row of the other."""
    tables.connection.execute("SET explain_output = 'physical_only'")
    (_, plan), *_ = tables.connection.execute(f"EXPLAIN (FORMAT json) {query}").fetchall()
    return [join for join in _COMPARING_ALL_ROWS if f'"{join}"' in plan]


def test_sheets__join_by_equal_values_alone(forecast: Forecast) -> None:
    with open_worklist_tables(forecast, snapshot_of_forecast(forecast, None)) as tables:
        queries = [*(query_of(sheet) for sheet in QUERIES), NOT_LISTED]
        assert [joins_that_compare_all_rows(tables, query) for query in queries] == [[]] * len(queries)


def test_joins_that_compare_all_rows__are_seen(forecast: Forecast) -> None:
    either = "SELECT * FROM outcomes o LEFT JOIN records r ON o.record_id = r.id OR o.counterpart_id = r.id"
    with open_worklist_tables(forecast, None) as tables:
        assert joins_that_compare_all_rows(tables, either) == ["BLOCKWISE_NL_JOIN"]
