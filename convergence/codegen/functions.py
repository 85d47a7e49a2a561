"""A function in a language, of formulas: Python, C, Julia, JavaScript, LaTeX."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import sympy as sp
from sympy.logic.boolalg import Boolean

from convergence.codegen.branches import clamped, shared
from convergence.codegen.names import identifiers
from convergence.codegen.nodes import require_code
from convergence.codegen.printers import expression
from convergence.errors import BadName, nearest
from convergence.notation import latex

LANGUAGES = ("python", "c", "julia", "javascript", "latex")
PREAMBLE = {"python": "import math\n", "c": "#include <math.h>\n", "julia": "", "javascript": "", "latex": ""}
"""What must stand before the functions of a file."""

Formulas = Sequence[sp.Basic] | Mapping[str, sp.Basic]


def function_source(language: str, name: str, arguments: Sequence[sp.Symbol], formulas: Formulas) -> str:
    """The source of a function of real numbers that returns the values of formulas.

    Parameters
    ----------
    language
        "python" (3.11 or later, needs ``import math``), "c" (C99, needs ``math.h``), "julia", "javascript" or "latex".
    name, arguments
        Of the function. Letters that are words of the language get an underline.
    formulas
        One: the function returns its value. Several: a tuple, in JavaScript an array, in C by a last argument
        ``double *result``. By name: a dict, an object, in Julia a named tuple, in C a struct ``<name>_result``.

    Raises
    ------
    NoCode
        For a formula with a node that has not the same meaning in all languages, or a letter that is no argument.
    BadName
        For another language.

    A formula is real where its conditions say so: a root of a negative number is an error in Python and Julia, and NaN in
    C and JavaScript; within a case, where only rounding brings it about, it is 0.

    >>> eta, lam = sp.symbols("eta lambda", positive=True)
    >>> print(function_source("python", "radius", [lam, eta], [sp.Abs(1 - eta * lam)]))
    def radius(lambda_, eta):
        return abs(eta*lambda_ - 1)
    >>> print(function_source("c", "radius", [lam, eta], [sp.Abs(1 - eta * lam) / 2]))
    double radius(double lambda, double eta)
    {
        return (1.0/2.0)*fabs(eta*lambda - 1.0);
    }
    """
    if language not in LANGUAGES:
        raise BadName(f"there is no language {str(language)[:60]!r}: {nearest(str(language), LANGUAGES)}")
    keys = list(formulas) if isinstance(formulas, Mapping) else []
    values = [sp.sympify(one) for one in (formulas.values() if isinstance(formulas, Mapping) else formulas)]
    for value in values:
        require_code(value)
    unknown = sorted(str(s) for s in set().union(*(v.free_symbols for v in values)) - set(arguments))
    if unknown:
        raise BadName(f"the formulas of {name} have letters that are no arguments: {', '.join(unknown)}")
    if language == "latex":
        return _latex(name, arguments, keys, values)
    return _function(language, name, arguments, keys, values)


def _function(
    language: str, name: str, arguments: Sequence[sp.Symbol], keys: Sequence[str], values: Sequence[sp.Basic]
) -> str:
    function, *words = identifiers([name, *(letter.name for letter in arguments)], language)
    letters = {letter: sp.Symbol(word, real=True) for letter, word in zip(arguments, words, strict=True)}
    reals = [clamped(value).xreplace(letters) for value in values]
    free = (s for s in sp.numbered_symbols("t", real=True) if s.name not in (function, *words))
    steps, results = shared(reals, free)
    body = [(step.name, expression(language, value)) for step, value in steps]
    lines = [expression(language, result) for result in results]
    flags = [_is_condition(value) for value in values]
    writer = {"python": _python, "c": _c, "julia": _julia, "javascript": _javascript}[language]
    return writer(function, words, body, identifiers(keys, language), lines, flags)


Body = Sequence[tuple[str, str]]


def _python(
    name: str, arguments: Sequence[str], body: Body, keys: Sequence[str], values: Sequence[str], flags: Sequence[bool]
) -> str:
    result = ", ".join(f'"{k}": {v}' for k, v in zip(keys, values, strict=True)) if keys else ", ".join(values)
    lines = [f"{left} = {right}" for left, right in body]
    return _indented(
        f"def {name}({', '.join(arguments)}):", [*lines, f"return {{{result}}}" if keys else f"return {result}"]
    )


def _javascript(
    name: str, arguments: Sequence[str], body: Body, keys: Sequence[str], values: Sequence[str], flags: Sequence[bool]
) -> str:
    result = values[0] if len(values) == 1 else f"[{', '.join(values)}]"
    if keys:
        result = "{" + ", ".join(f"{k}: {v}" for k, v in zip(keys, values, strict=True)) + "}"
    lines = [f"const {left} = {right};" for left, right in body]
    return _indented(f"function {name}({', '.join(arguments)}) {{", [*lines, f"return {result};"], "}")


def _julia(
    name: str, arguments: Sequence[str], body: Body, keys: Sequence[str], values: Sequence[str], flags: Sequence[bool]
) -> str:
    result = (
        "(; " + ", ".join(f"{k} = {v}" for k, v in zip(keys, values, strict=True)) + ")" if keys else ", ".join(values)
    )
    lines = [f"{left} = {right}" for left, right in body]
    return _indented(f"function {name}({', '.join(arguments)})", [*lines, f"return {result}"], "end")


def _c(
    name: str, arguments: Sequence[str], body: Body, keys: Sequence[str], values: Sequence[str], flags: Sequence[bool]
) -> str:
    kinds = ["int" if flag else "double" for flag in flags]
    takes = [f"double {argument}" for argument in arguments]
    lines = [f"const double {left} = {right};" for left, right in body]
    before = ""
    if keys:
        kind = f"{name}_result"
        fields = " ".join(f"{k} {key};" for k, key in zip(kinds, keys, strict=True))
        before = f"typedef struct {{ {fields} }} {kind};\n\n"
        lines.append(f"const {kind} result_ = {{ {', '.join(values)} }};")
        lines.append("return result_;")
    elif len(values) == 1:
        kind = kinds[0]
        lines.append(f"return {values[0]};")
    else:
        kind = "void"
        takes.append("double *result_")
        lines += [f"result_[{k}] = {value};" for k, value in enumerate(values)]
    unused = [f"(void) {one};" for one in arguments if not re.search(rf"\b{one}\b", "\n".join(lines))]  # else a warning
    return before + _indented(f"{kind} {name}({', '.join(takes) or 'void'})\n{{", [*unused, *lines], "}")


def _indented(head: str, lines: Sequence[str], end: str = "") -> str:
    return "\n".join([head, *(f"    {line}" for line in lines), *([end] if end else [])])


def _latex(name: str, arguments: Sequence[sp.Symbol], keys: Sequence[str], values: Sequence[sp.Basic]) -> str:
    """Equations, one below the other."""
    word = rf"\operatorname{{{name.replace('_', chr(92) + '_')}}}"
    takes = ", ".join(latex(argument) for argument in arguments)
    subscripts = [rf"_{{\mathrm{{{key.replace('_', chr(92) + '_')}}}}}" for key in keys] or [
        f"_{{{k + 1}}}" if len(values) > 1 else "" for k in range(len(values))
    ]
    signs = [r"\iff" if _is_condition(value) else "=" for value in values]
    rows = [
        rf"{word}{sub}({takes}) &{sign} {latex(value)}"
        for sub, sign, value in zip(subscripts, signs, values, strict=True)
    ]
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"


def _is_condition(value: sp.Basic) -> bool:
    """A symbol is a Boolean of SymPy, too."""
    return isinstance(value, Boolean) and not value.is_Symbol
