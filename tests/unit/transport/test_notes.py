"""Strangers decide neither how much is logged nor how much is remembered."""

from typing import Any

from nodeagent.transport.notes import REPEAT_SECONDS, SUBJECTS_MAX, Bucket, Notes


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_same_is_told_once_in_a_while_with_a_count() -> None:
    clock, told = Clock(), list[tuple[str, dict[str, Any]]]()
    notes = Notes(lambda code, details: told.append((code, details)), clock)

    for _ in range(100):
        notes.say("stranger", "10.0.0.1", key="abc")
    clock.now += REPEAT_SECONDS
    notes.say("stranger", "10.0.0.1", key="abc")

    assert told == [
        ("stranger", {"subject": "10.0.0.1", "key": "abc"}),
        ("stranger", {"subject": "10.0.0.1", "key": "abc", "held": 99}),
    ]


def test_different_subjects_are_told_apart_and_forgotten_in_the_end() -> None:
    clock, told = Clock(), list[str]()
    notes = Notes(lambda _, details: told.append(details["subject"]), clock)

    for number in range(SUBJECTS_MAX * 3):
        notes.say("stranger", str(number))

    assert len(told) == SUBJECTS_MAX * 3
    assert len(notes._told) == SUBJECTS_MAX


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    bucket = Bucket(rate=50, burst=100, now=0.0)

    assert sum(bucket.take(0.0) for _ in range(500)) == 100
    assert sum(bucket.take(1.0) for _ in range(500)) == 50
    assert sum(bucket.take(100.0) for _ in range(500)) == 100


def test_what_was_costly_is_paid_for_later_but_not_for_ever() -> None:
    bucket = Bucket(rate=50, burst=100, now=0.0)

    bucket.charge(60, debt_max=50)
    assert sum(bucket.take(0.0) for _ in range(500)) == 40
    bucket.charge(1_000_000, debt_max=50)
    assert not bucket.take(0.9)
    assert bucket.take(1.1)
