"""What mails about accounts say: a few lines, and at most one link. What users wrote stands in no header."""

from datetime import timedelta
from html import escape

from pinhole.mailer import Letter


def reset(user_name: str, library_name: str | None, url: str, lifetime: timedelta) -> Letter:
    """By which a forgotten password is replaced."""
    return _letter(
        "Choose a new password",
        library_name,
        f"Somebody, hopefully you, has asked for a new password for {user_name}. Choose it here:",
        url,
        f"The link works once, within {_hours(lifetime)}. If it wasn't you, there is nothing to do.",
    )


def confirm(user_name: str, library_name: str | None, url: str, lifetime: timedelta) -> Letter:
    """By which an address is shown to be somebody's."""
    return _letter(
        "Confirm your e-mail address",
        library_name,
        f"{user_name} wants to use this e-mail address. If that is you, confirm it here:",
        url,
        f"The link works once, within {_hours(lifetime)}. If it wasn't you, there is nothing to do.",
    )


def invite(library_name: str | None, url: str, until: str) -> Letter:
    """By which somebody is let in."""
    return _letter(
        "You are invited",
        library_name,
        "You are invited to keep your photos here. Make your account:",
        url,
        f"The link works once, until {until}.",
    )


def password_changed(user_name: str, library_name: str | None) -> Letter:
    """After the password was changed."""
    return _letter(
        "Your password was changed",
        library_name,
        f"The password of {user_name} was just changed.",
        None,
        "If it wasn't you, choose a new one on the page to log in, and tell your administrator.",
    )


def email_changed(user_name: str, library_name: str | None) -> Letter:
    """To the address that somebody had before."""
    return _letter(
        "Your e-mail address was changed",
        library_name,
        f"This is no longer the e-mail address of {user_name}.",
        None,
        "If it wasn't you, tell your administrator.",
    )


def factors_changed(user_name: str, library_name: str | None) -> Letter:
    """After an app or a passkey was added or removed."""
    return _letter(
        "Your log-in was changed",
        library_name,
        f"An app that shows codes, or a passkey, of {user_name} was just added or removed.",
        None,
        "If it wasn't you, change your password, look at the page of your account, and tell your administrator.",
    )


def key_made(user_name: str, library_name: str | None) -> Letter:
    """After a key for scripts was made."""
    return _letter(
        "A key was made",
        library_name,
        f"A key was just made, by which a script acts for {user_name}.",
        None,
        "If it wasn't you, revoke it on the page of your account, and change your password.",
    )


def _letter(subject: str, library_name: str | None, opening: str, url: str | None, closing: str) -> Letter:
    whose = f"Pinhole, {library_name}" if library_name else "Pinhole"
    lines = [opening, *([url] if url else []), closing, whose]
    marked = [f'<a href="{escape(line)}">{escape(line)}</a>' if line == url else escape(line) for line in lines]
    html = "".join(f"<p>{line}</p>" for line in marked)
    return Letter(subject, "\n\n".join(lines) + "\n", f"<!doctype html><html><body>{html}</body></html>\n")


def _hours(lifetime: timedelta) -> str:
    hours = int(lifetime.total_seconds() / 3600)
    return "an hour" if hours == 1 else f"{hours} hours"
