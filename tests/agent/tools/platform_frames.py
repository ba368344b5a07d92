"""Frames built from text with a checksum of their own: nothing here comes from `protocols`."""

from __future__ import annotations

MN = "010000A8900016F000169DC0"
QN = "20260601083000123"


def checksum(segment: bytes) -> int:
    register = 0xFFFF
    for byte in segment:
        register = (register >> 8) ^ byte
        for _ in range(8):
            low = register & 1
            register >>= 1
            if low:
                register ^= 0xA001
    return register


def framed(segment: str | bytes) -> bytes:
    data = segment.encode() if isinstance(segment, str) else segment
    return b"##%04d%b%04X\r\n" % (len(data), data, checksum(data))


def upload(
    cn: str,
    cp: str,
    *,
    st: str = "32",
    flag: int = 5,
    qn: str = QN,
    mn: str = MN,
    pw: str = "123456",
    packets: str = "",
) -> bytes:
    head = f"QN={qn};ST={st};CN={cn};PW={pw};MN={mn};Flag={flag};{packets}"
    return framed(f"{head}CP=&&{cp}&&")


REAL_TIME = "DataTime=20260601083000;w01018-Rtd=36.5,w01018-Flag=N;w01001-Rtd=7.52,w01001-Flag=N"
MINUTE = (
    "DataTime=20260601083000;"
    "w00000-Cou=10.50,w00000-Min=16.40,w00000-Avg=17.50,w00000-Max=20.10,w00000-Flag=N;"
    "w01001-Min=7.10,w01001-Avg=7.50,w01001-Max=7.80,w01001-Flag=N"
)
GAS = (
    "DataTime=20260601080000;"
    "a21026-Cou=1.20,a21026-Min=16.40,a21026-Avg=17.50,a21026-Max=20.10,"
    "a21026-ZsMin=20.00,a21026-ZsAvg=21.00,a21026-ZsMax=24.00,a21026-Flag=N"
)
