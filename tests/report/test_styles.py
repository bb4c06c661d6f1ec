"""The style sheets: every tone has a dark form, the same in the report and in JupyterLab's dark theme."""

import re
from pathlib import Path

import dynsync_lib.report
from dynsync_lib.report.pieces import piece_style

PAGE = Path(dynsync_lib.report.__file__).parent / "templates" / "dynsync_report" / "page.css"
TONES = {f"--ds-{tone}{kind}" for tone in ("bad", "warn", "note", "good", "grey") for kind in ("", "-soft")}


def _colours(rule: str) -> dict[str, str]:
    return {name: value for name, value in re.findall(r"(--ds-[a-z-]+):([^;}]+)", rule) if name in TONES}


def test_styles__dark_tones_are_the_same_in_report_and_jupyterlab() -> None:
    in_lab = _colours(re.findall(r"\[data-jp-theme-light=false\] \.dynsync\{[^}]*\}", piece_style())[0])
    in_report = _colours(PAGE.read_text(encoding="utf-8").split("@media (prefers-color-scheme:dark){")[1].split("@")[0])
    in_light = _colours(re.findall(r"^\.dynsync\{[^}]*\}", piece_style())[0])
    assert set(in_lab) == TONES
    assert in_lab == in_report
    assert not set(in_lab.values()) & set(in_light.values())
