/* Sentences and theorems, with the numbers of the point put in. */
"use strict";

const KINDS = {
  positive: "falls without oscillating (real eigenvalue)",
  repeated: "critical damping (a repeated eigenvalue)",
  complex: "ripples (complex eigenvalues)",
  negative: "flips its sign each step (negative eigenvalue)",
};
const GROWING = { positive: "grows without oscillating", repeated: "grows", complex: "grows in ripples", negative: "grows, flipping its sign each step" };

function regimeWords(method, curvature, h) {
  const found = regime(method, curvature, h);
  if (!(found.rho < 1)) return GROWING[found.kind];
  return found.kind === "complex" ? `ripples with a period of ${spelled(found.period, 3)} steps (complex eigenvalues)` : KINDS[found.kind];
}

/** Which direction decides the rate, in words, and its curvature. */
function slowestDirection(method, h) {
  const { curvatures } = problemNow(), radii = curvatures.map((one) => radius(method, one, h));
  const k = radii.indexOf(Math.max(...radii)), last = curvatures.length - 1;
  return { curvature: curvatures[k], words: last === 0 ? "the one direction" : k === 0 ? "the steepest direction" : k === last ? "the flattest direction" : `direction ${k + 1}` };
}

function settingWords(method, h) {
  return method.hyper.map((one, k) => `${one.letter} = ${spelled(h[k])}`).join(", ");
}

/** One sentence on a point: whether it converges, how fast, and how the slowest direction dies out. */
function verdict(side, h = side.h) {
  const { method } = side, some = deciding(method, problemNow().curvatures), rho = spectralRadius(method, some, h);
  const slow = slowestDirection(method, h), way = regimeWords(method, slow.curvature, h), stable = margin(method, some, h) > 0;
  const grows = stable && state.batch > 0 && canSample(method) && !(smallestBatch(method, problemNow(), h) < state.batch);
  const fate = grows ? `ρ = ${rateSpelled(rho)}, but batches of ${state.batch} are too small: second moments grow` : stable ? `converges, ρ = ${rateSpelled(rho)}, ${spelled(stepsPerDigit(rho), 3)} steps a digit` : `diverges, ρ = ${rateSpelled(rho)}`;
  return { stable: stable && !grows, head: `${settingWords(method, h)}: `, fate, rest: `; ${slow.words} ${stable ? "is slowest and" : ""} ${way}`.replace("  ", " ") };
}

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in made && typeof value !== "string") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((one) => one !== null && one !== undefined));
  return made;
}

function formulaOf(mathml) {
  const holder = element("span", { class: "math" });
  holder.innerHTML = mathml;
  return holder;
}

