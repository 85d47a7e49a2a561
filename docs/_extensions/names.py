"""Public names in the text, as `cv.derive` or `derive(m)`, become links to their pages of the reference."""

import re

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

import convergence as cv

CALL = re.compile(r"(?:cv\.)?(\w+)\(.*\)|cv\.(\w+)")


class Names(SphinxTransform):
    """Wraps each literal that calls or names a public function."""

    default_priority = 210

    def apply(self, **kwargs: object) -> None:
        for literal in list(self.document.findall(nodes.literal)):
            found = CALL.fullmatch(literal.astext())
            name = found and (found[1] or found[2])
            if name not in cv.__all__ or isinstance(literal.parent, nodes.title | nodes.reference | pending_xref):
                continue
            link = pending_xref("", refdomain="py", reftype="obj", reftarget=f"convergence.{name}", refwarn=True)
            literal.replace_self(link)
            link += literal


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_transform(Names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
