"""When other models than before look: every photo is looked at again, behind new ones; then they answer, all at once.

Until then what the old ones saw is shown and searched. Models that don't work never come so far. Once models answer,
photos are looked at that they have not seen, since a worker with other models took them.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from pinhole import stages
from pinhole.db import transaction
from pinhole.settings import settings
from pinhole.stages import Lane, Stage, Subject
from pinhole.tables import item_analysis, job, model, search_text
from pinhole.telemetry import logger

REST_SECONDS = 3600
MOST_LOST = 0.1  # of all photos: models that fail at more are no better than those that answer


@dataclass(slots=True)
class Reanalysis:
    """How far it has come, for one worker's models of a stage. Two workers that do it at once only ask twice."""

    model_ids: Sequence[int]
    stage: Stage = Stage.ANALYSIS
    _after: tuple[int, str] = (0, "")
    _left: bool = False
    # Whether they have answered already: when others do since, it was another worker's turn.
    _answered: bool = False
    _rest_until: float = 0

    def go_on(self) -> None:
        """Ask for as many photos as the bulk lane has room for; have the models answer once none is left.

        Raises Unavailable.
        """
        if time.monotonic() < self._rest_until:
            return
        with transaction() as conn:
            pending = [] if self._answered else model.list_pending(conn, self.model_ids)
            wanted = pending or model.list_answering(conn, self.model_ids)
        carrier = stages.CATALOGUE[self.stage].lanes.get(Lane.BULK)
        room = stages.room(carrier.url(settings())) if carrier else stages.requests.BACKLOG
        if room == 0:
            return
        with transaction() as conn:
            lacking = [
                Subject(*found) for found in item_analysis.list_lacking(conn, self.stage, wanted, self._after, room)
            ]
            for subject in lacking:
                job.reopen(conn, subject, self.stage, Lane.BULK)
        stages.ask_worker(self.stage, Lane.BULK, lacking)
        if lacking:
            self._after = (lacking[-1].owner_id, lacking[-1].id)
            self._left = True
        elif self._left:  # looked through to the end: from the begin again, for those that came to be meanwhile
            self._after, self._left = (0, ""), False
        elif pending:
            self._answer(pending)
        else:
            self._answered = True
            self._rest_until = time.monotonic() + REST_SECONDS

    def _answer(self, pending: Sequence[int]) -> None:
        with transaction() as conn:
            there = list(model.lock(conn, pending))  # an operator may be forgetting some, or parts of what they saw
            if item_analysis.any_under_way(conn, self.stage, there) or item_analysis.list_lacking(
                conn, self.stage, there, (0, ""), 1
            ):
                return
            lost, photos = item_analysis.count_lost(conn, self.stage, there)
            fit = lost <= MOST_LOST * photos
            if fit:
                model.answer(conn, there)
                search_text.make_stale(conn)
        self._answered = fit
        self._rest_until = time.monotonic() + REST_SECONDS
        if fit:
            logger.info("models_answer", extra={"models": there})
        else:
            logger.error("models_fail", extra={"models": there, "failed": lost, "photos": photos})
