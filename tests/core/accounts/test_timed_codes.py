"""Codes that change with time."""

from urllib.parse import parse_qs, urlsplit

import pytest

from pinhole.accounts import timed_codes

SECRET = b"12345678901234567890"
NOW = 1_700_000_010.0  # the first second of a step


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: NOW)


# RFC 6238, appendix B, of which the last six digits: those of SHA-1.
@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ],
)
def test_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    assert timed_codes.code(SECRET, seconds // 30) == code


@pytest.mark.parametrize(("late", "is_good"), [(-31, False), (-30, True), (0, True), (59, True), (60, False)])
def test_a_code_is_good_from_one_step_before_its_own_to_one_after(
    late: int, is_good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = int(NOW // 30)
    code = timed_codes.code(SECRET, step)
    monkeypatch.setattr("time.time", lambda: NOW + late)
    assert timed_codes.step_of(SECRET, code) == (step if is_good else None)


@pytest.mark.parametrize("shown", ["", "000000", "☃☃☃☃☃☃", "28708", "2870822"])
def test_what_is_no_code_of_now_is_of_no_step(shown: str) -> None:
    assert timed_codes.step_of(SECRET, shown) is None


def test_each_secret_is_as_long_as_the_hash_and_another() -> None:
    first, second = timed_codes.new_secret(), timed_codes.new_secret()
    assert len(first) == 20
    assert first != second


def test_what_an_app_scans_names_the_library_and_the_user_whatever_they_are_called() -> None:
    uri = urlsplit(timed_codes.uri(SECRET, "Ann & Bob: us", "Our library?"))
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert uri.path == "/Our%20library%3F:Ann%20%26%20Bob%3A%20us"
    assert parse_qs(uri.query) == {
        "secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        "issuer": ["Our library?"],
        "algorithm": ["SHA1"],
        "digits": ["6"],
        "period": ["30"],
    }
