"""What an edited date, offset, shift and place make of the capture time."""

from datetime import UTC, datetime
from typing import Any

import pytest

from pinhole import edits
from pinhole.errors import Invalid
from pinhole.settings import settings
from pinhole.tables import library
from tests.core.edits.conftest import FILE, NAPLES, TOKYO, Album, asked

BERLIN = {
    "time": {
        "takenAtUtc": "2024-07-14T19:30:15+00:00",
        "utcOffsetSeconds": 7200,
        "timezoneName": "Europe/Berlin",
        "confidence": "high",
    }
}
WITH_OFFSET = {"time": {**BERLIN["time"], "timezoneName": None}}


def told(album: Album, item_id: str) -> tuple[str, str | None, int | None, str | None]:
    """Local time, UTC, offset and zone; and that the order agrees with them."""
    row = album.row(item_id)
    utc = row["taken_at_utc"]
    local = row["taken_at_local"]
    assert row["sort_timestamp"] == (utc or local.replace(tzinfo=UTC))  # the fallback zone of the tests
    assert row["month"] == local.date().replace(day=1)
    return (
        local.isoformat(),
        None if utc is None else utc.astimezone(UTC).isoformat(),
        row["utc_offset_seconds"],
        row["timezone_name"],
    )


def test_a_date_keeps_the_zone_and_utc_follows_by_summer_and_winter_time(album: Album) -> None:
    item_id = album.add(said=BERLIN)
    album.edit([item_id], takenAtLocal="2024-01-14T12:00:00")
    assert told(album, item_id) == ("2024-01-14T12:00:00", "2024-01-14T11:00:00+00:00", 3600, "Europe/Berlin")
    row = album.row(item_id)
    assert (row["time_source"], row["time_confidence"]) == ("person", "high")


def test_a_date_keeps_an_offset_without_a_zone(album: Album) -> None:
    item_id = album.add(said=WITH_OFFSET)
    album.edit([item_id], takenAtLocal="2024-01-14T12:00:00")
    assert told(album, item_id) == ("2024-01-14T12:00:00", "2024-01-14T10:00:00+00:00", 7200, None)


def test_a_date_of_what_has_no_offset_has_no_utc(album: Album) -> None:
    item_id = album.add()
    album.edit([item_id], takenAtLocal="2020-02-29T00:00:00")
    assert told(album, item_id) == ("2020-02-29T00:00:00", None, None, None)


def test_a_date_moves_the_month_it_leaves_and_the_one_it_comes_to(album: Album, counted_months: None) -> None:
    item_id = album.add("2024-07-01T10:00:00")
    album.add("2024-01-01T10:00:00")
    album.edit([item_id], takenAtLocal="2024-01-14T12:00:00")
    assert album.months() == {"2024-07": 2, "2024-01": 2}


def test_an_offset_recomputes_utc_and_no_zone_is_shown_any_more(album: Album) -> None:
    item_id = album.add(said=BERLIN)
    album.edit([item_id], utcOffsetSeconds=-3600)
    assert told(album, item_id) == ("2024-07-14T21:30:15", "2024-07-14T22:30:15+00:00", -3600, None)
    album.edit([item_id], takenAtLocal="2024-01-14T12:00:00")
    assert told(album, item_id) == ("2024-01-14T12:00:00", "2024-01-14T13:00:00+00:00", -3600, None)


def test_an_offset_that_is_unknown_leaves_no_utc(album: Album) -> None:
    item_id = album.add(said=BERLIN)
    album.edit([item_id], utcOffsetSeconds=None)
    assert told(album, item_id) == ("2024-07-14T21:30:15", None, None, None)


def test_a_shift_moves_each_item_by_its_own_local_time(album: Album) -> None:
    one, other = album.add("2024-07-14T21:30:15"), album.add("2024-07-31T23:30:00.250000")
    album.edit([one, other], shiftSeconds=3600)
    album.edit([one, other], shiftSeconds=3600)
    assert told(album, one)[0] == "2024-07-14T23:30:15"
    assert told(album, other)[0] == "2024-08-01T01:30:00.250000"


def test_a_shift_with_an_offset_is_both(album: Album) -> None:
    item_id = album.add(said=BERLIN)
    album.edit([item_id], shiftSeconds=-7200, utcOffsetSeconds=0)
    assert told(album, item_id) == ("2024-07-14T19:30:15", "2024-07-14T19:30:15+00:00", 0, None)


