"""The lines a run tells, read as a course: half-written, told twice, or nonsense."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.services.training_runs_events import (
    Course,
    EventReader,
    followed,
    parse_event,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def line(**facts):
    return json.dumps(facts).encode() + b"\n"


def step(epoch, number, loss, **more):
    return line(event="step", epoch=epoch, step=number, of_steps=10, loss=loss, **more)


def epoch(number, auroc, **more):
    facts = {"loss": 0.5, "val_auroc": auroc, "of": 3, **more}
    return line(event="epoch", epoch=number, step=10, **facts)


RUN = [
    step(1, 5, 0.9, share=0.17, elapsed_s=10.0),
    epoch(1, 0.7, share=0.33, elapsed_s=20.0),
    step(2, 5, 0.4, share=0.5, elapsed_s=30.0),
    epoch(2, 0.8, share=0.67, elapsed_s=40.0),
]


@pytest.fixture
def reader(tmp_path):
    return EventReader(tmp_path / "events.jsonl")


def test_a_run_is_read_as_points_over_epochs(reader):
    reader.path.write_bytes(b"".join(RUN))
    course = reader.read()
    assert [(p.epochs, p.value) for p in course.loss] == [
        *((0.5, 0.9), (1.0, 0.5), (1.5, 0.4), (2.0, 0.5))
    ]
    assert [(p.epochs, p.value) for p in course.auroc] == [(1.0, 0.7), (2.0, 0.8)]
    assert (course.epoch, course.of_epochs, course.best.epochs) == (2, 3, 2.0)
    assert course.remaining_s == pytest.approx((1 - 0.67) * 30 / 0.5)
    assert not course.ended


def test_a_half_written_line_waits_for_its_rest(reader):
    whole = b"".join(RUN)
    with reader.path.open("wb") as stream:
        for byte in whole:
            stream.write(bytes([byte]))
            stream.flush()
            course = reader.read()
    assert course == EventReader(reader.path).read()
    assert len(course.loss) == 4


def test_steps_told_once_more_after_a_kill_take_the_place_of_the_first(reader):
    reader.path.write_bytes(b"".join(RUN[:3]) + step(2, 3, 0.41) + step(2, 5, 0.39))
    assert [p.epochs for p in reader.read().loss] == [0.5, 1.0, 1.3, 1.5]


def test_another_run_in_the_same_place_is_read_from_its_beginning(reader):
    reader.path.write_bytes(b"".join(RUN))
    reader.read()
    reader.path.write_bytes(step(1, 1, 0.9))
    assert [p.epochs for p in reader.read().loss] == [0.1]


def test_end_and_stop_are_told_apart(reader):
    reader.path.write_bytes(b"".join(RUN) + line(event="stopped", epoch=3, share=0.7))
    course = reader.read()
    assert (course.stopped, course.ended) == (True, False)
    with reader.path.open("ab") as stream:
        stream.write(line(event="end", epoch=4))
    course = reader.read()
    assert (course.stopped, course.ended, course.share) == (False, True, 1.0)
    assert course.remaining_s is None


def test_teachers_that_answer_first_are_no_part_of_the_run():
    course = followed(Course(), [{"event": "teachers", "share": 0.34}])
    assert (course.asked, course.share, course.epoch) == (0.34, 0.0, 0)
    assert followed(course, [{"event": "teachers", "share": "all"}]) == course


def test_no_file_is_no_course(reader):
    assert reader.read() == Course()


def test_what_is_no_number_is_no_point():
    events = [
        *(
            parse_event(
                b'{"event": "step", "epoch": 1, "step": 1, "of_steps": 2, "loss": NaN}'
            ),
        ),
        {"event": "epoch", "epoch": "one", "val_auroc": 0.9},
        {"event": "epoch", "epoch": True, "val_auroc": 0.9},
        {"event": "epoch", "epoch": 1, "val_auroc": None, "loss": 10**400},
        {"event": "tea", "epoch": 1, "val_auroc": 0.9},
    ]
    course = followed(Course(), events)
    assert (course.loss, course.auroc) == ((), ())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
NAMES = ("event", "epoch", "step", "of_steps", "loss", "val_auroc", "of", "share", "elapsed_s")
KINDS = st.sampled_from(["teachers", "step", "epoch", "end", "stopped"])
EVENTS = st.fixed_dictionaries({"event": KINDS}, optional=dict.fromkeys(NAMES[1:], JSON))


@given(st.lists(EVENTS, max_size=8))
def test_whatever_events_say_the_course_stays_one(events):
    course = followed(Course(), events)
    for points in (course.loss, course.auroc):
        places = [p.epochs for p in points]
        assert places == sorted(set(places))
    assert 0.0 <= course.share <= 1.0
    assert 0.0 <= course.asked <= 1.0
    assert course.elapsed_s >= 0.0
    assert course.remaining_s is None or course.remaining_s >= 0.0


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_none(content):
    event = parse_event(content)
    assert event is None or isinstance(event["event"], str)


@given(st.lists(st.integers(1, 300), max_size=10))
def test_it_does_not_matter_where_the_file_is_cut(tmp_path_factory, sizes):
    path = tmp_path_factory.mktemp("cut") / "events.jsonl"
    content, reader = b"".join(RUN), EventReader(path)
    with path.open("wb") as stream:
        for size in [*sizes, len(content)]:
            stream.write(content[:size])
            content = content[size:]
            stream.flush()
            reader.read()
    assert reader.course == EventReader(path).read()


# -- the folder ----------------------------------------------------------------------------
