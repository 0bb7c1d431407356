"""Limits on attempts, per address and per (account, address), so that a stranger can't lock a user out."""

from dataclasses import dataclass
from datetime import timedelta

from pinhole.db import transaction
from pinhole.errors import TooManyRequests
from pinhole.tables import rate_limit

WINDOW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Limit:
    """Attempts in one window, for an address in all and for one account from it."""

    action: str
    per_address: int
    per_account: int

    def _keys(self, account: str, address: str) -> dict[str, int]:
        return {
            f"{self.action} address {address}": self.per_address,
            f"{self.action} address {address} account {account.casefold()}": self.per_account,
        }

    def count(self, account: str, address: str) -> None:
        """Count an attempt, for good, before it is made. Raises TooManyRequests past either limit."""
        with transaction() as conn:
            for key, allowed in self._keys(account, address).items():
                window = rate_limit.count(conn, key, WINDOW)
                if window.attempts > allowed:
                    break
            else:
                return
        raise TooManyRequests("Too many attempts. Wait a while, then try again.", window.seconds_left)

    def take_back(self, account: str, address: str) -> None:
        """Uncount an attempt that was rightful: only failures add up."""
        with transaction() as conn:
            for key in self._keys(account, address):
                rate_limit.take_back(conn, key, WINDOW)


LOGIN = Limit("login", per_address=100, per_account=10)
REGISTER = Limit("register", per_address=30, per_account=10)
REFRESH = Limit("refresh", per_address=300, per_account=60)