@pytest.mark.parametrize("seconds", [-200 * 366 * 86_400, 200 * 366 * 86_400, 86_400 * 36_500 * 80])
def test_a_shift_that_leads_all_beyond_the_years_of_photos_is_refused(album: Album, seconds: int) -> None:
    item_id = album.add()
    before = album.row(item_id)
    with pytest.raises(Invalid) as refused:
        album.edit([item_id, album.add()], shiftSeconds=seconds)
    assert [wrong.field for wrong in refused.value.fields] == ["set.shiftSeconds"]
    with pytest.raises(Invalid) as refused:
        edits.edit_item(album.owner_id, item_id, album.revision(item_id), asked(shiftSeconds=seconds))
    assert [wrong.field for wrong in refused.value.fields] == ["set.shiftSeconds"]
    assert album.row(item_id) == before


def test_of_several_what_a_shift_would_move_beyond_the_years_of_photos_is_skipped(album: Album) -> None:
    old, new = album.add("1900-07-14T12:00:00"), album.add()
    before = album.row(new)
    change = album.edit([old, new], shiftSeconds=100 * 365 * 86_400)
    assert (change.done, change.skipped) == (1, 1)
    assert album.row(new) == before


def test_a_local_time_in_a_gap_of_the_clocks_is_shifted_and_in_an_overlap_it_is_the_earlier(album: Album) -> None:
    item_id = album.add(said=BERLIN)
    album.edit([item_id], takenAtLocal="2024-03-31T02:30:00")
    assert told(album, item_id) == ("2024-03-31T03:30:00", "2024-03-31T01:30:00+00:00", 7200, "Europe/Berlin")
    album.edit([item_id], takenAtLocal="2024-10-27T02:30:00")
    assert told(album, item_id) == ("2024-10-27T02:30:00", "2024-10-27T00:30:00+00:00", 7200, "Europe/Berlin")


LATER = {"time": {**BERLIN["time"], "takenAtUtc": "2024-10-27T01:30:00+00:00", "utcOffsetSeconds": 3600}}
BEFORE_GAP = {"time": {**BERLIN["time"], "takenAtUtc": "2024-03-31T00:30:00+00:00", "utcOffsetSeconds": 3600}}


def test_an_hour_more_and_one_less_lead_back_where_the_clocks_change(album: Album) -> None:
    spring = album.add("2024-03-31T01:30:00", said=BEFORE_GAP)
    autumn = album.add("2024-10-27T02:30:00", said=LATER)
    before = [told(album, spring), told(album, autumn)]
    album.edit([spring, autumn], shiftSeconds=3600)
    assert told(album, spring) == ("2024-03-31T03:30:00", "2024-03-31T01:30:00+00:00", 7200, "Europe/Berlin")
    assert told(album, autumn) == ("2024-10-27T03:30:00", "2024-10-27T02:30:00+00:00", 3600, "Europe/Berlin")
    album.edit([spring, autumn], shiftSeconds=-3600)
    assert [told(album, spring), told(album, autumn)] == before


def test_a_shift_tells_which_of_two_hours_it_leads_to_until_a_date_is_said(album: Album) -> None:
    item_id = album.add("2024-10-27T02:30:00", said=LATER)
    album.edit([item_id], shiftSeconds=60)
    assert told(album, item_id) == ("2024-10-27T02:31:00", "2024-10-27T01:31:00+00:00", 3600, "Europe/Berlin")
    album.edit([item_id], place=NAPLES)
    assert told(album, item_id) == ("2024-10-27T02:31:00", "2024-10-27T01:31:00+00:00", 3600, "Europe/Rome")
    album.edit([item_id], shiftSeconds=-3600)
    assert told(album, item_id)[:2] == ("2024-10-27T02:31:00", "2024-10-27T00:31:00+00:00")
    album.edit([item_id], shiftSeconds=3600)
    album.edit([item_id], takenAtLocal="2024-10-27T02:31:00")
    assert told(album, item_id)[1] == "2024-10-27T00:31:00+00:00"


def test_a_shift_by_days_keeps_the_clock_on_the_wall(album: Album) -> None:
    item_id = album.add("2024-03-31T01:30:00", said=BEFORE_GAP)
    album.edit([item_id], shiftSeconds=100 * 86_400 + 60)
    assert told(album, item_id) == ("2024-07-09T01:31:00", "2024-07-08T23:31:00+00:00", 7200, "Europe/Berlin")
    album.edit([item_id], shiftSeconds=-100 * 86_400 - 60)
    assert told(album, item_id)[0] == "2024-03-31T01:30:00"


