"""When schedules of EventBridge fire."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from infra.local import schedules
from infra.local.cloudformation import TemplateError
from infra.local.schedules import Cron


def following(expression: str, moment: str, count: int = 1) -> list[str]:
    """The next times after a moment in UTC, as `2026-01-31 09:30`."""
    schedule, found = schedules.parse("Work", expression), []
    at: datetime | None = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    for _ in range(count):
        assert at is not None
        at = schedule.after(at)
        found.append(f"{at:%Y-%m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("expression", "minutes"), [("rate(1 minute)", 1), ("rate(2 hours)", 120), ("rate(1 day)", 1440)]
)
def test_a_rate_counts_from_the_last_time(expression: str, minutes: int) -> None:
    now = datetime(2026, 5, 5, 12, 0, 30, tzinfo=UTC)
    assert schedules.parse("Work", expression).after(now) == now + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("expression", "moment", "times"),
    [
        ("cron(30 3 * * ? *)", "2026-05-05 03:29:59", ["2026-05-05 03:30", "2026-05-06 03:30"]),
        ("cron(0/15 * * * ? *)", "2026-05-05 23:31", ["2026-05-05 23:45", "2026-05-06 00:00", "2026-05-06 00:15"]),
        ("cron(5,10 8-9 ? * * *)", "2026-05-05 08:10", ["2026-05-05 09:05", "2026-05-05 09:10", "2026-05-06 08:05"]),
        ("cron(0 6 ? * SUN *)", "2026-05-05 00:00", ["2026-05-10 06:00", "2026-05-17 06:00"]),
        ("cron(0 6 ? * 2-6 *)", "2026-05-08 07:00", ["2026-05-11 06:00"]),  # 1 is Sunday: from Friday to Monday
        ("cron(0 0 1 jan,JUL ? *)", "2026-05-05 00:00", ["2026-07-01 00:00", "2027-01-01 00:00"]),
        ("cron(0 0 31 * ? *)", "2026-05-31 00:00", ["2026-07-31 00:00"]),
        ("cron(0 0 29 2 ? *)", "2026-03-01 00:00", ["2028-02-29 00:00"]),
        ("cron(59 23 * * ? 2026-2030/2)", "2026-12-31 23:59", ["2028-01-01 23:59"]),
    ],
)
def test_a_cron_expression_fires_when_all_its_fields_hold(expression: str, moment: str, times: list[str]) -> None:
    assert following(expression, moment, len(times)) == times


def test_a_cron_expression_is_in_utc() -> None:
    there = datetime(2026, 5, 5, 1, 0, tzinfo=timezone(timedelta(hours=9)))
    schedule = schedules.parse("Work", "cron(30 16 * * ? *)")
    assert schedule.after(there) == datetime(2026, 5, 4, 16, 30, tzinfo=UTC)


def test_a_cron_expression_of_past_years_fires_never_again() -> None:
    schedule = schedules.parse("Work", "cron(0 0 * * ? 2020)")
    assert isinstance(schedule, Cron)
    assert schedule.after(datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_a_day_that_there_never_is_ends_the_search() -> None:
    schedule = schedules.parse("Work", "cron(0 0 31 2 ? *)")
    assert schedule.after(datetime(2190, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("cron(0 1)", "cron(0 1)"),
        ("rate(0 minutes)", "rate(0 minutes)"),
        ("rate(5 weeks)", "rate(5 weeks)"),
        ("cron(0 0 * * * *)", "needs ?"),
        ("cron(0 0 ? * ? *)", "needs ?"),
        ("cron(60 0 * * ? *)", "minutes 60"),
        ("cron(0 ? * * ? *)", "hours ?"),
        ("cron(0 0 L * ? *)", "day of month L"),
        ("cron(0 0 ? * 6#3 *)", "day of week 6#3"),
        ("cron(0 0 ? * 5-2 *)", "day of week 5-2"),
        ("cron(*/0 0 * * ? *)", "minutes */0"),
        ("cron(0 0 0 * ? *)", "day of month 0"),
    ],
)
def test_what_is_not_understood_is_named(expression: str, named: str) -> None:
    with pytest.raises(TemplateError) as raised:
        schedules.parse("Work.Events.Every", expression)
    assert str(raised.value).startswith("Work.Events.Every: ")
    assert named in str(raised.value)
