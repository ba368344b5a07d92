"""The site file: models, checks, look-ups."""

from agent.errors import ConfigError, Finding
from agent.settings.destination import Destination, OpsServer, Station
from agent.settings.equipment import CameraSettings, InputSettings, SamplerSettings
from agent.settings.load import load_site, parse_site
from agent.settings.outlet import FactorRule, Limit, Medium, Outlet, Sampling, st_of
from agent.settings.secrets import CredentialSecret, FileSecret, SecretError, read_secret
from agent.settings.site import FactorSource, Site, Unit
from agent.settings.storage import Storage, socket_paths, state_directory
from agent.settings.wire import CommandPolicy, Mqtt, Wire

__all__ = [
    "CameraSettings",
    "CommandPolicy",
    "ConfigError",
    "CredentialSecret",
    "Destination",
    "FactorRule",
    "FactorSource",
    "FileSecret",
    "Finding",
    "InputSettings",
    "Limit",
    "Medium",
    "Mqtt",
    "OpsServer",
    "Outlet",
    "SamplerSettings",
    "Sampling",
    "SecretError",
    "Site",
    "Station",
    "Storage",
    "Unit",
    "Wire",
    "load_site",
    "parse_site",
    "read_secret",
    "socket_paths",
    "st_of",
    "state_directory",
]
