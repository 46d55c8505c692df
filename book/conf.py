"""Sphinx: notebooks are shown as they were run; everything a page needs lies beside it."""

import insidebert
from book.address import Address
from book.site import mathjax
from book.sources import KEPT

project = "insidebert"
author = "the insidebert authors"
release = insidebert.__version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
include_patterns = ["*.md", *KEPT, "notebooks/*.ipynb", "notebooks/zh/*.ipynb"]

nb_execution_mode = "off"
nb_ipywidgets_js = {}
nb_merge_streams = True
myst_enable_extensions = ["attrs_inline", "colon_fence", "dollarmath"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

autodoc_member_order = "bysource"
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = "insidebert"
html_static_path = ["static", str(mathjax())]
html_css_files = ["book.css"]
html_js_files = [(name, {"defer": "defer"}) for name in ("scoreboard.js", "figures.js")]
repository = {"data-repository": own.url} if (own := Address.read()).known else {}
html_js_files.append(("hub-link.js", {"defer": "defer"} | repository))
mathjax_path = "tex-svg.js"
html_show_sourcelink = False
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_last_updated_fmt = None


def setup(app):
    """Pages in Chinese say so, to browsers and to readers aloud."""
    app.connect("html-page-context", lambda _app, page, _template, context, _tree: context.update(lang_of(page)))


def lang_of(page: str) -> dict[str, str]:
    return {"language": "zh-CN"} if page.endswith(".zh") or "/zh/" in page else {}
