"""Names in code: letters as identifiers of a language, its reserved words and library functions avoided."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable

_C = """auto break case char const continue default do double else enum extern float for goto if inline int long register
restrict return short signed sizeof static struct switch typedef union unsigned void volatile while bool true false asm
fmax fmin fabs pow sqrt cbrt exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh floor ceil INFINITY main printf
j0 j1 jn y0 y1 yn gamma lgamma tgamma signgam erf erfc remainder round rint drem scalb significand exp2 exp10 log2 log10
log1p expm1 hypot isnan isinf finite logb ilogb nan and or not xor class new delete this template namespace result_
check size_t grad_of_parabola solve_of_parabola"""
_JULIA = """baremodule begin break catch const continue do else elseif end export false finally for function global if import
let local macro module quote return struct true try using while in isa where abstract mutable primitive type public outer
max min abs sign sqrt cbrt exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh floor ceil Inf NaN pi im ans
self_test"""
_JAVASCRIPT = """arguments await break case catch class const continue debugger default delete do else enum eval export extends
false finally for function if implements import in instanceof interface let new null package private protected public
return static super switch this throw true try typeof var void while with yield Math Number NaN Infinity undefined async
of get set selfTest"""
RESERVED = {
    "python": {*keyword.kwlist, "math", "abs", "max", "min", "float", "print", "range", "self_test"},
    "c": set(_C.split()),
    "julia": set(_JULIA.split()),
    "javascript": set(_JAVASCRIPT.split()),
    "latex": set(),
}
"""Words that no argument may have as its name, by language."""


def identifiers(words: Iterable[str], language: str) -> list[str]:
    """A name for each word: the word where the language has it free, with an underline where not; all of them different.

    >>> identifiers(["lambda", "long", "β", "x.1", "x_1", "1"], "python")
    ['lambda_', 'long', 'beta', 'x_1', 'x_1_', 'a1']
    """
    taken = set(RESERVED[language])
    names = []
    for word in words:
        name = re.sub(r"[^0-9A-Za-z_]", lambda sign: _spelled(sign[0]), word)
        name = name if re.match(r"_*[A-Za-z]", name) else f"a{name}"
        while name in taken:
            name += "_"
        taken.add(name)
        names.append(name)
    return names


def _spelled(sign: str) -> str:
    """A Greek letter as its name; an underline for anything else."""
    words = unicodedata.name(sign, "").lower().split()
    return words[-1] if "greek" in words else "_"
