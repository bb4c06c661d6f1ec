"""`dynsync.toml`: what is right is read, what is wrong is named, all at once."""

from __future__ import annotations

import pytest

from dynsync_lib.core.fields.catalogue import Catalogue, build_catalogue
from dynsync_lib.core.filter_tree import text_of
from dynsync_lib.core.model import Direction, Object, System
from dynsync_lib.core.settings import FieldMapping, Settings
from dynsync_lib.core.settings_file.reader import parse_settings
from dynsync_lib.core.settings_file.toml_lines import TomlLines
from dynsync_lib.errors import SettingsError
from tests.rulebook_texts import shipped_rulebook, shipped_texts


def read(text: str, *, catalogue: Catalogue | None = None, overrides: dict[str, str] | None = None) -> Settings:
    return parse_settings(
        text, file="dynsync.toml", rulebook=shipped_rulebook(), catalogue=catalogue, overrides=overrides
    )


def faults(text: str, *, overrides: dict[str, str] | None = None) -> tuple[str, ...]:
    schema = shipped_rulebook().standard_schema
    catalogue = build_catalogue(schema["properties"], schema["columns"])
    with pytest.raises(SettingsError) as caught:
        read(text, catalogue=catalogue, overrides=overrides)
    return caught.value.faults


def test_parse_settings__an_empty_file_is_all_defaults_and_all_off() -> None:
    settings = read("")
    assert not any(sync.enabled for sync in settings.sync.values())
    assert settings.assumptions["company_dup"] == "first_wins"
    assert settings.hubspot.token_env == "HUBSPOT_TOKEN"
    assert len(settings.sync[Object.CONTACT].mappings) == 12


def test_parse_settings__reads_a_section() -> None:
    settings = read(
        """
        [hubspot]
        plan = "starter"
        marketing_contacts = 1850

        [sync.contact]
        direction = "to_hubspot"
        conflict_winner = "hubspot"
        filter_to_hubspot = "statecode = 0"

        [[sync.contact.mapping]]
        hubspot = "jobtitle"
        dynamics = "department"
        direction = "to_dynamics"
        options = { "Net 30" = "net_30" }

        [assumptions]
        fill_empty_winner = false
        """
    )
    contact = settings.sync[Object.CONTACT]
    assert contact.enabled
    assert (contact.direction, contact.conflict_winner) == (Direction.TO_HUBSPOT, System.HUBSPOT)
    assert text_of(contact.filter_of(System.DYNAMICS)) == "statecode = 0"
    assert contact.mappings[0] == FieldMapping("jobtitle", "department", Direction.TO_DYNAMICS, {"Net 30": "net_30"})
    assert [one.hubspot for one in contact.mappings[1:]].count("jobtitle") == 0
    assert settings.assumptions["fill_empty_winner"] == "false"
    assert settings.hubspot.marketing_contacts == 1850


