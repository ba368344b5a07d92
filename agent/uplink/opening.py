"""From a login to the link of its kind."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from agent.uplink.link import Link
from agent.uplink.listening import CalledLink
from agent.uplink.login import Login, TcpLogin
from agent.uplink.mqtt import MqttLink
from agent.uplink.tcp import TcpLink

AnyLogin = Login | TcpLogin


def open_link(login: AnyLogin) -> AbstractAsyncContextManager[Link]:
    """Give the link that such a login opens; entering it connects."""
    if isinstance(login, Login):
        return MqttLink(login)
    if login.address.startswith(("listen:", "listens:")):
        return CalledLink(login)
    return TcpLink(login)
