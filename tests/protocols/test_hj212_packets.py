from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.hj212.assemble import Assembler
from protocols.hj212.cp import parse_cp
from protocols.hj212.editions import Edition, edition
from protocols.hj212.errors import LocalFrameError, PeerFrameError
from protocols.hj212.factor_table import FACTORS_2017
from protocols.hj212.flag import Flag
from protocols.hj212.frame import decode_frame, encode_frame
from protocols.hj212.message import FactorValues, Periodic, parse_message, print_message
from protocols.hj212.packets import split
from protocols.hj212.segment import Segment, parse_segment, print_segment
from protocols.hj212.times import parse_wire_time

OLD, NEW = edition("hj212-2017"), edition("hj212-2025")
AT = parse_wire_time("20160801084000")
WIDEST = Segment("20160801085000001", "32", "2051", "123456", "010000A8900016F000169DC0")


def statistic(count: int) -> Periodic:
    codes = [code for code, _, medium, *_ in FACTORS_2017 if medium == "water"]
    values: dict[str, float | str | None] = {"Min": 1.0, "Avg": 2.0, "Max": 3.0, "Flag": "N"}
    return Periodic("2051", AT, tuple(FactorValues(code, values) for code in codes[:count]))


def send(packets: tuple[str, ...], by: Edition) -> list[bytes]:
    """Frames of a message as a station would send them, with the widest header."""
    split_up = len(packets) > 1
    return [
        encode_frame(
            print_segment(
                replace(
                    WIDEST,
                    qn=str(int(WIDEST.qn) + number),
                    flag=Flag(by.flag_version, answer=True, packets=split_up),
                    pnum=len(packets) if split_up else None,
                    pno=number if split_up else None,
                    rf="RF" in by.header,
                    cp=cp,
                ),
                by,
            )
        )
        for number, cp in enumerate(packets, 1)
    ]


@pytest.mark.parametrize("by", [OLD, NEW], ids=lambda by: by.name)
@pytest.mark.parametrize("count", [1, 12, 30, 50])
def test_many_factors_go_in_packets_that_each_read_alone(count: int, by: Edition) -> None:
    message = statistic(count)
    packets = print_message(message, by)
    assert (len(packets) > 1) == (count > 12)
    for cp in packets:
        assert cp.startswith("DataTime=20160801084000;w")
        assert len(cp.encode()) + 7 <= 950
        assert isinstance(parse_message(replace(WIDEST, cp=cp), by), Periodic)
    frames = send(packets, by)
    assert all(len(frame) <= 1036 for frame in frames)
    codes = [item[0][0] for cp in packets for item in parse_cp(cp)[1:]]
    assert codes == [f"{said.code}-Min" for said in message.factors]


def test_packets_are_filled_before_a_new_one_begins() -> None:
    first, second = print_message(statistic(30), OLD)[:2]
    following = second.split(";")[1]
    assert len(f"{first};{following}".encode()) > OLD.room(split=True)


def test_packet_is_filled_to_the_last_byte_and_not_beyond() -> None:
    time = (("DataTime", "20160801084000"),)
    taken = len("DataTime=20160801084000;a=x;b=")
    fills = (("b", "x" * (OLD.room(split=True) - taken)),)
    overflows = (("b", fills[0][1] + "x"),)
    first, more = (("a", "x"),), (("c", "x" * 100),)
    assert len(split([time, first, fills, more], OLD)) == 2
    assert len(split([time, first, overflows, more], OLD)) == 3


def test_message_that_fits_is_not_split() -> None:
    room = OLD.room(split=False)
    time = (("DataTime", "20160801084000"),)
    rest = (("a", "x" * (room - len("DataTime=20160801084000;a="))),)
    (packet,) = split([time, rest], OLD)
    assert len(packet) == room
    with pytest.raises(LocalFrameError, match="too long to send"):
        split([time, (("a", rest[0][1] + "x"),)], OLD)


def test_2025_counts_to_nine_packets() -> None:
    time = (("DataTime", "20160801084000"),)
    item = (("a", "x" * 800),)
    assert len(split([time, *[item] * 9], NEW)) == 9
    with pytest.raises(LocalFrameError, match="10 packets, 9 allowed"):
        split([time, *[item] * 10], NEW)
    assert len(split([time, *[item] * 10], OLD)) == 10


