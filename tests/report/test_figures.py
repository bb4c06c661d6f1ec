"""The six figures, counted by hand from the hand-made forecast."""

from dynsync_lib.report.figures import count_numbers, six_figures
from dynsync_lib.report.forecast_tables import is_held_back
from tests.report.hand_made_forecast import HandMadeForecast, empty_forecast


def test_six_figures__hand_made() -> None:
    assert six_figures(HandMadeForecast()).as_dict() == {
        "created_in_hubspot": 705,
        "created_in_dynamics": 30,
        "updated": 3,
        "fields_overwritten": 3,
        "shadowed": 9,
        "failing": 8,
    }


def test_six_figures__empty_is_zero_not_an_error() -> None:
    assert set(six_figures(empty_forecast()).as_dict().values()) == {0}


def test_count_numbers__skipped_values_are_not_overwritten() -> None:
    told = count_numbers(HandMadeForecast())
    assert (told["written"], told["overwritten"], told["skipped"], told["stale"]) == (4, 3, 1, 1)
    assert (told["overwritten_in_hubspot"], told["overwritten_in_dynamics"]) == (2, 1)


def test_six_figures__say_where_matched_records_are_written() -> None:
    (figure,) = [figure for figure in six_figures(HandMadeForecast()).figures if figure.key == "updated"]
    assert figure.sentence == (
        "2 in HubSpot and 1 in Dynamics, in 3 pairs. The outcome “Matched, changed” counts both ends of the pairs, "
        "395 records."
    )


def test_count_numbers__a_contact_in_two_pairs_is_written_once() -> None:
    changes = [
        ("contact", "1", "a-1", "hubspot", "phone", "telephone1", "fill", None, "1", None),
        ("lead", "1", "l-1", "hubspot", "jobtitle", "jobtitle", "fill", None, "Head", None),
        ("company", "1", "c-1", "hubspot", "city", "address1_city", "fill", None, "Town", None),
        ("company", "1", "c-1", "dynamics", "telephone1", "phone", "fill", None, "2", "value_skipped"),
    ]
    numbers = count_numbers(HandMadeForecast().with_rows("changes", changes))
    assert (numbers["updated"], numbers["written_in_hubspot"], numbers["written_in_dynamics"]) == (2, 2, 0)
    assert numbers["changed_pairs"] == 3


def test_is_held_back__what_is_told_and_does_not_land() -> None:
    notes = (None, "stale_winner", "value_skipped", "owner_unresolved", "lifecycle_ignored")
    assert [is_held_back({"note": note}) for note in notes] == [False, False, True, True, True]


def test_count_numbers__excluded_and_failing_stay_apart() -> None:
    told = count_numbers(HandMadeForecast())
    assert (told["excluded"], told["failing"], told["shadowed"]) == (84, 8, 9)
    assert told["records"] == 1235


def test_six_figures__name_the_tables_that_were_not_delivered() -> None:
    missing = ["hubspot/contacts", "hubspot/deals", "dynamics/users", "dynamics/contacts"]
    forecast = HandMadeForecast().with_info(not_provided=missing)
    says = (
        "Not checked: HubSpot contacts and Dynamics contacts were not delivered. Their share of these figures is "
        "missing, and whatever has its counterpart among them counts as created."
    )
    six = six_figures(forecast)
    assert six.not_checked == (says,)
    assert repr(six).endswith(f"; {says}")
    assert says in six._repr_html_()


def test_six_figures__name_nothing_where_all_is_there_or_off() -> None:
    forecast = HandMadeForecast().with_info(not_provided=["hubspot/deals", "dynamics/users"])
    assert six_figures(forecast).not_checked == ()


def test_six_figures__html_names_each_number() -> None:
    html = six_figures(HandMadeForecast())._repr_html_()
    assert ">705<" in html
    assert "records created in HubSpot" in html
    assert repr(six_figures(HandMadeForecast())).startswith("records created in HubSpot: 705; ")


def test_six_figures__count_one_of_a_kind_as_one() -> None:
    rows = [
        ("dynamics", "contact", "create", None, 1),
        ("dynamics", "company", "create", None, 1),
        ("dynamics", "deal", "create", None, 2),
    ]
    figure = six_figures(HandMadeForecast().with_rows("summary", rows)).figures[0]
    assert figure.short == "1 person, 1 company, 2 deals"
