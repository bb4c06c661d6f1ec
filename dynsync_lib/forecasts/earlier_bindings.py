"""The pairs that an earlier run bound, out of an earlier forecast or a file with three columns.

Facts
    * Of a forecast every pair is a binding, whether it writes, stays as it is, is refused or fenced out (2.9, 3.12).
    * Whoever fails because its address is taken names the holder as counterpart; that is no pair.
    * A file is Parquet or CSV (comma, semicolon or tab) and has the columns of `core.tables.BINDINGS`; blank rows bind
      nothing, GUIDs may be in capitals and in braces. Rows with an id on one side only bind nothing and are counted.

Not modelled
    * Pairs of what a forecast would create: the new record's id is not known before a portal has given it.

Where it is used: `kit.forecast`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.model import Object, Reason, System
from dynsync_lib.core.tables import BINDINGS
from dynsync_lib.engine import Engine
from dynsync_lib.errors import UsageError
from dynsync_lib.forecasts.forecast_check import FORECAST_FILE, read_info, scan_table

_NEXT: Final = "Name the folder of an earlier forecast, or a CSV or Parquet file with object, hubspot_id, dynamics_id."


@dataclass(frozen=True, slots=True)
class EarlierBindings:
    """The pairs that an earlier run bound, as rows of `core.tables.BINDINGS`: object, hubspot_id, dynamics_id.

    `one_sided` is how many rows of the file have an id on one side only, and so are no pairs.
    """

    pairs: Frame
    one_sided: int = 0

    @property
    def notes(self) -> list[str]:
        """What of the file binds nothing, in sentences."""
        if not self.one_sided:
            return []
        rows = "1 row has" if self.one_sided == 1 else f"{self.one_sided:,} rows have"
        return [f"Not checked: of the pairs of the earlier run {rows} an id on one side only, which binds nothing."]


def read_bindings(engine: Engine, source: Path, work: Path) -> EarlierBindings:
    """The pairs of an earlier run.

    `source` is the folder of a forecast, or a CSV or Parquet file; a file is read into memory, and `work` is the folder
    in which it is kept for the engine. Raises UsageError when the source is neither, lacks a column or names an object
    that is none, SnapshotError when the forecast is not whole.
    """
    if (source / FORECAST_FILE).is_file():
        hashes = read_info(source).get("sha256") or {}
        return EarlierBindings(pairs_of_forecast(scan_table(engine.scan, source, "outcomes", hashes)))
    rows = _checked(_read_file(source), source)
    has_id = _have_ids(rows)
    table = rows.filter(pc.and_(*has_id))
    work.mkdir(parents=True, exist_ok=True)
    path = work / "bindings.parquet"
    pq.write_table(table, path)
    return EarlierBindings(engine.scan(path), pc.sum(pc.xor(*has_id), min_count=0).as_py())


def pairs_of_forecast(outcomes: Frame) -> Frame:
    """The pairs in the `outcomes` of a forecast as rows of `core.tables.BINDINGS`, each once.

    The object is that of the Dynamics record: HubSpot's contacts do not say whether they are a lead's.
    """
    is_holder = (nw.col("reason") == Reason.EMAIL_CONFLICT.value).fill_null(value=False)
    paired = outcomes.filter(~nw.col("counterpart_id").is_null(), ~is_holder).select(
        "system", "object", "record_id", "counterpart_id"
    )
    is_dynamics = nw.col("system") == System.DYNAMICS.value
    of_dynamics = paired.filter(is_dynamics).select("object", hubspot_id="counterpart_id", dynamics_id="record_id")
    theirs = paired.filter(~is_dynamics).select(hubspot_id="record_id", dynamics_id="counterpart_id")
    kinds = outcomes.filter(nw.col("system") == System.DYNAMICS.value).select("object", dynamics_id="record_id")
    of_hubspot = theirs.join(kinds, on="dynamics_id").select("object", "hubspot_id", "dynamics_id")
    return nw.concat([of_dynamics, of_hubspot]).unique()


def _read_file(source: Path) -> pa.Table:
    try:
        if source.suffix.lower() == ".parquet":
            with pq.ParquetFile(source) as file:  # `read_table` imports pandas, a third of a second
                return file.read()
        return pa_csv.read_csv(
            source,
            parse_options=pa_csv.ParseOptions(delimiter=_delimiter(source)),
            convert_options=pa_csv.ConvertOptions(column_types=_TEXTS, strings_can_be_null=True),
        )
    except (OSError, UnicodeError, pa.ArrowException) as fault:
        raise UsageError(f"{source} is neither a forecast nor a file of bindings.", next_step=_NEXT) from fault


def _delimiter(source: Path) -> str:
    """What divides the heading: comma, semicolon or tab."""
    with source.open(encoding="utf-8-sig") as stream:
        heading = stream.readline()
    return max(",;\t", key=heading.count)


_TEXTS: Final = {column.name: pa.string() for column in BINDINGS.columns}


def _checked(table: pa.Table, source: Path) -> pa.Table:
    missing = [name for name in BINDINGS.column_names if name not in table.column_names]
    if missing:
        raise UsageError(f"{source} has no column {', '.join(missing)}.", next_step=_NEXT)
    plain = pa.table({name: pc.utf8_trim_whitespace(table[name].cast(pa.string())) for name in BINDINGS.column_names})
    guids = pc.utf8_trim(pc.utf8_lower(plain["dynamics_id"]), "{}")
    plain = plain.set_column(2, "dynamics_id", guids)
    whole = plain.filter(pc.and_(*_have_ids(plain)))
    known = {object_.value for object_ in Object}
    unknown = sorted({str(name) for name in pc.unique(whole["object"]).to_pylist()} - known)
    if unknown:
        sentence = f"{source} binds the object {unknown[0]!r}; known are {', '.join(sorted(known))}."
        raise UsageError(sentence, next_step=_NEXT)
    return plain


def _have_ids(rows: pa.Table) -> list[pa.ChunkedArray]:
    """For each row whether it has a HubSpot id, and whether it has a Dynamics id."""
    ids = [rows[name] for name in ("hubspot_id", "dynamics_id")]  # without a plain value, for which Arrow loads pandas
    return [pc.and_kleene(pc.is_valid(id_), pc.utf8_length(id_).cast(pa.bool_())) for id_ in ids]
