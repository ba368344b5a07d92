"""The wire that goes with the settings of a bus."""

from __future__ import annotations

from drivers.byte_wire import ByteWire
from drivers.line import Record, Wire
from drivers.port import character_s, frame_silence_s
from drivers.serial_line import SerialPort
from drivers.settings import AnyBus, SerialBus, TcpBus
from drivers.stream_port import StreamPort
from drivers.tcp_wire import TcpWire


def wire_of(settings: AnyBus, record: Record) -> Wire:
    """Make the wire of a bus. Nothing is opened before its first question."""
    if isinstance(settings, TcpBus):
        return TcpWire(settings, record)
    port = SerialPort(settings) if isinstance(settings, SerialBus) else StreamPort(settings)
    one_s = character_s(settings.baud, settings.data_bits, settings.parity, settings.stop_bits)
    silence_s = frame_silence_s(settings.baud, one_s)
    return ByteWire(port, record, framing=settings.framing, character_s=one_s, silence_s=silence_s)
