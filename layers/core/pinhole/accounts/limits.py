"""Limits on attempts, per address and per (account, address), so that a stranger can't lock a user out."""

from dataclasses import dataclass
from datetime import timedelta

from pinhole.db import transaction
from pinhole.errors import TooManyRequests
from pinhole.tables import rate_limit

WINDOW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Limit:
    """Attempts in one window, for an address in all and for one account from it. per_account: 0 where none is named.

    from_anywhere: those for an account are counted from all addresses together, for what nobody can try who does not
    have its password.
    """

    action: str
    per_address: int
    per_account: int = 0
    from_anywhere: bool = False

    def count_address(self, address: str) -> None:
        """Count an attempt from this address, for good, before it is looked at. Raises TooManyRequests."""
        _count(self._address_key(address), self.per_address)

    def count_account(self, account: str, address: str) -> None:
        """Count it for the account too, by the key that the account is looked up by. Raises TooManyRequests."""
        _count(self._account_key(account, address), self.per_account)

    def take_back(self, account: str, address: str) -> None:
        """Uncount an attempt that was rightful: only failures add up."""
        with transaction() as conn:
            for key in (self._address_key(address), self._account_key(account, address)):
                rate_limit.take_back(conn, key, WINDOW)

    def _address_key(self, address: str) -> str:
        return f"{self.action} address {address}"

    def _account_key(self, account: str, address: str) -> str:
        counted = self.action if self.from_anywhere else self._address_key(address)
        return f"{counted} account {account}"


def _count(key: str, allowed: int) -> None:
    with transaction() as conn:
        window = rate_limit.count(conn, key, WINDOW)
    if window.attempts > allowed:
        raise TooManyRequests("Too many attempts. Wait a while, then try again.", window.seconds_left)


LOGIN = Limit("login", per_address=100, per_account=10)
REGISTER = Limit("register", per_address=30, per_account=10)
REFRESH = Limit("refresh", per_address=300, per_account=60)
PASSWORD = Limit("password", per_address=100, per_account=10)
INVITE = Limit("invite", per_address=100)
# Of a million codes three are right at a time: whoever has a password and many addresses must not try many.
SECOND_FACTOR = Limit("second factor", per_address=100, per_account=10, from_anywhere=True)
PASSKEY = Limit("passkey", per_address=300)
EMAIL = Limit("email", per_address=100, per_account=10)
RESET = Limit("reset", per_address=30, per_account=5)
MAIL_TOKEN = Limit("mail_token", per_address=100)
