"""The table of commands: adding one is a line here, its handler, and its test.

What an edition has no command for never gets here: the dispatcher asks the edition first.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from agent.commands import equipment, history, on_site, parameters, records, renewing, taken, times
from agent.uplink.desk import Service

_REFUSED = Service(on_site.never, refusal=on_site.cannot_be_set)
_NOTHING = Service(history.nothing_kept)
_PERIODS = Service(history.send_periods, long=True)
_ORDER = Service(equipment.order, refusal=equipment.nobody, ended=equipment.ended)

TABLE: Mapping[str, Service] = MappingProxyType(
    {
        "1000": Service(parameters.set_time_out, then=parameters.reload),
        "1001": _REFUSED,  # 2005: how long an alarm must last is part of a limit here
        "1002": Service(parameters.set_mn, refusal=parameters.not_our_mn, then=parameters.reload),
        "1011": Service(times.tell_time, refusal=times.of_an_instrument),
        "1012": Service(times.set_time, refusal=times.cannot_be_set, ended=equipment.ended),
        "1014": Service(renewing.take_key, told=renewing.key_told, then=renewing.renew),
        "1021": Service(on_site.tell_limits),
        "1022": _REFUSED,  # limits are the permit's, not a platform's
        "1031": _NOTHING,
        "1032": _REFUSED,
        "1041": _NOTHING,
        "1042": _REFUSED,
        "1061": Service(parameters.tell_real_time_interval),
        "1062": Service(parameters.set_real_time_interval, then=parameters.reload),
        "1063": Service(parameters.tell_minute_interval),
        "1064": Service(parameters.set_minute_interval, then=parameters.reload),
        "1072": Service(renewing.set_password, told=renewing.password_told, then=renewing.renew),
        "2011": Service(taken.start_or_send, then=parameters.reload),
        "2012": Service(parameters.stop_real_time, then=parameters.reload),
        "2013": Service(taken.send_results, long=True),
        "2021": Service(records.start_states, refusal=records.no_states, then=parameters.reload),
        "2022": Service(records.stop_states, then=parameters.reload),
        "2031": _PERIODS,
        "2041": Service(records.send_run_times, long=True),
        "2051": _PERIODS,
        "2052": _NOTHING,
        "2061": _PERIODS,
        "2062": Service(records.send_checks, long=True),
        "2071": _NOTHING,
        "2111": Service(records.send_furnace, long=True),
        "3011": _ORDER,
        "3012": _ORDER,
        "3013": _ORDER,
        "3014": _ORDER,
        "3015": _ORDER,
        "3016": _ORDER,
        "3017": Service(on_site.tell_cycle),
        "3018": Service(on_site.tell_sample_out_time),
        "3019": Service(on_site.tell_serial),
        "3020": Service(on_site.tell_on_site, long=True),
        "3021": _ORDER,
        "3022": _ORDER,
        "3024": _ORDER,
    }
)
