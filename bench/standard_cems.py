"""The outlet of the measurements of statistics: a CEMS of six factors."""

from __future__ import annotations

SITE = """\
unit: {code: 91000000000000000X001P, name: 测量}
outlets:
  - id: DA001
    medium: gas
    gas: {reference_oxygen: 6}
    factors:
      a21026: {device: cems, conversions: [oxygen]}
      a21003: {device: cems, conversions: [oxygen]}
      a19001: {device: cems}
      a01014: {device: cems}
      a34013: {device: dust}
      a00000: {device: flow, point: w00000}
buses: [{id: net1, kind: tcp, host: 127.0.0.1, port: 1502}]
devices:
  - {id: cems, profile: gas/fpi-cems2000, bus: net1, address: 1, period_s: 10}
  - {id: dust, profile: gas/fpi-synspec-pm, bus: net1, address: 2, period_s: 10}
  - {id: flow, profile: flow/krohne-ifc050, bus: net1, address: 3, period_s: 10}
"""
