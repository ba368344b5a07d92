"""The numbers by which a platform knows this machine (HJ 212-2025 §6.8, i23005 to i23008)."""

from __future__ import annotations

from pathlib import Path

from agent.uplink.desk import HardwareFacts

LONGEST = 24
ABSENT = "0"
"""Stands for a number this machine does not have; the word cannot be left out."""


def hardware(root: Path = Path("/")) -> HardwareFacts:
    """Read them: the system's own id, the processor's number, two network addresses."""
    cards = sorted(
        text
        for card in root.glob("sys/class/net/*/device")
        if (text := _text(card.parent / "address").replace(":", "").upper())
    )
    first, second = [*cards, ABSENT, ABSENT][:2]
    machine = _text(root / "etc/machine-id").upper()
    return HardwareFacts(machine[:LONGEST] or ABSENT, _processor(root), first, second)


def _processor(root: Path) -> str:
    tree = _text(root / "sys/firmware/devicetree/base/serial-number").strip("\0")
    if tree:
        return tree[-LONGEST:]
    for line in _text(root / "proc/cpuinfo").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "Serial" and value.strip():
            return value.strip()[-LONGEST:]
    return ABSENT


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="ignore").strip()
    except OSError:
        return ""
