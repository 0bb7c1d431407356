"""Who may come in: registration, invites, passwords, sessions and their tokens, limits on attempts."""

from pinhole.accounts.quotas import quota, quota_of
from pinhole.accounts.registration import register
from pinhole.accounts.sessions import authenticate, login, logout, refresh
from pinhole.accounts.tokens import Tokens, begin_session
from pinhole.tables.session import Client, Login, Session
from pinhole.tables.user import Role, User

__all__ = [
    "Client",
    "Login",
    "Role",
    "Session",
    "Tokens",
    "User",
    "authenticate",
    "begin_session",
    "login",
    "logout",
    "quota",
    "quota_of",
    "refresh",
    "register",
]