def test_what_has_no_time_is_not_split() -> None:
    with pytest.raises(LocalFrameError, match="cannot be split"):
        split([(("a", "x" * 500),), (("b", "x" * 500),)], OLD)


def packets_of(count: int) -> list[Segment]:
    frames = send(print_message(statistic(count), OLD), OLD)
    return [parse_segment(decode_frame(frame).segment)[0] for frame in frames]


def test_whole_set_becomes_the_message_in_any_order_and_with_repeats() -> None:
    packets = packets_of(50)
    assert len(packets) == 4
    for order in ([0, 1, 2, 3], [3, 1, 0, 2], [1, 1, 0, 3, 0, 2]):
        assembler = Assembler()
        results = [assembler.add(packets[number], now=0) for number in order]
        assert results[:-1] == [None] * (len(order) - 1)
        whole = results[-1]
        assert whole is not None
        assert parse_message(whole, OLD) == statistic(50)
        assert whole.cp.count("DataTime=") == 1
        assert (whole.qn, whole.pnum, whole.pno) == (packets[0].qn, None, None)
        assert whole.flag == Flag(1, answer=True)


def test_segment_without_packet_numbers_passes() -> None:
    assembler = Assembler()
    whole = replace(WIDEST, flag=Flag.of(5), cp="DataTime=20160801084000")
    assert assembler.add(whole, now=0) is whole
    unnumbered = replace(whole, flag=Flag.of(7))
    assert assembler.add(unnumbered, now=0) is unnumbered
    alone = assembler.add(replace(whole, flag=Flag.of(7), pnum=1, pno=1), now=0)
    assert alone == whole


@pytest.mark.parametrize(
    "change",
    [{"mn": "1"}, {"st": "31"}, {"cn": "2061"}, {"pnum": 5}, {"cp": "DataTime=20160801085000;a=1"}],
)
def test_packets_of_other_sets_do_not_mix(change: dict[str, object]) -> None:
    assembler = Assembler()
    packets = packets_of(50)
    assert all(assembler.add(packet, now=0) is None for packet in packets[:-1])
    stranger = replace(packets[-1], **change)  # type: ignore[arg-type] # any field
    assert assembler.add(stranger, now=0) is None
    assert assembler.add(packets[-1], now=0) is not None


def test_set_that_stays_incomplete_is_forgotten_in_time() -> None:
    assembler = Assembler()
    packets = packets_of(30)
    assembler.add(packets[0], now=100)
    assert assembler.expire(now=140, age_s=40) == 0
    assert assembler.expire(now=141, age_s=40) == 1
    assert [assembler.add(packet, now=200) for packet in packets[1:]] == [None] * (len(packets) - 1)


def test_oldest_sets_give_way_when_too_much_waits() -> None:
    assembler = Assembler(max_packets=3)
    first, last = packets_of(20)
    for number in range(4):
        assert assembler.add(replace(first, mn=str(number)), now=0) is None
    assert assembler.add(replace(last, mn="3"), now=0) is not None
    assert assembler.add(replace(last, mn="0"), now=0) is None
    for _ in range(9):
        assert assembler.add(replace(first, mn="1"), now=0) is None
    assert assembler.add(replace(last, mn="2"), now=0) is not None


@pytest.mark.parametrize("pno", [0, 3])
def test_packet_number_outside_its_set_is_the_peers_fault(pno: int) -> None:
    with pytest.raises(PeerFrameError) as caught:
        Assembler().add(replace(WIDEST, pnum=2, pno=pno), now=0)
    assert (caught.value.declared, caught.value.found) == ("1 to 2", str(pno))


@settings(deadline=None)
@given(st.integers(0, 63), st.sampled_from([OLD, NEW]), st.randoms(use_true_random=False))
def test_what_is_split_comes_together(count: int, by: Edition, random: object) -> None:
    message = statistic(count)
    frames = send(print_message(message, by), by)
    random.shuffle(frames)  # type: ignore[attr-defined] # a random.Random
    assembler = Assembler()
    whole = None
    for frame in frames:
        assert whole is None
        whole = assembler.add(parse_segment(decode_frame(frame).segment)[0], now=0)
    assert whole is not None
    assert parse_message(whole, by) == message
