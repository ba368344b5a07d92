"""A site for tests: two instruments and a sampler on a line, two on a TCP endpoint."""

from __future__ import annotations

from pathlib import Path

from agent.settings import Site, parse_site

TEXT = """
unit: {{code: 91130200699229617X001P, name: 示例企业}}
outlets:
  - id: DW001
    medium: water
    flow: w00000
    factors:
      w01018: {{device: cod, range: [0, 200], limits: [{{high: 50, on: measurement}}]}}
      w01001: {{device: ph, limits: [{{low: 6, high: 9}}]}}
      w00000: {{device: flow}}
      w20123: {{device: zinc, point: metal, limits: [{{high: 1}}]}}
buses:
  - {{id: line1, kind: serial, port: {port}}}
  - {{id: net1, kind: tcp, host: 127.0.0.1, port: {tcp}}}
devices:
  - {{id: cod, profile: water/hach-codmax-ii, bus: line1, address: 1}}
  - {{id: ph, profile: water/ph, bus: line1, address: 3}}
  - {{id: flow, profile: flow/em-flow-0x1010, bus: net1, address: 5}}
  - {{id: zinc, profile: metals/ruiquan-metals, bus: net1, address: 6}}
samplers:
  - {{id: sampler, profile: sampler/dayue-v105, bus: line1, address: 9, outlet: DW001}}
"""


def site_text(port: Path, tcp: int) -> str:
    return TEXT.format(port=port, tcp=tcp)


def site(port: Path, tcp: int) -> Site:
    return parse_site(site_text(port, tcp).encode())[0]