def test_parse_settings__names_all_faults_with_line_and_nearest_spelling() -> None:
    text = """[hubspot]
plan = "profesional"
tokn_env = "X"
[sync.contact]
direction = "both"
filter_to_hubspot = "statcode = 0"
filter_to_dynamics = "lifecyclestage = 'mql'"
[[sync.contact.mapping]]
hubspot = "jobtitel"
dynamics = "jobtitle"
[[sync.contact.mapping]]
hubspot = "city"
dynamics = "jobtitle"
[sync.lead]
enabled = true
lifecycle_stages = "lead"
[assumptions]
company_dub = "first_wins"
lifecycle_backward = "aplied"
"""
    assert faults(text, overrides={"email_norm": "upper"}) == (
        "dynsync.toml, line 2: `plan` is 'profesional'; allowed are free, starter, professional, enterprise. "
        "Did you mean `professional`?",
        "dynsync.toml, line 3: `tokn_env` in [hubspot] is no setting. Did you mean `token_env`?",
        "dynsync.toml, line 5: `direction` is 'both'; allowed are two_way, to_hubspot, to_dynamics.",
        "dynsync.toml, line 6: The filter asks `statcode`, which is no contact column of dynamics. "
        "Did you mean `statecode`?",
        "dynsync.toml, line 7: `mql` is no option of `lifecyclestage`.",
        "dynsync.toml, line 9: `jobtitel` is no contact property of hubspot. Did you mean `jobtitle`?",
        "dynsync.toml, line 13: `jobtitle` of dynamics is mapped twice; a field may appear in one mapping only.",
        "dynsync.toml, line 16: `lifecycle_stages` is 'lead'; it must be a list of stages in quotes.",
        "dynsync.toml, line 18: `company_dub` is no assumption. Did you mean `company_dup`?",
        "dynsync.toml, line 19: `lifecycle_backward` is 'aplied'; allowed are ignored, applied. "
        "Did you mean `applied`?",
        "--set: `email_norm` is 'upper'; allowed are lower_trim, exact.",
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[sync]\ncontact = 3", "line 2: `contact` must be a section, written as [sync.contact]."),
        ("[hubspot]\napi_version = 'v4'", "line 2: `api_version` is 'v4'; allowed are v3, 2026-03, 2026-09."),
        ("[dynamics]\nwindows = '4'", "line 2: `windows` is '4'; it must be a whole number, 1 or more."),
        ("[dynamics]\nwindows = 0", "line 2: `windows` is 0; it must be a whole number, 1 or more."),
        ("[hubspot]\ndata_hub = 'yes'", "line 2: `data_hub` is 'yes'; it must be true or false."),
        ("[hubspot]\nmarketing_tier = -1", "line 2: `marketing_tier` is -1; it must be a whole number, 0 or more."),
        ("[sync.contact]\nenabled = 1", "line 2: `enabled` is 1; it must be true or false."),
        ("[sync.contact]\nfilter_to_hubspot = 1", "line 2: `filter_to_hubspot` is 1; it must be text in quotes."),
        ("[sync.contact]\nmapping = 1", "line 2: `mapping` must be written as [[sync.contact.mapping]]."),
        ("[[sync.contact.mapping]]\nhubspot = 'city'", "line 1: A mapping of contact names no `dynamics` field."),
        ("[sync.deal.stages]\na = true", "line 2: `a` in `stages` is True; it must be text in quotes."),
        ("[sync.deal]\nrequire_email = true", "line 2: `require_email` in [sync.deal] is no setting."),
        ("[sync.contact.stages]\na = '1'", "line 1: `stages` in [sync.contact] is no setting."),
        (
            "[sync.contact]\nmatch_mode = 'own'",
            "line 2: `match_mode` is 'own'; allowed are default, own_field, none.",
        ),
        (
            "[sync.contact]\nmatch_mode = 'own_field'",
            "line 2: `match_mode = own_field` of contact names no `hubspot` field in `match_field`.",
        ),
        (
            "[sync.contact]\nmatch_mode = 'own_field'\nmatch_field = {hubspot = 'city'}",
            "line 3: `match_mode = own_field` of contact names no `dynamics` field in `match_field`.",
        ),
        (
            "[sync.contact]\nmatch_mode = 'own_field'\nmatch_field = {hubspot = 'citty', dynamics = 'fullname'}",
            "line 3: `citty` is no contact property of hubspot. Did you mean `city`?",
        ),
        (
            "[sync.contact]\nmatch_mode = 'own_field'\n"
            "match_field = {hubspot = 'company', dynamics = '_parentcustomerid_value'}",
            "line 3: `_parentcustomerid_value` of dynamics points to another record;",
        ),
        (
            "[sync.contact]\nmatch_field = {hubspot = 'city', dynamics = 'fullname'}",
            'line 2: `match_field` stands only beside `match_mode = "own_field"`.',
        ),
        ("[sync.lead]\nlifecycle_stages = ['leed']", "line 2: `leed` is no option of `lifecyclestage`."),
        (
            "[sync.contact]\nlifecycle_stages = ['lead', 'customer']\n[sync.lead]",
            "A stage belongs to contacts or to leads, not to both: lead.",
        ),
        ("[sync.lead]\ndefault_lifecycle_stage = 'leed'", "line 2: `leed` is no option of `lifecyclestage`."),
        ("[sync.contact]\nonly_existing_in_target = 1", "`only_existing_in_target` is 1; it must be true or false."),
        ("[sync.contact]\nsync_user_may_write = ''", "`sync_user_may_write` is ''; it must be true or false."),
        (
            "[hubspot]\nmarketing_criterion = 'hs_lead_statuss is known'",
            "line 2: The filter asks `hs_lead_statuss`, which is no contact property of hubspot.",
        ),
        (
            "[sync.contact]\nfilter_to_hubspot = 'statecode ='",
            "line 2: The filter cannot be used: it ends where a value",
        ),
        ("x = [", "is no TOML"),
    ],
)
def test_parse_settings__says_what_is_wrong(text: str, fault: str) -> None:
    assert fault in faults(text)[0]


