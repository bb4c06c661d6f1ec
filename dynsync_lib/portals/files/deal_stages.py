"""Deal stages under their labels: which pipeline a label is of decides which stage it is.

Facts
    * HubSpot's exports write the pipeline behind the stage, `Closed Won (Sales Pipeline)`, or in a column of its own.
    * The stages that HubSpot has out of the box are those of its default pipeline. Other pipelines have stages of the
      same labels and of other ids; so where the pipeline is named and is not the default one, such a label is not
      understood. Where the portal's own stages are known, each label that only one of them has is that one.

Where it is used: `portals.files.file_rows`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.portals.files.cell_values import Column, Convert
from dynsync_lib.portals.files.export_words import ExportWords, plain_word
from dynsync_lib.portals.files.headings import Heading, Headings

STAGE: Final = "dealstage"
_PIPELINE: Final = "pipeline"
_BEHIND: Final = re.compile(r"\s*\((?P<pipeline>[^()]*)\)\s*\Z")


def stage_converter(convert: Convert, pipelines: Collection[str] | None) -> Convert:
    """Converts stages with a pipeline in brackets behind them, if it is one of `pipelines`; None: whichever it is."""

    def convert_stage(text: str) -> str | None:
        stage, behind = convert(text), _BEHIND.search(text)
        if stage is not None or behind is None:
            return stage
        is_ours = pipelines is None or plain_word(behind["pipeline"]) in pipelines
        return convert(text[: behind.start()]) if is_ours else None

    return convert_stage


def pipelines_of(headings: Headings, stage: Field, words: ExportWords) -> frozenset[str] | None:
    """The pipelines, by id and label, whose stages the kit knows; None when it knows the portal's own stages."""
    if not {option.value for option in stage.options} <= words.vendor_options(stage).keys():
        return None
    column = _pipeline_column(headings)
    if column is None or column.field is None:
        return frozenset(words.vendor_labels(stage.system, stage.object, _PIPELINE))
    labels = words.option_labels(column.field)
    return frozenset({*labels, *labels.values()})


@dataclass(frozen=True, slots=True)
class PipelineColumn:
    """The column that names each deal's pipeline, at `position`; `pipelines` are those whose stages are known."""

    position: int
    pipelines: Collection[str]

    def read_stage(self, column: Column, cells: Sequence[str | None], line: int) -> str | None:
        """The stage of a row: as the column reads it, unless it is a label of another pipeline."""
        text, pipeline = cells[column.position], plain_word(cells[self.position] or "")
        if text and pipeline and pipeline not in self.pipelines and not column.is_stored(text):
            return column.leave(text, line)
        return column.read(text, line)


def pipeline_column(headings: Headings, stage: Field, words: ExportWords) -> PipelineColumn | None:
    """The column that says of which pipeline a stage is; None when there is none, or when it plays no part."""
    column, pipelines = _pipeline_column(headings), pipelines_of(headings, stage, words)
    return PipelineColumn(column.position, pipelines) if column is not None and pipelines is not None else None


def _pipeline_column(headings: Headings) -> Heading | None:
    return next((column for column in headings.columns if column.name == _PIPELINE), None)
