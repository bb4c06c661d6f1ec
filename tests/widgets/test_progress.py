"""Progress: plain state, shown escaped."""

from dynsync_lib.widgets.progress import ProgressLog, ProgressView


def test_progress_log__shows_the_last_sentences_escaped() -> None:
    log = ProgressLog([f"page {number}" for number in range(9)])
    log.add("<b>")
    assert log.as_html(2) == "page 8<br>&lt;b&gt;"


def test_progress_view__fills_when_finished() -> None:
    view = ProgressView()
    view("HubSpot contacts: 100")
    bar, text = view.widget.children
    assert (bar.value, bar.max, text.value) == (1, 2, "HubSpot contacts: 100")
    view.finish()
    assert (bar.value, bar.description, view.log.is_finished) == (bar.max, "Done", True)
