"""Where the data files are: schemas, site templates."""

from __future__ import annotations

from pathlib import Path

import agent


def config_directory() -> Path:
    """Give the folder `config`: of a source checkout, or inside the package of a wheel."""
    package = Path(agent.__file__).parent
    packaged = package / "config"
    return packaged if packaged.is_dir() else package.parent / "config"
