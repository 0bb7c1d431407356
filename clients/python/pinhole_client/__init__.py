"""A client of Pinhole's API. What it sends and answers has the types of `pinhole_client.wire`."""

from pinhole_client.client import Client
from pinhole_client.errors import BrokenAnswer, ClientError, Problem, StoreRefused, Unreachable, WrongField

__version__ = "0.2.0"

__all__ = ["BrokenAnswer", "Client", "ClientError", "Problem", "StoreRefused", "Unreachable", "WrongField"]
