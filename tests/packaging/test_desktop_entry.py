from __future__ import annotations

import configparser
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PySide6.QtSvg import QSvgRenderer

from borgdesk.domain.pack import ENDING
from borgdesk.domain.version import APPLICATION_ID
from borgdesk.paths import resource

ROOT = Path(__file__).parents[2]
LANGUAGES = sorted(path.name for path in (ROOT / "borgdesk" / "locale").iterdir() if path.is_dir())
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@pytest.fixture
def entry() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(ROOT / "resources/org.borgdesk.BorgDesk.desktop", encoding="utf-8")
    return parser["Desktop Entry"]


def test_the_desktop_entry_starts_the_installed_command(entry: configparser.SectionProxy) -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert entry["Exec"].removesuffix(" %f") in scripts
    assert entry["Type"] == "Application"
    assert entry["Categories"].endswith(";")
    assert entry["Keywords"].endswith(";")


def test_script_packs_are_opened_by_the_entry(entry: configparser.SectionProxy) -> None:
    kinds = ET.parse(resource("org.borgdesk.BorgDesk.xml")).getroot()
    kind = kinds.find("{*}mime-type")
    pattern = kinds.find("{*}mime-type/{*}glob")
    assert kind is not None
    assert pattern is not None
    assert entry["MimeType"] == f"{kind.get('type')};"
    assert pattern.get("pattern") == f"*{ENDING}"
    assert entry["Exec"].endswith(" %f")


def test_the_icon_of_the_entry_is_shipped(entry: configparser.SectionProxy) -> None:
    assert QSvgRenderer(str(resource(f"icons/{entry['Icon']}.svg"))).isValid()


def test_the_metainfo_belongs_to_the_entry(entry: configparser.SectionProxy) -> None:
    component = ET.parse(ROOT / "packaging/org.borgdesk.BorgDesk.metainfo.xml").getroot()
    assert component.findtext("launchable") == "org.borgdesk.BorgDesk.desktop"
    assert component.findtext("name") == entry["Name"]
    assert component.findtext("summary") == entry["Comment"]
    assert component.findtext("project_license") == "GPL-3.0-or-later"
    assert component.findtext("provides/binary") == entry["Exec"].removesuffix(" %f")


@pytest.mark.parametrize("language", LANGUAGES)
def test_menus_and_software_centres_have_the_languages_of_the_catalogues(language: str) -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[assignment, method-assign]
    entry.read(ROOT / f"resources/{APPLICATION_ID}.desktop", encoding="utf-8")
    for section in entry.values():
        for key in ("GenericName", "Comment", "Keywords", "Name"):
            assert key not in section or section.get(f"{key}[{language}]"), f"{section.name}: {key}"
    component = ET.parse(ROOT / f"packaging/{APPLICATION_ID}.metainfo.xml").getroot()
    for place in (".", "description", "description/ul", "keywords"):
        texts = [one for one in component.find(place) or () if one.tag in {"summary", "p", "li", "keyword"}]
        of_language = [one for one in texts if one.get(_LANG) == language]
        assert len(of_language) == sum(one.get(_LANG) is None for one in texts), place
    kinds = ET.parse(resource(f"{APPLICATION_ID}.xml")).getroot()
    assert [one.get(_LANG) for one in kinds.iterfind("{*}mime-type/{*}comment")].count(language) == 1
