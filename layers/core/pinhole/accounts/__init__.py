"""Who may come in: registration, passwords, sessions and their tokens, limits on attempts."""

from pinhole.accounts.registration import Setup, register, setup
from pinhole.accounts.sessions import Tokens, authenticate, begin_session, login, logout, refresh
from pinhole.tables.session import Session
from pinhole.tables.user import Role, User

__all__ = [
    "Role",
    "Session",
    "Setup",
    "Tokens",
    "User",
    "authenticate",
    "begin_session",
    "login",
    "logout",
    "refresh",
    "register",
    "setup",
]
