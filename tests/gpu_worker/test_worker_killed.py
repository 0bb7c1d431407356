"""The worker killed (SIGKILL, not an exception) at every moment at which somebody could see how far it had got."""

from signal import SIGKILL

from pinhole import stages
from pinhole.stages import Lane, Stage, Subject
from tests.fixtures import dying
from tests.fixtures.ingest import Inbox
from tests.fixtures.pictures import jpeg
from tests.fixtures.worker import work

MOMENTS = 40


def test_a_photo_is_analysed_once_wherever_its_worker_was_killed(inbox: Inbox) -> None:
    inbox.deliver(inbox.landed(jpeg()))
    [item] = inbox.items()
    photo = Subject(inbox.owner.id, item["id"])
    for step in range(1, MOMENTS):
        survived = ask(photo, die_at=step) == 0
        # The lease ends, and with it the time for which the message is not seen.
        inbox.conn.execute("UPDATE job SET leased_until = now() WHERE state = 'running'")
        assert ask(photo, die_at=0) == 0
        looks = inbox.conn.execute("SELECT item_id, model_id FROM item_analysis").fetchall()
        assert len(looks) == len(set(looks)) == 2
        assert inbox.jobs()["analysis"][0] == "done"
        inbox.conn.execute("DELETE FROM item_analysis")
        inbox.conn.execute(
            "UPDATE job SET state = 'waiting', attempts = 0, finished_at = NULL WHERE stage = 'analysis'"
        )
        inbox.cloud.messages("ml")
        if survived:
            break
    assert survived
    assert step > 8  # there is something to survive


def ask(photo: Subject, *, die_at: int) -> int:
    """Send a message to a worker that dies at this step; its exit status."""
    stages.ask_worker(Stage.ANALYSIS, Lane.FRESH, [photo])
    worker = dying.call(work, {"itemId": photo.id}, die_at=die_at)
    worker.join()
    assert worker.exitcode in (0, -SIGKILL)
    return worker.exitcode or 0
