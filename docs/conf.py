"""How Sphinx builds the site: ``python -m sphinx -W docs docs/_build/html`` makes one folder that needs no network."""

import sys
from pathlib import Path

import convergence

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_extensions"))
import reference  # noqa: E402
from numpydoc.xref import DEFAULT_LINKS  # noqa: E402

project = "convergence"
author = "The convergence developers"
copyright = "2026, the convergence developers, MIT licence"
release = version = convergence.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "docstrings",
    "mathml",
    "names",
    "reference",
    "repository",
    "theorems",
]
exclude_patterns = ["_build", "gallery", "notebooks", "**/sg_execution_times.rst"]
nitpicky = True

myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_typehints = "none"  # the docstrings say kinds, shapes and units
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = True
numpydoc_xref_aliases = {word: word for word in DEFAULT_LINKS} | reference.links()
numpydoc_xref_ignore = "all"
nitpick_ignore = [("py:obj", word) for word in DEFAULT_LINKS]  # Python's and NumPy's own, which are not on these pages
autosummary_generate = False  # the pages are written by ``reference``

sphinx_gallery_conf = {
    "examples_dirs": ["gallery", "notebooks"],
    "gallery_dirs": ["generated/gallery", "generated/notebooks"],
    "filename_pattern": "/plot_|/notebooks/",
    "subsection_order": [
        f"gallery/{part}"
        for part in ("stability", "speed", "noise", "schedules", "adaptive", "landscapes", "practice")
    ],
    "within_subsection_order": "FileNameSortKey",
    "image_scrapers": ["pictures.scrape"],
    "reset_modules": ["pictures.look"],
    "capture_repr": (),
    "backreferences_dir": "generated/used",
    "doc_module": ("convergence",),
    "reference_url": {"convergence": None},
    "show_memory": False,
    "write_computation_times": False,
    "remove_config_comments": True,
    "show_signature": False,
}

html_theme = "furo"
html_title = "convergence"
html_static_path = ["_static", "../convergence/pages/templates/math.woff2"]
html_css_files = ["site.css"]
html_copy_source = False
html_math_renderer = "mathml"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0072B2", "color-brand-content": "#0072B2"},
    "dark_css_variables": {"color-brand-primary": "#56B4E9", "color-brand-content": "#56B4E9"},
}