/** A formula with numbers in the place of letters; a dot between what would read as one number. */
function putIn(mathml, values) {
  const holder = formulaOf(mathml), made = (tag, text) => {
    const node = document.createElementNS("http://www.w3.org/1998/Math/MathML", tag);
    node.textContent = text;
    return node;
  };
  for (const letter of holder.querySelectorAll("mi")) {
    if (!(letter.textContent in values)) continue;
    const value = values[letter.textContent], word = spelled(value, 4), raised = letter.parentNode.localName === "msup" && letter.parentNode.firstElementChild === letter;
    letter.replaceWith(made("mn", value < 0 || (raised && word.includes("×")) ? `(${word})` : word));
  }
  for (const row of holder.querySelectorAll("mrow, math")) {
    for (const node of [...row.children].slice(1)) {
      const before = node.previousElementSibling, ends = before.localName !== "mo" || before.textContent === ")";
      if (ends && /^[\d(]/.test(node.textContent) && (/\d/.test(node.textContent[0]) || node.localName === "mn")) node.before(made("mo", "·"));
    }
  }
  return holder;
}

/** letter = formula = formula with numbers = value. */
function equation(letter, mathml, values, result) {
  const line = element("div", { class: "formula" });
  if (mathml) line.append(letter, " = ", formulaOf(mathml), " = ", putIn(mathml, values), " = ");
  else line.append(letter, " = ");
  line.append(element("strong", {}, result));
  return line;
}

function card(title, ...children) {
  return element("div", { class: "card" }, element("h3", {}, title), ...children);
}

const paragraph = (...children) => element("p", {}, ...children);
const small = (...children) => element("p", { class: "small" }, ...children);

/** The theorems that apply at a point, as cards. */
function theorems(side) {
  const { method, h } = side, { curvatures } = problemNow(), letters = Object.fromEntries(method.hyper.map((one, k) => [one.letter, h[k]]));
  const ends = { L: curvatures[0], μ: curvatures[curvatures.length - 1] };
  const point = { method, h, letters, ends, slow: slowestDirection(method, h), formulas: method.formulas, curvatures, side };
  return [
    element("h2", {}, `${method.title} at ${settingWords(method, h)}`),
    ...[stabilityCard, rateCard, regimeCard, bestCard, floorCard, callCard].map((make) => make(point)).filter(Boolean),
  ];
}

function stabilityCard({ method, h, letters, formulas, curvatures }) {
  const stable = margin(method, deciding(method, curvatures), h) > 0, letter = method.hyper[method.rate].letter;
  const limits = curvatures.map((one) => largestRate(method, [one], h)), limit = largestRate(method, curvatures, h);
  const first = curvatures[limits.indexOf(Math.min(...limits))], values = { ...letters, λ: first };
  const shown = formulas.conditions.filter(Boolean), held = method.holds?.(first, ...h), at = `the direction that diverges first, λ = ${spelled(first)}`;
  return card(
    "Does it converge?",
    shown.length ? paragraph("Along a direction of curvature λ exactly where") : null,
    ...shown.map((one) => element("div", { class: "formula" }, formulaOf(one))),
    shown.length ? paragraph(`Here, along ${at}:`) : null,
    ...formulas.conditions.map((one, k) => {
      const sign = held ? element("strong", { class: held[k] ? "good" : "bad" }, held[k] ? " ✓" : " ✗ not so") : null;
      return one && element("div", { class: "formula" }, putIn(one, values), ...(sign ? [sign] : []));
    }).filter(Boolean),
    paragraph(element("strong", { class: stable ? "good" : "bad" }, stable ? `✓ ${state.batch || state.added ? "without noise " : ""}it converges` : "✗ it diverges"), limit > 0 ? `. The largest stable ${letter}, the rest as it is: ${spelled(limit)}.` : ". No learning rate is stable with the rest as it is."),
    formulas.lr_max ? element("div", { class: "formula" }, `Along one direction: ${letter} < `, formulaOf(formulas.lr_max)) : null,
    method.linear ? null : small("The rule is linear only near its minimiser: this holds there."),
    formulas.decided ? null : small("The largest stable rate as a formula holds where it was tried."),
  );
}

function rateCard({ method, h, letters, formulas, slow, curvatures }) {
  const rho = spectralRadius(method, deciding(method, curvatures), h), values = { ...letters, λ: slow.curvature };
  const roots = eigenvalues(method, slow.curvature, h).map(([x, y]) => (y === 0 ? spelled(x) : `${spelled(x)} ${y > 0 ? "+" : "−"} ${spelled(Math.abs(y))}i`));
  return card(
    "How fast?",
    formulas.characteristic ? paragraph("The eigenvalues z along a direction solve") : null,
    formulas.characteristic ? element("div", { class: "formula" }, formulaOf(formulas.characteristic), " = 0") : null,
    formulas.characteristic ? element("div", { class: "formula" }, putIn(formulas.characteristic, values), " = 0") : null,
    paragraph(`Along ${slow.words}: z = ${[...new Set(roots)].join(", ")}.`),
    paragraph("So ρ = ", element("strong", {}, rateSpelled(rho)), rho < 1 ? `: a digit more every ${spelled(stepsPerDigit(rho), 3)} steps, in the end.` : ": the error grows."),
    method.clock ? small("The rule keeps time; this is the limit that its steps tend to.") : null,
  );
}

function regimeCard({ method, h, letters, formulas, curvatures }) {
  const ends = curvatures.length > 1 ? [["steepest", curvatures[0]], ["flattest", curvatures[curvatures.length - 1]]] : [["one", curvatures[0]]];
  const letter = method.hyper[method.rate].letter, edges = (formulas.edges ?? []).filter(Boolean);
  return card(
    "How does the error die out?",
    ...ends.map(([name, one]) => paragraph(`Along the ${name} direction, λ = ${spelled(one)}, it `, element("strong", {}, regimeWords(method, one, h)), ".")),
    edges.length ? paragraph("Eigenvalues meet (critical damping) at") : null,
    ...edges.map((one) => element("div", { class: "formula" }, `${letter} = `, formulaOf(one), " = ", putIn(one, { ...letters, λ: ends[ends.length - 1][1] }))),
    edges.length ? small(`Numbers for λ = ${spelled(ends[ends.length - 1][1])}.`) : null,
  );
}

function bestCard({ method, h, letters, ends, formulas, curvatures, side }) {
  const found = best(side), rho = spectralRadius(method, deciding(method, curvatures), h);
  if (!found) return card("The best for this spectrum", paragraph("None was found that converges."));
  const known = found.closed ? formulas.optimum : null, values = { ...letters, ...ends };
  const lines = [[method.hyper[method.rate], found.lr], ...(method.share < 0 ? [] : [[method.hyper[method.share], found.share]])];
  const times = rho < 1 && found.rate > 0 ? Math.log(found.rate) / Math.log(rho) : NaN;
  return card(
    `The best for μ = ${spelled(ends.μ)}, L = ${spelled(ends.L)}`,
    ...lines.map(([one, value]) => equation(`${one.letter}★`, known?.[one.name], values, spelled(value))),
    equation("ρ★", known?.rate, values, rateSpelled(found.rate)),
    Number.isFinite(times) ? paragraph(times > 1.0005 ? `This point needs ${spelled(times, 3)} times as many steps.` : "This point is the best one.") : null,
    known ? null : small("Best found by search: there is no closed form here."),
  );
}

function floorCard({ method, h, letters, formulas, curvatures, side }) {
  if (!method.variance) return null;
  const noisy = state.added > 0 || (state.batch > 0 && canSample(method)), one = curvatures[curvatures.length - 1], stable = margin(method, deciding(method, curvatures), h) > 0;
  const parts = [paragraph("Gradient noise of variance 1 leaves, along a direction,")];
  if (formulas.variance) parts.push(element("div", { class: "formula" }, "E x² = ", formulaOf(formulas.variance)));
  parts.push(paragraph(`At λ = ${spelled(one)}: E x² = ${stable ? spelled(method.variance(one, ...h)[0]) : "∞"}.`));
  if (noisy) {
    const { excess } = floorOf(side);
    parts.push(paragraph("The loss stays above its minimum by ", element("strong", {}, spelled(excess)), ` (${[state.batch && canSample(method) ? `batches of ${state.batch}` : "", state.added ? `noise ${spelled(state.added)}` : ""].filter(Boolean).join(", ")}).`));
  }
  if (canSample(method)) {
    const needed = smallestBatch(method, problemNow(), h), word = state.batch ? (needed < state.batch ? " ✓" : " ✗ smaller than that: second moments grow") : "";
    parts.push(paragraph(`Second moments stay bounded with batches ${needed < 1 ? "of any size" : `above ${spelled(needed)}`}`, element("strong", { class: needed < state.batch ? "good" : "bad" }, word), "."));
    parts.push(small(PROBLEM.samples.pairs ? "For rows of the data, drawn with replacement." : "For fresh Gaussian rows with this Hessian."));
  } else parts.push(small(PROBLEM.samples ? "Second moments under minibatches do not close on one gradient a step for this rule." : "No edge in mean square on this page: too many directions; mean_square_limit has it."));
  return card("What does noise leave?", ...parts);
}

function callCard({ method, h }) {
  const lines = method.calls.map((one) => {
    if (!Object.keys(one.arguments).length) return small(`${one.library}: ${one.why}.`);
    const text = callText(one, h), button = element("button", { type: "button", "aria-label": `copy the call of ${one.library}`, "data-copy": text }, "copy");
    const line = element("div", { class: "call" }, element("code", {}, text), button);
    if (one.same) return line;
    const why = element("details", { class: "small" }, element("summary", {}, `${one.library}: the same rate, other iterates`), one.why);
    return element("div", {}, line, why);
  });
  return card("Copy the call", ...lines);
}

function callText(call, h) {
  const numbers = call.values ? call.values(...h) : [];
  let place = 0;
  const words = Object.entries(call.arguments).map(([name, word]) => `${name}=${word ?? plain(numbers[place++])}`);
  return call.call.replace("{arguments}", words.join(", "));
}

/** A number as Python reads it. */
const plain = (x) => { const word = String(Number(x.toPrecision(8))); return /[.e]/.test(word) ? word : `${word}.0`; };
