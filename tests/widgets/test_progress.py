"""Progress: plain state, shown escaped."""

import pytest

from dynsync_lib.widgets.progress import ProgressLog, ProgressView


def test_progress_log__shows_the_last_sentences_escaped() -> None:
    log = ProgressLog([f"page {number}" for number in range(9)])
    log.add("<b>")
    assert log.as_html(2) == "page 8<br>&lt;b&gt;"


def test_progress_view__fills_when_finished() -> None:
    view = ProgressView()
    bar, text = view.widget.children
    with view as progress:
        progress("HubSpot contacts: 100")
        assert (bar.value, bar.max, text.value) == (1, 2, "HubSpot contacts: 100")
    assert (bar.value, bar.description, view.log.is_finished) == (bar.max, "Done", True)


def test_progress_view__says_that_it_has_stopped_and_hides_no_error() -> None:
    view = ProgressView()
    bar, text = view.widget.children
    with pytest.raises(ValueError, match="no page"), view:
        raise ValueError("no page")
    assert (bar.description, bar.bar_style, view.log.is_finished) == ("Stopped", "danger", True)
    assert text.value == "Stopped. Run the cell again to go on."
