"""What would have travelled between two snapshots: small portals, expected rows written out by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dynsync_lib import kit
from dynsync_lib.errors import UsageError
from tests.kit.small_portals import load_portals

MARCH = {
    "h/contacts": "hs_object_id,email,firstname,city,phone,lifecyclestage\n"
    "1,ann@c.example,Ann,Bonn,+49 30 1,lead\n"
    "2,bob@c.example,Bob,Bonn,,customer\n"
    "3,cid@c.example,Cid,Kiel,,customer\n",
    "d/contacts": "contactid,emailaddress1,firstname,address1_city,telephone1,statecode\n"
    "d1,ann@c.example,Ann,Bonn,+49 30 1,0\n"
    "d2,bob@c.example,Bob,Bonn,,0\n"
    "d3,cid@c.example,Cid,Kiel,,0\n",
}
APRIL = {
    "h/contacts": "hs_object_id,email,firstname,city,phone,lifecyclestage\n"
    "1,ann@c.example,Anna,Ulm,+49 (30) 1,lead\n"
    "2,bob@c.example,Bob,,,customer\n"
    "9,new@c.example,New,Ulm,,lead\n",
    "d/contacts": "contactid,emailaddress1,firstname,address1_city,telephone1,statecode\n"
    "d1,ann@c.example,Ann,Jena,+49 30 1,0\n"
    "d2,bob@c.example,Rob,Bonn,0171,1\n"
    "d3,cid@c.example,Sid,Kiel,,0\n",
}
CONTACTS = "[sync.contact]\nconflict_winner = 'hubspot'\nfilter_to_hubspot = 'statecode = 0'\n"
NARROW = (
    "default_mappings = false\n[[sync.contact.mapping]]\nhubspot = 'firstname'\ndynamics = 'firstname'\n"
    "[[sync.contact.mapping]]\nhubspot = 'lastname'\ndynamics = 'lastname'\n"
)
NOBODY = "filter_to_dynamics = \"lifecyclestage = 'nobody'\"\n"


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("replay")
    march = load_portals(folder / "march", MARCH, taken_at=datetime(2026, 3, 1, tzinfo=UTC))
    april = load_portals(folder / "april", APRIL, taken_at=datetime(2026, 4, 1, tzinfo=UTC))
    return march.path, april.path


def replayed(snapshots: tuple[Path, Path], folder: Path, settings: str, **assumptions: str) -> kit.Replay:
    file = folder / "dynsync.toml"
    file.write_text(settings, encoding="utf-8")
    return kit.replay(*snapshots, file, folder / "replay", assumptions=assumptions)


def lines(told: kit.Replay) -> list[str]:
    """`1 d1 -> dynamics firstname: overwrite 'Ann' to 'Anna' (one_side_changed)`, sorted."""
    rows = kit.records(told.changes)
    return sorted(
        f"{one['hubspot_id']} {one['dynamics_id']} -> {one['target_system']} {one['target_field']}: {one['kind']} "
        f"{one['old_value']!r} to {one['new_value']!r} ({one['note']})"
        for one in rows
    )


def test_two_way__one_side_travels_and_the_winner_settles_conflicts(
    snapshots: tuple[Path, Path], tmp_path: Path
) -> None:
    told = replayed(snapshots, tmp_path, CONTACTS)
    assert lines(told) == [
        # ann's city changed on both sides: HubSpot is the winner; her telephone number is only written differently
        "1 d1 -> dynamics address1_city: overwrite 'Jena' to 'Ulm' (both_changed)",
        "1 d1 -> dynamics firstname: overwrite 'Ann' to 'Anna' (one_side_changed)",
        # bob's name and number changed in Dynamics; his city was cleared in HubSpot, and a blank never travels
        "2 d2 -> hubspot firstname: overwrite 'Bob' to 'Rob' (one_side_changed)",
        "2 d2 -> hubspot phone: fill None to '0171' (one_side_changed)",
    ]
    assert told.info["counts"] == {"both_changed": 1, "one_side_changed": 3, "escapes": 0}


def test_one_way__only_the_source_travels(snapshots: tuple[Path, Path], tmp_path: Path) -> None:
    told = replayed(snapshots, tmp_path, CONTACTS + "direction = 'to_hubspot'\n")
    assert lines(told) == [
        "1 d1 -> hubspot city: overwrite 'Ulm' to 'Jena' (both_changed)",
        "2 d2 -> hubspot firstname: overwrite 'Bob' to 'Rob' (one_side_changed)",
        "2 d2 -> hubspot phone: fill None to '0171' (one_side_changed)",
    ]


def test_escapes__sync_on_or_are_fenced_out(snapshots: tuple[Path, Path], tmp_path: Path) -> None:
    told = replayed(snapshots, tmp_path, CONTACTS + NOBODY)
    # bob was deactivated, and no HubSpot contact passes: neither side would let his pair in again
    assert [(one["hubspot_id"], one["dynamics_id"]) for one in kit.records(told.escapes)] == [("2", "d2")]
    assert sum(line.startswith("2 d2") for line in lines(told)) == 2
    fenced = replayed(snapshots, tmp_path, CONTACTS + NOBODY, filter_semantics="continuous")
    assert [line for line in lines(fenced) if line.startswith("2 d2")] == []


def test_wrong_order__is_refused_before_anything_is_written(snapshots: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="was taken after"):
        replayed(snapshots[::-1], tmp_path, CONTACTS)
    assert not (tmp_path / "replay").exists()


def test_one_snapshot_twice__is_refused_before_anything_is_written(
    snapshots: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="are the same snapshot, so that nothing was synced in between"):
        replayed((snapshots[0], snapshots[0]), tmp_path, CONTACTS)
    assert not (tmp_path / "replay").exists()


def test_mappings__of_which_a_snapshot_lacks_a_column_are_named(snapshots: tuple[Path, Path], tmp_path: Path) -> None:
    told = replayed(snapshots, tmp_path, CONTACTS + NARROW)
    assert told.info["mappings"] == 2
    assert told.info["mappings_not_compared"] == [
        {"object": "contact", "hubspot_field": "lastname", "dynamics_field": "lastname"}
    ]
    assert told.info["not_checked"] == ["Not checked: 1 of 2 mappings was not compared: contact lastname / lastname."]


def test_other_portals__are_refused_before_anything_is_written(tmp_path: Path) -> None:
    paths = []
    for name, portal in (("march", 11), ("april", 12)):
        (tmp_path / name / "h").mkdir(parents=True)
        (tmp_path / name / "h" / "account.json").write_text(f'{{"portalId": {portal}}}', encoding="utf-8")
        paths.append(load_portals(tmp_path / name, MARCH).path)
    with pytest.raises(UsageError, match="are of different HubSpot portals, 11 and 12"):
        replayed((paths[0], paths[1]), tmp_path, CONTACTS)
    assert not (tmp_path / "replay").exists()


def test_foreign_folder__is_left_alone(snapshots: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "replay").mkdir()
    (tmp_path / "replay" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="holds something else than a replay"):
        replayed(snapshots, tmp_path, CONTACTS)


CHOICES = {
    "h/properties": "object,name,label,type,field_type,options\n"
    "contact,email,Email,string,text,\n"
    'contact,interests,Interests,enumeration,checkbox,"[{""value"": ""chess"", ""label"": ""Chess""}]"\n',
    "d/contacts": "contactid,emailaddress1,jobtitle\nd1,ann@c.example,\nd2,bob@c.example,\n",
}


def test_several_choices__in_another_order_are_no_change(tmp_path: Path) -> None:
    told = "hs_object_id,email,interests\n1,ann@c.example,{}\n2,bob@c.example,{}\n"
    before = load_portals(
        tmp_path / "before",
        {**CHOICES, "h/contacts": told.format("golf;chess", "golf")},
        taken_at=datetime(2026, 3, 1, tzinfo=UTC),
    )
    after = load_portals(
        tmp_path / "after",
        {**CHOICES, "h/contacts": told.format(" chess ;golf;golf", "golf;chess")},
        taken_at=datetime(2026, 4, 1, tzinfo=UTC),
    )
    mapping = "[[sync.contact.mapping]]\nhubspot = 'interests'\ndynamics = 'jobtitle'\n"
    replay = replayed((before.path, after.path), tmp_path, "[sync.contact]\n" + mapping)
    assert lines(replay) == ["2 d2 -> dynamics jobtitle: fill None to 'golf;chess' (one_side_changed)"]


def test_address__another_width_and_case_of_its_letters_is_no_change(tmp_path: Path) -> None:
    march = {
        "h/contacts": "hs_object_id,email\n1,\uff41nn@c.example\n",
        "d/contacts": "contactid,emailaddress1\nd1,ann@c.example\n",
    }
    april = {
        "h/contacts": "hs_object_id,email\n1,ANN@C.EXAMPLE\n",
        "d/contacts": "contactid,emailaddress1\nd1,\n",
    }
    # Dynamics cleared the address, and a blank never travels; HubSpot's is the same as before
    both = (load_portals(tmp_path / "march", march).path, load_portals(tmp_path / "april", april).path)
    assert lines(replayed(both, tmp_path, "[sync.contact]\n")) == []


def test_address__is_compared_as_text_with_another_one_than_the_match_address(tmp_path: Path) -> None:
    march = {
        "h/contacts": "hs_object_id,email\n1,ann@c.example\n",
        "d/contacts": "contactid,emailaddress1,emailaddress2\nd1,ann@c.example,ann@c.example\n",
    }
    april = {
        "h/contacts": "hs_object_id,email\n1,\uff41nn@c.example\n",
        "d/contacts": "contactid,emailaddress1,emailaddress2\nd1,ann@c.example,bo@c.example\n",
    }
    both = (load_portals(tmp_path / "march", march).path, load_portals(tmp_path / "april", april).path)
    settings = (
        "[sync.contact]\ndefault_mappings = false\nconflict_winner = 'dynamics'\n"
        "[[sync.contact.mapping]]\nhubspot = 'email'\ndynamics = 'emailaddress2'\n"
    )
    # only the two match addresses are compared by key; here the letter of another width is a change of its own
    assert lines(replayed(both, tmp_path, settings)) == [
        "1 d1 -> hubspot email: overwrite '\uff41nn@c.example' to 'bo@c.example' (both_changed)"
    ]


def test_owner__mapped_with_a_text_travels_as_a_name(tmp_path: Path) -> None:
    march = {
        "h/contacts": "hs_object_id,email,jobtitle\n1,ann@c.example,Uma Ng\n",
        "d/contacts": "contactid,emailaddress1,_ownerid_value,_ownerid_type\nd1,ann@c.example,u1,systemuser\n",
        "d/users": "systemuserid,fullname,internalemailaddress,isdisabled\n"
        "u1,Uma Ng,uma@c.example,false\nu2,Vic Ode,vic@c.example,false\n",
    }
    april = {**march, "d/contacts": march["d/contacts"].replace(",u1,", ",u2,")}
    both = (load_portals(tmp_path / "march", march).path, load_portals(tmp_path / "april", april).path)
    settings = (
        "[sync.contact]\ndefault_mappings = false\n"
        "[[sync.contact.mapping]]\nhubspot = 'jobtitle'\ndynamics = 'ownerid'\ndirection = 'to_hubspot'\n"
    )
    assert lines(replayed(both, tmp_path, settings, owner_mode="text_only")) == [
        "1 d1 -> hubspot jobtitle: overwrite 'Uma Ng' to 'Vic Ode' (one_side_changed)"
    ]
