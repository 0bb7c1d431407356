"""Captions by an endpoint at a real socket: each photo is described once, within a budget, whatever it answers."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from psycopg.rows import dict_row

from gpu_worker import captioner
from pinhole import analysis
from pinhole.seen import Model, Role
from pinhole_models import model_set
from pinhole_models.roles import ModelError
from tests.fixtures import worker as workers
from tests.fixtures.ingest import Inbox
from tests.fixtures.pictures import jpeg
from tests.fixtures.vision import FIRST, KEY, Answer, Vision, says
from tests.fixtures.worker import Working


@pytest.fixture(autouse=True)
def the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINHOLE_CAPTION_KEY", KEY)


@dataclass
class Describing:
    """A set for a worker that describes photos."""

    directory: Path
    vision: Vision

    def models(self, budget: int = 100, seconds: float = 30) -> tuple[str, ...]:
        """The options of the worker."""
        path = self.directory / "captioned.toml"
        self.vision.write_set(path, budget, seconds)
        return ("--queues", "captions", "--set", str(path))


@pytest.fixture
def describing(tmp_path: Path, vision: Vision) -> Describing:
    return Describing(tmp_path, vision)


def analysed(inbox: Inbox, count: int = 1) -> list[str]:
    """Ids of so many photos that were looked at, and wait for a caption."""
    for number in range(count):
        inbox.deliver(inbox.landed(jpeg(shade=20 * number), f"{number}.jpg"))
    analysis.introduce([Model(Role.CAPTION, "a-model", "1")])
    inbox.conn.execute("UPDATE job SET state = 'done' WHERE stage = 'analysis'")
    inbox.conn.execute(
        "INSERT INTO job (owner_id, subject_kind, subject_id, stage) SELECT owner_id, 'item', id, 'caption'"
        " FROM media_item"
    )
    return [item["id"] for item in inbox.items()]


def jobs(inbox: Inbox) -> list[tuple[str, int]]:
    """State and attempts of what is to be described."""
    rows = inbox.conn.execute("SELECT state, attempts FROM job WHERE stage = 'caption' ORDER BY subject_id")
    return [(state, attempts) for state, attempts in rows]


def reports(inbox: Inbox) -> list[str]:
    rows = inbox.conn.execute("SELECT last_error FROM job WHERE stage = 'caption' AND last_error IS NOT NULL")
    return [report for (report,) in rows]


def captioned(inbox: Inbox) -> int:
    [(count,)] = inbox.conn.execute("SELECT count(*) FROM item_caption")
    return int(count)


def outcome(worker: Working, name: str) -> float:
    return worker.metric(f'pinhole_captions_total{{outcome="{name}"}}')


def test_all_that_is_said_of_a_photo_is_written(inbox: Inbox, vision: Vision, describing: Describing) -> None:
    [item_id] = analysed(inbox)
    with workers.working(models=describing.models()) as worker:
        worker.until(lambda: jobs(inbox) == [("done", 1)])
        assert worker.stop() == 0
    with inbox.conn.cursor(row_factory=dict_row) as cursor:
        [row] = cursor.execute("SELECT * FROM item_caption").fetchall()
    assert row["item_id"] == item_id
    expected = {name: value for name, value in FIRST.items() if name not in ("animals", "document")}
    expected |= {"landmark": None, "animal_type": "dog", "document_type": None}
    assert {name: row[name] for name in expected} == expected
    assert vision.keys == [f"Bearer {KEY}"] * 2


def test_the_endpoint_gets_a_strict_schema_and_a_picture_without_anything_beside(
    inbox: Inbox, vision: Vision, describing: Describing
) -> None:
    analysed(inbox)
    with workers.working(models=describing.models()) as worker:
        worker.until(lambda: jobs(inbox) == [("done", 1)])
    schema = vision.asked[0]["response_format"]["json_schema"]
    assert schema["strict"] is True
    assert schema["schema"]["additionalProperties"] is False
    assert set(schema["schema"]["required"]) == set(schema["schema"]["properties"]) == set(FIRST)
    said = json.dumps(vision.asked)
    assert "data:image/jpeg;base64," in said
    assert "IMG" not in said
    assert ".jpg" not in said


@pytest.mark.parametrize(
    ("first", "questions"),
    [
        ({"pets": False, "animals": False}, ["photo"]),
        ({"pets": False}, ["photo", "animal"]),
        ({"pets": False, "animals": False, "document": True}, ["photo", "document"]),
        ({"document": True}, ["photo", "animal", "document"]),
    ],
)
def test_more_is_asked_only_where_the_first_answer_gives_cause(
    inbox: Inbox, vision: Vision, describing: Describing, first: dict[str, bool], questions: list[str]
) -> None:
    vision.answer = lambda name: says(name, **first)
    analysed(inbox)
    with workers.working(models=describing.models()) as worker:
        worker.until(lambda: jobs(inbox) == [("done", 1)])
    assert vision.schemas == questions


@pytest.mark.parametrize(
    "said",
    [
        "Sure! Here is your JSON:",
        "{}",
        json.dumps({**FIRST, "people_count": "two"}),
        json.dumps({**FIRST, "people_count": -1}),
        json.dumps({**FIRST, "more": 1}),
    ],
)
def test_an_answer_that_is_not_of_the_schema_is_a_failed_attempt(
    inbox: Inbox, vision: Vision, describing: Describing, said: str
) -> None:
    vision.answer = lambda name: Answer(said) if len(vision.asked) == 1 else says(name)
    analysed(inbox)
    with workers.working(models=describing.models()) as worker:
        worker.until(lambda: jobs(inbox) == [("done", 2)])
        assert outcome(worker, "failed") == 1


def test_a_photo_with_which_the_model_never_copes_fails_for_good(
    inbox: Inbox, vision: Vision, describing: Describing
) -> None:
    vision.answer = lambda name: Answer("no JSON \0 at all")
    analysed(inbox)
    with workers.working(models=describing.models()) as worker:
        worker.until(lambda: jobs(inbox) == [("failed", 5)])
    [report] = reports(inbox)
    assert "not of the schema (the whole): no JSON" in report
    assert captioned(inbox) == 0


def test_what_the_database_can_not_keep_is_taken_out_of_what_is_said(
    inbox: Inbox, vision: Vision, describing: Describing
) -> None:
    vision.answer = lambda name: says(name, caption="A\0 dog\n runs." + "!" * 1000)
    analysed(inbox)
    with workers.working(models=describing.models()) as worker:
        worker.until(lambda: jobs(inbox) == [("done", 1)])
    [(caption,)] = inbox.conn.execute("SELECT caption FROM item_caption")
    assert caption.startswith("A dog runs.!")
    assert len(caption) == 500


def test_a_refusal_is_final_and_told(inbox: Inbox, vision: Vision, describing: Describing) -> None:
    vision.answer = lambda name: Answer(refusal=f"I can't\0 help with {KEY}.")
    analysed(inbox)
    with workers.working(models=describing.models()) as worker:
        worker.until(lambda: jobs(inbox) == [("failed", 1)])
    assert reports(inbox) == ["The model refused: I can't help with …."]
    assert len(vision.asked) == 1


def test_an_endpoint_that_is_busy_is_left_alone_as_long_as_it_says(
    inbox: Inbox, vision: Vision, describing: Describing
) -> None:
    busy = Answer("slow down", 429, headers={"Retry-After": "3000"})
    vision.answer = lambda name: busy if len(vision.asked) == 2 else says(name, pets=False, animals=False)
    analysed(inbox, 3)
    with workers.working(models=describing.models()) as worker:
        worker.until(lambda: outcome(worker, "failed") == 1)
        worker.until(lambda: "running" not in [state for state, _ in jobs(inbox)])
        assert sorted(jobs(inbox)) == [("done", 1), ("waiting", 0), ("waiting", 0)]  # that was no attempt
        assert worker.stop() == 0  # though it waits
    assert len(vision.asked) == 2


def test_a_busy_endpoint_is_asked_again_when_its_time_is_over(
    inbox: Inbox, vision: Vision, describing: Describing
) -> None:
    busy = Answer("slow down", 429, headers={"Retry-After": "0"})
    vision.answer = lambda name: busy if len(vision.asked) < 9 else says(name)
    analysed(inbox)
    with workers.working(models=describing.models()) as worker:
        worker.until(lambda: jobs(inbox) == [("done", 1)])
    assert len(vision.asked) == 10


@pytest.mark.parametrize(("status", "attempts"), [(500, 1), (503, 1), (401, 0), (404, 0), (307, 0)])
def test_an_endpoint_that_is_in_trouble_is_told_and_left_alone_for_a_while(
    inbox: Inbox, vision: Vision, describing: Describing, status: int, attempts: int
) -> None:
    where = {"Location": f"{vision.url}/elsewhere"}
    vision.answer = lambda name: Answer(f"not with {KEY}", status, headers=where)
    analysed(inbox)
    with workers.working(models=describing.models()) as worker:
        worker.until(lambda: jobs(inbox) == [("waiting", attempts)] and bool(reports(inbox)))
    assert len(vision.asked) == 1
    assert str(status) in reports(inbox)[0]
    assert KEY not in reports(inbox)[0]


def test_an_endpoint_that_fails_at_several_photos_in_a_row_costs_no_photo_an_attempt_more(
    inbox: Inbox, vision: Vision, describing: Describing
) -> None:
    out = Answer("out of order", 500, headers={"Retry-After": "0"})
    vision.answer = lambda name: out if len(vision.asked) <= 30 else says(name, pets=False, animals=False)
    analysed(inbox, 4)
    with workers.working(models=describing.models()) as worker:
        worker.until(lambda: {state for state, _ in jobs(inbox)} <= {"done", "failed"})
    assert sorted(jobs(inbox)) == [("done", 1), ("done", 1), ("done", 2), ("done", 2)]


def test_an_endpoint_that_fails_at_one_photo_only_has_that_fail_for_good(
    inbox: Inbox, vision: Vision, describing: Describing
) -> None:
    out = Answer("out of order", 500, headers={"Retry-After": "0"})
    pictures: list[str] = []

    def answer(name: str) -> Answer:
        picture = json.dumps(vision.asked[-1]["messages"][1])
        pictures.append(picture)
        return out if picture == pictures[0] and len(pictures) < 20 else says(name, pets=False, animals=False)

    vision.answer = answer
    analysed(inbox, 4)
    with workers.working(models=describing.models()) as worker:
        worker.until(lambda: {state for state, _ in jobs(inbox)} <= {"done", "failed"})
    assert sorted(jobs(inbox)) == [("done", 1), ("done", 1), ("done", 1), ("failed", 5)]


def test_an_endpoint_that_hangs_is_given_up(inbox: Inbox, vision: Vision, describing: Describing) -> None:
    vision.answer = lambda name: Answer(hangs=True)
    analysed(inbox)
    with workers.working(models=describing.models(seconds=0.2)) as worker:
        worker.until(lambda: jobs(inbox) == [("waiting", 1)])
    assert reports(inbox) == ["It did not answer: TimeoutError"]


def test_a_worker_that_is_told_to_end_waits_for_no_answer(inbox: Inbox, vision: Vision, describing: Describing) -> None:
    vision.answer = lambda name: Answer(hangs=True)
    analysed(inbox)
    with workers.working(models=describing.models(seconds=250)) as worker:
        worker.until(lambda: len(vision.asked) == 1)
        assert worker.stop() == 0
    assert jobs(inbox) == [("waiting", 0)]


def test_a_photo_is_held_for_longer_than_an_answer_may_take(
    inbox: Inbox, vision: Vision, describing: Describing
) -> None:
    vision.answer = lambda name: Answer(hangs=True)
    analysed(inbox)
    with workers.working(models=describing.models(seconds=600)) as worker:
        worker.until(lambda: len(vision.asked) == 1)
        query = "SELECT leased_until > now() + interval '20 minutes' FROM job WHERE stage = 'caption'"
        assert inbox.conn.execute(query).fetchall() == [(True,)]


def test_no_more_is_asked_on_a_day_than_its_budget_by_all_workers_together(
    inbox: Inbox, vision: Vision, describing: Describing
) -> None:
    vision.answer = lambda name: says(name, pets=False, animals=False)
    analysed(inbox, 5)
    models = describing.models(budget=3)
    with workers.working(models=models) as one, workers.working(models=models):
        one.until(lambda: sorted(state for state, _ in jobs(inbox)) == ["done"] * 3 + ["waiting"] * 2)
        one.until(lambda: len(reports(inbox)) > 0)
        inbox.conn.execute("UPDATE caption_day SET day = day - 1")
    assert len(vision.asked) == 3
    with workers.working(models=models) as worker:
        worker.until(lambda: jobs(inbox) == [("done", 1)] * 5)


def test_what_the_budget_leaves_unasked_does_not_cost_what_is_known(
    inbox: Inbox, vision: Vision, describing: Describing
) -> None:
    analysed(inbox)
    with workers.working(models=describing.models(budget=1)) as worker:
        worker.until(lambda: jobs(inbox) == [("done", 1)])
    assert vision.schemas == ["photo"]
    assert inbox.conn.execute("SELECT pets, animal_type FROM item_caption").fetchall() == [(True, None)]


def test_a_photo_whose_worker_was_killed_in_between_is_described_once(
    inbox: Inbox, vision: Vision, describing: Describing
) -> None:
    vision.answer = lambda name: Answer(hangs=True) if len(vision.asked) == 2 else says(name)
    analysed(inbox)
    with workers.working(models=describing.models()) as worker:
        worker.until(lambda: len(vision.asked) == 2)  # the second question of the photo
        worker.process.kill()
        worker.process.wait()
    assert jobs(inbox) == [("running", 1)]
    inbox.conn.execute("UPDATE job SET leased_until = now() WHERE stage = 'caption'")
    with workers.working(models=describing.models()) as worker:
        worker.until(lambda: jobs(inbox) == [("done", 2)])
    assert captioned(inbox) == 1


def test_photos_that_were_there_before_captions_were_configured_are_described_too(
    inbox: Inbox, vision: Vision, describing: Describing
) -> None:
    inbox.deliver(inbox.landed(jpeg()))
    inbox.conn.execute("UPDATE job SET state = 'done' WHERE stage = 'analysis'")
    with workers.working(models=describing.models()) as worker:
        worker.until(lambda: jobs(inbox) == [("done", 1)])
    assert captioned(inbox) == 1


def test_a_new_photo_waits_for_its_caption_once_it_was_looked_at(inbox: Inbox) -> None:
    inbox.deliver(inbox.landed(jpeg()))
    analysis.introduce([Model(Role.CAPTION, "a-model", "1")])
    with workers.working() as worker:
        worker.until(lambda: inbox.jobs()["analysis"][0] == "done")
    assert jobs(inbox) == [("waiting", 0)]


def test_where_no_captions_are_configured_nothing_waits_for_one(inbox: Inbox) -> None:
    inbox.deliver(inbox.landed(jpeg()))
    with workers.working() as worker:
        worker.until(lambda: inbox.jobs()["analysis"][0] == "done")
    assert jobs(inbox) == []


def test_a_set_that_says_nothing_of_captions_is_refused(inbox: Inbox) -> None:
    ended = workers.ended("--queues", "captions", "--set", "embedded")
    assert ended.returncode == 2
    assert "has no role caption" in ended.stdout


@pytest.mark.parametrize(
    ("line", "instead", "named"),
    [
        ('options.url = "http://a.example/v1"', "", "url"),
        ('options.url = "http://a.example/v1"', 'options.url = "a.example/v1"', "url"),
        ("options.questions_a_day = 100", "options.questions_a_day = 0", "questions_a_day"),
        ("options.seconds = 30", "options.second = 30", "second"),
        ("options.seconds = 30", "options.seconds = 9000", "seconds"),
        ('version = "1"', "version = 1", "version"),
        ('name = "a-model"', 'name = ""', "name"),
        ('licence = "ours"', "", "licence"),
        ('runtime = "openai"', 'runtime = "onnx"', "runtime"),
        ("[roles.caption]", "[roles.captions]", "captions"),
    ],
)
def test_a_set_that_says_something_wrong_is_refused_with_what_is_wrong(
    tmp_path: Path, line: str, instead: str, named: str
) -> None:
    path = tmp_path / "captioned.toml"
    Vision("http://a.example/v1").write_set(path)
    captioner.of(model_set.read(str(path), tmp_path), "")
    content = path.read_text()
    assert content.count(line) == 1
    path.write_text(content.replace(line, instead))
    with pytest.raises(ModelError, match=rf"\b{named}\b"):
        captioner.of(model_set.read(str(path), tmp_path), "")


@pytest.mark.parametrize("key", ["sk-1\n", "sk 1", "sk-\N{EN DASH}1"])
def test_a_key_that_is_none_is_refused_before_it_is_sent(tmp_path: Path, key: str) -> None:
    path = tmp_path / "captioned.toml"
    Vision("http://a.example/v1").write_set(path)
    with pytest.raises(ModelError, match="PINHOLE_CAPTION_KEY"):
        captioner.of(model_set.read(str(path), tmp_path), key)


def test_the_key_is_in_no_log(inbox: Inbox, vision: Vision, describing: Describing) -> None:
    vision.answer = lambda name: Answer(f"not with {KEY}", 400)
    analysed(inbox)
    inbox.conn.execute("UPDATE job SET attempts = 4 WHERE stage = 'caption'")
    log = describing.directory / "log"
    with workers.working(models=describing.models(), log=log) as worker:
        worker.until(lambda: jobs(inbox) == [("failed", 5)])
    assert "attempt_failed" in log.read_text()
    assert KEY not in log.read_text()
