"""What samplers by a profile have in common: an order, and a record of their own that proves it."""

from __future__ import annotations

from typing import Generic, TypeVar

from drivers.device import NoAnswer, Reading, SamplerStatus
from drivers.frame_device import FrameDevice
from drivers.modbus import ModbusDevice
from drivers.operation import POLL_S
from drivers.profile_operations import Proof, RecordAt
from drivers.retention import cannot_keep

D = TypeVar("D", bound=FrameDevice | ModbusDevice)


class RecordedSampler(Generic[D]):
    """A sampler whose profile says how a bottle is kept and where its record of it stands.

    Waits in seconds of the device's clock. Raises ValueError where the profile has no such record.
    """

    def __init__(self, device: D, *, poll_s: float = POLL_S) -> None:
        reason = cannot_keep(device.profile)
        retain, record = device.profile.operations.get("retain"), device.profile.record
        if reason is not None or retain is None or retain.proof is None or record is None:
            raise ValueError(f"{device.profile.profile}: {reason}")
        self.device: D = device
        self._wants = retain.wants
        self._proof: Proof = retain.proof
        self._record: RecordAt = record
        self._poll_s = poll_s

    @property
    def id(self) -> str:
        """The name of the device in the site file."""
        return self.device.id

    @property
    def proof_s(self) -> float:
        """How long after an order its record may still appear, in seconds of the clock."""
        return self._proof.within_s

    async def read(self) -> list[Reading]:
        """Ask for what the profile lists once."""
        return [*await self.device.read()]

    async def status(self) -> SamplerStatus:
        """State in words of the profile, and nothing of bottles and door. Raises DeviceError."""
        look = await self.device.look(order=True)
        _ = look.came  # raises where nothing came
        if look.state is None:
            raise NoAnswer("the sampler is busy")
        cause, text = look.state.cause, look.state.text
        return SamplerStatus(cause, text, None, (), None, fault="", temperature_c=None)