@pytest.mark.parametrize(
    ("standard", "unlisted", "next_step"),
    [
        (
            {System.DYNAMICS: True},
            " that is known here: dynamics delivered no list of its columns",
            "Load columns.csv of Dynamics, too, or pull the portals; correct in the settings file what is misspelt.",
        ),
        ({}, "", "Correct the settings file and run again."),
    ],
)
def test_parse_settings__names_of_a_side_whose_fields_nobody_listed(
    standard: dict[System, bool], unlisted: str, next_step: str
) -> None:
    schema = shipped_rulebook().standard_schema
    catalogue = build_catalogue(schema["properties"], schema["columns"], standard=standard)
    text = """[sync.contact]
filter_to_hubspot = "new_customertier = 1"
[[sync.contact.mapping]]
hubspot = "city"
dynamics = "new_customertier"
"""
    with pytest.raises(SettingsError) as caught:
        read(text, catalogue=catalogue)
    assert caught.value.faults == (
        f"dynsync.toml, line 2: The filter asks `new_customertier`, which is no contact column of dynamics{unlisted}.",
        f"dynsync.toml, line 5: `new_customertier` is no contact column of dynamics{unlisted}.",
    )
    assert caught.value.next_step == next_step


@pytest.mark.parametrize("secret", ["pat-na1-0000-secret", "abc8Q~Secret", "eyJ.a.b", "two words"])
def test_parse_settings__shows_no_secret_that_stands_for_a_name(secret: str) -> None:
    [told] = faults(f"[hubspot]\ntoken_env = '{secret}'")
    assert told.startswith("dynsync.toml, line 2: `token_env` is no name of an environment variable")
    assert secret not in told


def test_parse_settings__reads_how_records_are_matched_and_shared_out() -> None:
    settings = read(
        """
        [hubspot]
        marketing_criterion = "hs_lead_status = 'OPEN'"
        [sync.contact]
        match_mode = "own_field"
        match_field = { hubspot = "erp_number", dynamics = "employeeid" }
        require_email = false
        lifecycle_stages = ["customer"]
        [sync.lead]
        default_lifecycle_stage = "lead"
        only_existing_in_target = true
        sync_user_may_write = false
        [sync.invoice]
        direction = "two_way"
        [sync.deal]
        match_mode = "none"
        """
    )
    contact, lead = settings.sync[Object.CONTACT], settings.sync[Object.LEAD]
    assert contact.match_mode == "own_field"
    assert (contact.match_field(System.HUBSPOT), contact.match_field(System.DYNAMICS)) == ("erp_number", "employeeid")
    assert (contact.require_email, lead.require_email) == (False, True)
    assert (contact.lifecycle_stages, lead.lifecycle_stages) == (("customer",), ("subscriber", "lead"))
    assert (lead.default_lifecycle_stage, lead.only_existing_in_target, lead.sync_user_may_write) == (
        "lead",
        True,
        False,
    )
    assert settings.sync[Object.INVOICE].direction is Direction.TWO_WAY
    assert (settings.sync[Object.DEAL].match_mode, settings.sync[Object.COMPANY].match_mode) == ("none", "default")
    assert text_of(settings.hubspot.marketing_criterion) == "hs_lead_status = 'OPEN'"


def test_parse_settings__a_lead_has_the_properties_of_a_contact() -> None:
    assert faults("[sync.lead]\nfilter_to_dynamics = 'jobtitel is known'") == (
        "dynsync.toml, line 2: The filter asks `jobtitel`, which is no lead property of hubspot. "
        "Did you mean `jobtitle`?",
    )


def test_parse_settings__overrides_win_and_move_the_digest() -> None:
    text = "[assumptions]\ncompany_dup = 'all_bind'"
    changed = read(text, overrides={"company_dup": "rest_created"})
    assert changed.assumptions["company_dup"] == "rest_created"
    assert changed.digest != read(text).digest
    assert read(text).digest == read(text + "\n# a comment\n").digest


