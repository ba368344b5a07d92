"""Samplers with binary frames: `send` is the request in hex, `at` a byte offset in the answer."""

from __future__ import annotations

from drivers.language import Item, Language, cut
from drivers.profile_dialogue import Question
from drivers.question import FrameQuestion
from protocols import sampler_frames


class BinarySampler(Language):
    """A sampler whose answers have marks, a length and a clock, but no check sum."""

    checked = False
    shape: sampler_frames.ClockedShape

    def ask(self, question: Question) -> FrameQuestion:
        """Give the bytes of the profile."""
        request = bytes.fromhex(question.send)
        return FrameQuestion(self.address, request, self.shape, self.profile.driver)

    def part(self, question: Question, frame: bytes, item: Item) -> bytes | None:
        """Give bytes of the answer."""
        return cut(frame, item)


class KeshengSampler(BinarySampler):
    """A KeSheng sampler."""

    shape = sampler_frames.KESHENG


class ShijiazhuangSampler(BinarySampler):
    """A sampler with `##` … `&&` frames."""

    shape = sampler_frames.SHIJIAZHUANG
