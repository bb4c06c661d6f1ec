"""Differences are the same on each engine, to the type of every number."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib import kit
from dynsync_lib.core.advice.funnel import describe_funnel, read_funnel
from dynsync_lib.core.comparison.figures import count_figures
from dynsync_lib.core.comparison.record_tables import count_associations, count_changed
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import Object, System
from dynsync_lib.engine import Engine, open_engine
from dynsync_lib.forecasts.difference import measure_difference
from dynsync_lib.forecasts.finding_moves import Forecasted, count_moves
from dynsync_lib.snapshot.snapshot import Snapshot
from tests.kit.small_portals import load_portals

MONDAY = {
    "h/contacts": "hs_object_id,email,city\n1,ann@c.example,Bonn\n2,bob@c.example,Kiel\n3,,Ulm\n",
    "h/companies": "hs_object_id,name\n7,Acme\n",
    "h/links": "contact_id,company_id,is_primary\n1,7,true\n2,7,false\n",
    "d/contacts": "contactid,emailaddress1,address1_city\nd1,ann@c.example,Jena\nd2,ann@c.example,Bonn\n",
}
FRIDAY = {
    **MONDAY,
    "h/links": "contact_id,company_id,is_primary\n1,7,true\n2,7,true\n",
    "d/contacts": "contactid,emailaddress1,address1_city\nd1,ann@c.example,Bonn\nd3,bob@c.example,\n",
}


@pytest.fixture(scope="module")
def forecasts(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Snapshot, kit.Forecast]]:
    home = tmp_path_factory.mktemp("differences")
    (home / "dynsync.toml").write_text(
        "[sync.contact]\nfilter_to_dynamics = \"city = 'Kiel'\"\n[sync.company]\n", "utf-8"
    )
    pairs = []
    for name, files in (("monday", MONDAY), ("friday", FRIDAY)):
        snapshot = load_portals(home / name, files)
        pairs.append((snapshot, kit.forecast(snapshot, home / "dynsync.toml", home / f"{name}-forecast")))
    return pairs


def _situations(engine: Engine, pairs: list[tuple[Snapshot, kit.Forecast]]) -> list[Forecasted]:
    settings = kit.read_settings(pairs[0][0].path.parents[1] / "dynsync.toml")
    return [Forecasted(forecast, kit.prepare_situation(engine, snapshot, settings)) for snapshot, forecast in pairs]


def _compared(engine: Engine, pairs: list[tuple[Snapshot, kit.Forecast]]) -> dict[str, Any]:
    """What is counted of two snapshots and their forecasts, by an engine."""
    (first, before), (second, after) = pairs

    def tables(forecast: kit.Forecast) -> Mapping[str, Frame]:
        return {name: engine.scan(forecast.table_path(name)) for name in ("outcomes", "changes", "links")}

    def scan(name: str) -> tuple[Frame, Frame]:
        return engine.scan(first.table_path(name)), engine.scan(second.table_path(name))

    marketing = {"before": False, "after": True}
    job = Job(_situations(engine, pairs)[0].situation, Object.CONTACT)
    funnel = describe_funnel(job, System.HUBSPOT, tables(before)["outcomes"])
    return {
        "difference": measure_difference(engine, tables(before), tables(after), marketing=marketing).figures,
        "contacts": engine.rows(count_changed(*scan("dynamics/contacts"), ["address1_city"])),
        "links": engine.rows(count_associations(*scan("hubspot/links"))),
        "figures": sorted(engine.rows(count_figures(**tables(before))), key=str),
        "funnel": read_funnel(funnel, engine.rows(funnel.groups)),
    }


def test_differences__are_those_of_every_engine(forecasts: list[tuple[Snapshot, kit.Forecast]], tmp_path: Path) -> None:
    texts = {}
    for name in ("polars", "duckdb"):
        with open_engine(name, work=tmp_path / name) as engine:
            texts[name] = json.dumps(_compared(engine, forecasts))  # a Decimal would raise
    assert texts["polars"] == texts["duckdb"]
    figures = json.loads(texts["polars"])
    assert figures["contacts"] == [{"kept": 1, "changed": 1, "before:address1_city": 1}]
    assert figures["links"] == [{"kept": 2, "changed": 1}]
    assert [row["left"] for row in figures["funnel"]] == [3, 1, 1, 1, 1, 0, 0, 0, 1]


@pytest.mark.long
def test_moves_of_findings__are_those_of_every_engine(
    forecasts: list[tuple[Snapshot, kit.Forecast]], tmp_path: Path
) -> None:
    checks, texts = kit.rulebook().checks, {}
    for name in ("polars", "duckdb"):
        with open_engine(name, work=tmp_path / name) as engine:
            before, after = _situations(engine, forecasts)
            moves = count_moves(engine, before, after, checks)
        texts[name] = json.dumps({checks[number].id: moved for number, moved in moves.items() if any(moved)})
    assert texts["polars"] == texts["duckdb"]
    assert json.loads(texts["polars"])["G01"] == [1, 0]
