"""A study goes in; alt texts and captions come out: what each figure shows, in sentences with the key numbers."""

from __future__ import annotations

from convergence.figures.findings.style import number
from convergence.results import DataResult, Findings, MethodResult

Words = tuple[str, str, str]  # title, alt text, caption


def data(found: DataResult) -> Words:
    x, y = found.sample_columns or ("", "")
    alt = f"Scatter of {len(found.sample)} of {found.rows} rows: column {y} over column {x}, marked by their target."
    return "The data", alt, f"The columns {x} and {y} of the data; marker and hue show the target."


def landscape(study: Findings) -> Words:
    assert study.landscape is not None
    x, y = study.landscape.minimum
    alt = (
        f"Filled contours of the loss over two coordinates, with its minimum at ({number(x)}, {number(y)}) and the "
        f"paths of {len(study.landscape.paths)} methods, which start at the origin and lead to it."
    )
    caption = "The loss over the plane, darker where it is larger. A line is the way of a method, a marker is a step."
    return "The loss, and the way each method takes", alt, caption


def losses(study: Findings) -> Words:
    ends = "; ".join(f"{m.title} {_steps(m)}" for m in study.methods)
    alt = f"Loss above its minimum over the steps on a log axis, to come within 99.9 % of the solution: {ends}."
    caption = "On a log axis the slope is the rate: straight lines fall by the same factor in each step."
    return "Loss above its minimum, all methods", alt, caption


def comparison(study: Findings) -> Words:
    rates = "; ".join(f"{m.title} {number(m.tuning.rate)}" for m in study.methods)
    here = number(study.kappa.here)
    alt = f"Steps per decimal digit at the optimal rate over κ; at κ = {here} of this data the rates ρ are: {rates}."
    caption = "Slope 1: the steps grow like κ. Slope ½: like √κ. The dotted line is the condition number of this data."
    return "What the condition number costs", alt, caption


def worst_cases(study: Findings) -> Words:
    ends = "; ".join(f"{m.title} {m.finite.steps or 'never'}" for m in study.methods if m.finite is not None)
    alt = (
        f"Worst error over the steps on a log axis, with Chebyshev's bound; steps to 99.9 % in the worst case: {ends}."
    )
    caption = (
        "Over all quadratics with the condition number of this data. No first-order method gets below the dotted line."
    )
    return "Worst case over the steps, and the limit", alt, caption


def descent_pair(one: MethodResult, other: MethodResult) -> Words:
    alt = (
        f"Gradient and weight of each column over the steps for {one.title} at η = {_lr(one)} and {other.title} at "
        f"η = {_lr(other)}; final losses {one.run.final_loss:.7g} and {other.run.final_loss:.7g}."
    )
    caption = f"The course notes' figure: {one.title} (filled) against {other.title} (open)."
    return f"{one.title} against {other.title}".capitalize(), alt, caption


def descent(m: MethodResult) -> Words:
    alt = (
        f"Gradient (log axis) and weight of each column over the steps of {m.title} at η = {_lr(m)}; "
        f"the final loss is {m.run.final_loss:.7g}."
    )
    return f"Gradient and weights of {m.title}", alt, "The course notes' figure of one method: a line for each column."


def stability(m: MethodResult) -> Words:
    assert m.map is not None
    lr, momentum = m.map.optimum
    where = "The optimum is" if m.tuning.optimal else "The chosen settings are"
    inside = sum(converged == 1.0 for *_, converged in m.map.probes)
    alt = (
        f"Map of the spectral radius of {m.title} over learning rate and momentum. {where} at η = {number(lr)}, "
        f"β = {number(momentum)} with ρ = {number(m.tuning.rate)}; of {len(m.map.probes)} runs that probe the boundary "
        f"{inside} converged and {len(m.map.probes) - inside} diverged."
    )
    caption = "Colour: the rate on a grid. Black line: the boundary, derived from the rule. Markers: runs on the data."
    return f"Where {m.title} converges, and how fast", alt, caption


def radius(m: MethodResult) -> Words:
    kind = "The optimum" if m.tuning.optimal else "The chosen rate"
    bound = f"η = {number(m.tuning.lr_max)}, set by {m.tuning.binding}"
    alt = (
        f"Spectral radius of {m.title} over the learning rate, a line for each direction. It crosses 1 at {bound}. "
        f"{kind} is η = {number(m.curve.chosen)} with ρ = {number(m.tuning.rate)}."
    )
    caption = "The slowest direction sets the rate: the upper envelope of the lines. Above 1 the method diverges."
    return f"Spectral radius of {m.title}", alt, caption


def damping(m: MethodResult) -> Words:
    assert m.damping is not None
    bands = ", ".join(dict.fromkeys(m.damping.bands))
    alt = (
        f"Regimes of {m.title} over momentum and scaled learning rate ηλ, from small ηλ to large: {bands}; "
        f"at β = {number(m.tuning.hyper.get('momentum', 0.0))} lie the directions of this data."
    )
    caption = "Where the eigenvalues are complex the error oscillates; at the edges two real ones meet."
    return f"How {m.title} is damped", alt, caption


def spectrum(m: MethodResult) -> Words:
    directions = " and ".join(root.direction for root in m.roots)
    alt = (
        f"Eigenvalues of the iteration matrix of {m.title} in the complex plane for {directions}, as η grows from 0 to "
        f"{number(max(m.roots[0].lr))}; they leave the unit circle at η = {number(m.tuning.lr_max)}. "
        f"Crosses: the eigenvalues identified from the run at η = {number(m.curve.chosen)}."
    )
    caption = "Inside the circle the error shrinks. The crosses come from the iterates alone, without the method."
    return f"Eigenvalues of {m.title}", alt, caption


def errors(m: MethodResult) -> Words:
    alt = (
        f"Error of {m.title} in each direction over the steps on a log axis, run and prediction; "
        f"rate ρ = {number(m.tuning.rate)}; to come within 99.9 % of the solution it takes {_steps(m)}."
    )
    caption = "Markers: the run on the data. Lines: the closed form, which does not step through the data."
    return f"Error of {m.title}: run and prediction", alt, caption


def _lr(m: MethodResult) -> str:
    return number(m.curve.chosen)


def _steps(m: MethodResult) -> str:
    if m.run.diverged is not None:
        return f"never, it diverged at step {m.run.diverged}"
    counted = m.tuning.steps_counted
    return "never" if counted is None else "1 step" if counted == 1 else f"{counted} steps"