def test_a_shift_with_another_zone_is_one_of_the_clock_on_the_wall(album: Album) -> None:
    offset, place = (album.add("2024-03-31T01:30:00", said=BEFORE_GAP) for _ in range(2))
    album.edit([offset], shiftSeconds=3600, utcOffsetSeconds=0)
    album.edit([place], shiftSeconds=3600, place=TOKYO)
    assert [told(album, each)[0] for each in (offset, place)] == ["2024-03-31T02:30:00"] * 2


@pytest.mark.parametrize("said", [FILE, BERLIN, WITH_OFFSET], ids=["nothing", "zone", "offset"])
def test_a_place_tells_the_zone_and_the_clock_on_the_wall_stays(album: Album, said: dict[str, Any]) -> None:
    item_id = album.add(said=said)
    album.edit([item_id], place=TOKYO)
    assert told(album, item_id) == ("2024-07-14T21:30:15", "2024-07-14T12:30:15+00:00", 32_400, "Asia/Tokyo")


def test_a_place_does_not_overrule_an_offset_that_somebody_said_before_or_after(album: Album) -> None:
    before, after = album.add(), album.add()
    album.edit([before], utcOffsetSeconds=3600)
    album.edit([before], place=TOKYO)
    album.edit([after], place=TOKYO)
    album.edit([after], utcOffsetSeconds=3600)
    for item_id in (before, after):
        assert told(album, item_id) == ("2024-07-14T21:30:15", "2024-07-14T20:30:15+00:00", 3600, None)


def test_a_place_of_what_only_knew_utc_tells_the_local_time(album: Album) -> None:
    only_utc = {"time": {"takenAtUtc": "2024-07-14T21:30:15+00:00", "source": "gps"}}
    item_id = album.add(said=only_utc)
    album.edit([item_id], place=TOKYO)
    assert told(album, item_id) == ("2024-07-15T06:30:15", "2024-07-14T21:30:15+00:00", 32_400, "Asia/Tokyo")


def test_a_place_of_the_same_zone_keeps_which_of_two_hours_it_was(album: Album) -> None:
    later = {"time": {**BERLIN["time"], "takenAtUtc": "2024-10-27T01:30:00+00:00", "utcOffsetSeconds": 3600}}
    item_id = album.add("2024-10-27T02:30:00", said=later)
    album.edit([item_id], place=NAPLES)
    assert told(album, item_id) == ("2024-10-27T02:30:00", "2024-10-27T01:30:00+00:00", 3600, "Europe/Rome")


def test_nowhere_leaves_the_time_as_it_is(album: Album) -> None:
    item_id = album.add(said=BERLIN)
    album.edit([item_id], place=None)
    assert told(album, item_id)[3] == "Europe/Berlin"


def test_a_reset_of_time_leaves_the_zone_of_a_place_and_a_reset_of_both_what_the_file_says(album: Album) -> None:
    item_id = album.add(said=BERLIN)
    before = album.row(item_id)
    album.edit([item_id], place=TOKYO, takenAtLocal="2020-01-01T00:00:00")
    album.edit([item_id], reset=["time"])
    assert told(album, item_id) == ("2024-07-14T21:30:15", "2024-07-14T12:30:15+00:00", 32_400, "Asia/Tokyo")
    album.edit([item_id], reset=["position"])
    assert album.row(item_id) == before


def test_what_has_no_utc_is_ordered_in_the_fallback_zone(album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINHOLE_FALLBACK_TIMEZONE", "Asia/Tokyo")
    settings.cache_clear()
    item_id = album.add()
    album.edit([item_id], takenAtLocal="2020-01-01T09:00:00")
    row = album.row(item_id)
    assert row["sort_timestamp"] == datetime(2020, 1, 1, tzinfo=UTC)
    assert row["taken_at_utc"] is None


def test_the_zone_that_an_administrator_named_goes_before_that_of_the_setting(
    album: Album, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINHOLE_FALLBACK_TIMEZONE", "America/New_York")
    settings.cache_clear()
    library.insert(album.conn, "Home", "Asia/Tokyo", originals_may_be_deleted=False)
    item_id = album.add()
    album.edit([item_id], takenAtLocal="2020-01-01T09:00:00")
    assert album.row(item_id)["sort_timestamp"] == datetime(2020, 1, 1, tzinfo=UTC)
