"""Who dials whom when, and how many at once."""

from nodeagent.transport.turns import EASY_PEERS, HANDSHAKES_MAX, Turns, places_in_line

NETWORKS = 3
NAMES = "abcdefg"


def test_in_each_round_a_node_is_dialled_by_one_other_only() -> None:
    lines = {
        own: places_in_line(own.upper(), {name: name.upper() for name in NAMES if name != own})
        for own in NAMES
    }

    for turn in range(1, len(NAMES)):
        dialled = [name for line in lines.values() for name, place in line.items() if place == turn]
        assert sorted(dialled) == list(NAMES)


def test_a_small_cluster_begins_all_at_once_and_a_large_one_takes_turns() -> None:
    few, many = Turns(peers=EASY_PEERS), Turns(peers=63)

    assert few.at_once_for(there=False) >= EASY_PEERS * NETWORKS
    assert 64 * many.at_once_for(there=False) <= HANDSHAKES_MAX
    assert few.handshake_s < many.handshake_s


def test_silence_is_counted_in_heartbeats_where_these_are_rare() -> None:
    assert Turns(peers=2, beat_s=0.2).silence_s == Turns(peers=2).silence_s
    assert Turns(peers=2, beat_s=10.0).silence_s > 30.0
