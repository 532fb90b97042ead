"""How Sphinx turns docs/ into web pages; ``make docs`` runs it."""

from __future__ import annotations

import sys
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from borgdesk.domain.version import APPLICATION_ID, VERSION  # noqa: E402

project = "BorgDesk"
author = "The BorgDesk authors"
version = release = VERSION
copyright = "The BorgDesk authors. BorgDesk is free software under the GNU General Public License, version 3 or later"  # noqa: A001
language = "en"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
# What an earlier `make docs` has written.
exclude_patterns = ["html"]
# Links to other pages and to headings are checked: what is missing is a warning, and warnings are errors.
nitpicky = True
myst_heading_anchors = 4
highlight_language = "none"

html_theme = "furo"
html_title = f"BorgDesk {VERSION}"
html_favicon = str(ROOT / f"resources/icons/{APPLICATION_ID}.svg")
html_logo = html_favicon
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_use_index = False
html_theme_options = {"sidebar_hide_name": False, "top_of_page_buttons": []}
# Tables of the reference have long names in their first column.
html_static_path = ["static"]
html_css_files = ["own.css"]


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("doctree-resolved", name_pages)


def name_pages(app: Sphinx, tree: nodes.document, _name: str) -> None:
    """Give links whose text is the name of a file, as people need it who read the file, the title of the page."""
    for link in tree.findall(nodes.reference):
        page = link.astext().removesuffix(".md")
        if link.astext().endswith(".md") and page in app.env.titles:
            link.children = [nodes.inline("", app.env.titles[page].astext())]
