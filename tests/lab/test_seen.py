"""The client's sums, from requests with known times."""

from tests.lab.seen import Sample, complete, seen


def asked(*ends: float | None, every_s: float = 1.0, node: str = "alpha") -> list[Sample]:
    """Requests one second apart; each ends after so many seconds, None: fails after a half."""
    return [
        Sample(number, number * every_s, number * every_s + (0.5 if took is None else took), *told)
        for number, took in enumerate(ends)
        for told in [("", "refused") if took is None else (node,)]
    ]


def test_nothing_was_asked() -> None:
    assert seen([], 0.0, 10.0).requests == 0
    assert seen([], 0.0, 10.0).longest_gap_s == 0.0


def test_gap_is_from_one_good_answer_to_the_next() -> None:
    one = seen(asked(0.1, 0.1, None, None, 0.25, 0.1), 0.0, 5.1)

    assert (one.requests, one.failed) == (6, 2)
    assert one.longest_gap_s == 4.25 - 1.1
    assert one.failures == ("request 2: refused", "request 3: refused")


def test_slow_answer_that_overlaps_others_is_no_gap() -> None:
    one = seen(asked(0.1, 2.5, 0.1, 0.1, 0.1), 0.0, 4.1)

    assert one.failed == 0
    assert round(one.longest_gap_s, 6) == 2.0  # from 0.1 to 2.1, whichever request it was


def test_gap_that_began_before_the_time_looked_at_counts_as_a_whole() -> None:
    one = seen(asked(0.1, None, None, 0.1, 0.1), 2.0, 4.1)

    assert one.requests == 3
    assert one.longest_gap_s == 3.1 - 0.1


def test_gap_that_is_still_open_counts_up_to_the_end() -> None:
    assert seen(asked(0.0, None, None), 0.0, 9.0).longest_gap_s == 9.0


def test_service_that_never_answered_is_away_from_the_first_request_on() -> None:
    samples = [Sample(0, 5.0, 5.5, failure="refused")]

    assert seen(samples, 0.0, 7.0).longest_gap_s == 2.0


def test_who_answered_is_told_in_order() -> None:
    samples = [Sample(n, n, n + 0.1, node) for n, node in enumerate("aabbba")]

    assert seen(samples, 0.0, 9.0).nodes == ("a", "b", "a")


def test_only_requests_of_the_time_looked_at_count() -> None:
    one = seen(asked(None, 0.1, 0.1, None), 1.0, 2.5)

    assert (one.requests, one.failed) == (2, 0)


def test_complete_means_that_no_earlier_request_is_under_way() -> None:
    samples = asked(0.1, 0.1, 0.1, 0.1)

    assert complete(samples, 2.5)
    assert not complete(samples, 3.5)  # a later one may have been asked in time
    assert not complete([samples[0], samples[2], samples[3]], 2.5)
    assert not complete([], 1.0)
