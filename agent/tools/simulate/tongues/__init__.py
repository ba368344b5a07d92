"""The instruments' side of protocols other than Modbus: requests cut and understood, answers made.

Written apart from `protocols` and `drivers`, so that a fault of ours does not answer itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent.tools.simulate.tongues.clink import CLink
from agent.tools.simulate.tongues.dcon import Dcon
from agent.tools.simulate.tongues.declared import Declared
from agent.tools.simulate.tongues.dlt645 import Dlt645
from agent.tools.simulate.tongues.elan import Elan
from agent.tools.simulate.tongues.hj212 import Hj212
from agent.tools.simulate.tongues.isco import Isco
from agent.tools.simulate.tongues.megatec import Megatec
from agent.tools.simulate.tongues.mewtocol import Mewtocol
from agent.tools.simulate.tongues.samplers import Kesheng, Shijiazhuang
from agent.tools.simulate.tongues.tongue import Request, Tongue

__all__ = ["TONGUES", "Request", "Tongue"]

TONGUES: Mapping[str, type[Tongue]] = {
    "ascii": Declared,
    "thermo-clink": CLink,
    "siemens-elan": Elan,
    "mewtocol": Mewtocol,
    "dcon": Dcon,
    "megatec": Megatec,
    "isco": Isco,
    "dlt645": Dlt645,
    "hj212-serial": Hj212,
    "kesheng-sampler": Kesheng,
    "shijiazhuang-sampler": Shijiazhuang,
}
"""By the driver of the profile."""