def test_settings_template__is_right_and_switches_contacts_and_companies_on() -> None:
    settings = read(shipped_texts()["settings_template.toml"])
    assert [object_ for object_ in Object if settings.sync[object_].enabled] == [Object.CONTACT, Object.COMPANY]


@pytest.mark.parametrize("overrides", [{}, {"secondary_email": "ignore"}], ids=["in the file", "on the command line"])
def test_assumptions__an_older_name_of_a_choice_is_read_as_its_name_today(overrides: dict[str, str]) -> None:
    text = "" if overrides else "[assumptions]\nsecondary_email = 'ignore'\n"
    read = parse_settings(text, file="dynsync.toml", rulebook=shipped_rulebook(), overrides=overrides)
    assert read.assumptions["secondary_email"] == "fail_409"
    assert read.notes == ("`secondary_email = ignore` is read as `fail_409`, which is its name today.",)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("'phone'", "`required_properties` is 'phone'; it must be a list of properties in quotes."),
        ("['']", "`required_properties` is ['']; it must be a list of properties in quotes."),
    ],
)
def test_required_properties__must_be_a_list(value: str, fault: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse_settings(f"[sync.contact]\nrequired_properties = {value}\n", file="f", rulebook=shipped_rulebook())
    assert raised.value.faults == (f"f, line 2: {fault}",)


def test_hs_write_rules__without_properties_is_told_to_refuse_nothing() -> None:
    text = "[assumptions]\nhs_write_rules = 'on'\n"
    (note,) = parse_settings(text, file="f", rulebook=shipped_rulebook()).notes
    assert note.startswith("`hs_write_rules = on` refuses nothing: no object names `required_properties`")
    named = "[sync.lead]\nrequired_properties = ['phone']\n"
    assert parse_settings(named + text, file="f", rulebook=shipped_rulebook()).notes == ()


def test_settings_template__names_every_knob_with_all_its_choices() -> None:
    told = shipped_texts()["settings_template.toml"].partition("[assumptions]\n")[2].splitlines()
    knobs = shipped_rulebook().assumptions.values()
    expected = [f'# {one.id} = "{one.default}" # {" | ".join(one.built_choices)}' for one in knobs]
    assert [" ".join(line.split()) for line in told] == expected


def test_line_of__finds_keys_sections_and_parents() -> None:
    lines = TomlLines("a = 1\n[b.c]\n'd e' = 2\n[[b.f]]\ng = 1\n[[b.f]]\ng = 2\n")
    assert lines.line_of(("a",)) == 1
    assert lines.line_of(("b", "c", "d e")) == 3
    assert lines.line_of(("b", "f", "1", "g")) == 7
    assert lines.line_of(("b", "f", "0", "h")) == 4
    assert lines.line_of(("nowhere",)) == 1


def test_parse_settings__says_where_the_fault_is_to_be_corrected() -> None:
    for text, overrides, place in (("", {"email_norm": "x"}, "--set"), ("[x]", {}, "the settings file")):
        with pytest.raises(SettingsError) as refused:
            parse_settings(text, file="dynsync.toml", rulebook=shipped_rulebook(), overrides=overrides)
        assert refused.value.next_step == f"Correct {place} and run again."


def test_rehearsal__names_the_test_portals() -> None:
    text = """
[hubspot]
token_env = "REAL"
[dynamics]
url = "https://real.crm4.dynamics.com"
[rehearsal.hubspot]
[rehearsal.dynamics]
url = "https://test.crm4.dynamics.com"
client_id_env = "TEST_ID"
"""
    test = read(text).of_test_portals()
    assert test.hubspot.token_env == "HUBSPOT_TEST_TOKEN"
    assert (test.dynamics.url, test.dynamics.client_id_env) == ("https://test.crm4.dynamics.com", "TEST_ID")
    own = read(text.partition("[rehearsal")[0]).of_test_portals()
    assert (own.hubspot.token_env, own.dynamics.url) == ("REAL", "https://real.crm4.dynamics.com")


def test_rehearsal__faults_are_named_with_their_lines() -> None:
    text = '[rehearsal.hubspot]\ntoken = "x"\n[rehearsal.dynamics]\nurl = 5\n[rehearsal.salesforce]\n'
    with pytest.raises(SettingsError) as caught:
        read(text)
    assert [fault.partition(": ")[0] for fault in caught.value.faults] == [
        f"dynsync.toml, line {line}" for line in (2, 4, 5)
    ]
