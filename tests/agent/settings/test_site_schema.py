import json
import re

from agent.settings.config import config_directory
from agent.settings.schema import site_schema


def test_schema_file_is_the_models_own():
    text = json.dumps(site_schema(), ensure_ascii=False, indent=2) + "\n"
    file = config_directory() / "schema" / "site.json"
    assert file.read_text(encoding="utf-8") == text, "write site_schema() to the file again"


def test_every_template_names_the_schema_on_its_first_line():
    for path in (config_directory() / "sites").glob("*.yaml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
        assert named is not None, path
        assert (path.parent / named[1]).resolve() == (config_directory() / "schema" / "site.json")


def test_every_setting_of_an_outlet_and_a_destination_can_be_completed():
    models = site_schema()["$defs"]
    assert {"medium", "factors", "flow", "permit_totals"} <= set(models["Outlet"]["properties"])
    assert {"stations", "edition", "commands"} <= set(models["Destination"]["properties"])
    assert all(model.get("additionalProperties") is False for model in models.values())
