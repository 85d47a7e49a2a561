/* What the page is at: the methods, their hyperparameters, the problem; its axes; and the link that restores it. */
"use strict";

const own = PROBLEM.curvatures, ownKappa = own[0] / own[own.length - 1];
const state = { a: null, b: null, kappa: ownKappa, batch: 0, added: 0, schedule: "constant", steps: 150, log: ownKappa > 2000, start: null, seed: 1 };

const isShare = (method, place) => place === method.share;

/** The values at which a method is first shown: off the best ones, so that both are seen. */
function begin(method) {
  const h = method.hyper.map((one) => one.default ?? (one.decay ? 0 : one.share ? 0.5 : 0.5)), best = optimum(method, problemNow().curvatures, h);
  h[method.rate] = best ? 0.4 * best.lr : 1 / own[0];
  if (method.share >= 0) h[method.share] = best?.share > 0 ? 0.6 * best.share : 0.3;
  return { method, h };
}

let stretchedFor = null, stretchedProblem = PROBLEM;
/** The problem with the condition number and the start that are set. */
function problemNow() {
  const key = state.kappa + "|" + state.start;
  if (stretchedFor !== key) {
    stretchedFor = key;
    stretchedProblem = { ...stretched(PROBLEM, state.kappa) };
    if (state.start) stretchedProblem.start = startAt(state.start);
  }
  return stretchedProblem;
}

/** The start with these parts of its own error along the steepest and the flattest direction. */
function startAt([steep, flat]) {
  return PROBLEM.start.map((one, k) => one * (k === 0 ? steep : k === PROBLEM.start.length - 1 ? flat : 1));
}

const sides = () => [state.a, state.b].filter(Boolean);
const noiseNow = () => ({ batch: state.batch, added: state.added, seed: state.seed });

/** A quantity that is computed again only when what it depends on has changed. */
function remembered(compute) {
  const kept = new Map();
  return (key, ...rest) => {
    if (!kept.has(key)) {
      if (kept.size > 8) kept.delete(kept.keys().next().value);
      kept.set(key, compute(...rest));
    }
    return kept.get(key);
  };
}

/** What a map depends on: the method, the spectrum, the hyperparameters that are not on its axes, and the scale of momentum. */
function mapKey(side) {
  const { method, h } = side;
  const others = h.filter((_, k) => k !== method.rate && k !== method.share);
  return [METHODS.indexOf(method), state.kappa, state.log, ...others].join("|");
}

const bestOf = remembered((side) => optimum(side.method, problemNow().curvatures, side.h));
const best = (side) => bestOf(mapKey(side), side);

const axesOf = remembered((side) => {
  const { method, h } = side, { curvatures } = problemNow(), found = best(side);
  const shares = method.share < 0 ? [0] : [0, 0.5, ...(found ? [found.share] : [])];
  const limits = shares.map((one) => largestRate(method, curvatures, replaced(h, method.share, one))).filter((x) => x > 0 && x < Infinity);
  const top = 1.7 * Math.max(...limits, found ? 1.5 * found.lr : 0, limits.length ? 0 : 1 / curvatures[0]);
  const low = Math.min(...limits, found ? found.lr : Infinity) / 60;
  const digits = Math.max(2, Math.ceil(Math.log10(Math.sqrt(state.kappa) * 3)));
  const fine = (x, up) => 10 ** ((up ? Math.ceil : Math.floor)(Math.log10(x) * 8) / 8);
  // on ill-conditioned problems the best share is near 1, or near 0 where it is written the other way round
  const small = method.share >= 0 && (method.optimum ? method.optimum(1e-6, 1, ...h)[1] < 0.5 : false);
  return { low: fine(low, false), high: fine(top, true), digits, small };
});
const axes = (side) => axesOf(mapKey(side), side);

const rateAt = (side, u) => hyperAt(side, u, 0)[side.method.rate];
const placeOfRate = (side, lr) => Math.log(lr / axes(side).low) / Math.log(axes(side).high / axes(side).low);
const shareAt = (side, v) => hyperAt(side, 0, v)[side.method.share];
function placeOfShare(side, share) {
  const { digits, small } = axes(side);
  if (!state.log) return share;
  return small ? 1 + Math.log10(Math.max(share, 1e-12)) / digits : -Math.log10(Math.max(1 - share, 1e-12)) / digits;
}

/** The hyperparameters at a place of the map, both coordinates from 0 to 1: one array, written anew at each call. */
function mapOf(side) {
  const { rate, share } = side.method, { low, high, digits, small } = axes(side), h = side.h.slice(), decades = Math.log(high / low);
  return (u, v) => {
    h[rate] = low * Math.exp(decades * u);
    if (share >= 0) h[share] = Math.min(0.999999, !state.log ? v : small ? 10 ** (digits * (v - 1)) : 1 - 10 ** (-digits * v));
    return h;
  };
}
const hyperAt = (side, u, v) => mapOf(side)(u, v).slice();

/* The link. */

function short(x) {
  return String(Number(Number(x).toPrecision(6)));
}

function written() {
  const words = new URLSearchParams();
  for (const name of ["a", "b"]) {
    const side = state[name];
    if (!side) continue;
    words.set(name, side.method.name);
    side.method.hyper.forEach((one, k) => words.set(`${name}.${one.name}`, short(side.h[k])));
  }
  for (const name of ["kappa", "batch", "added", "steps"]) words.set(name, short(state[name]));
  words.set("schedule", state.schedule);
  words.set("log", state.log ? "1" : "0");
  if (state.start) words.set("start", state.start.map(short).join(","));
  return words.toString();
}

/** The state of a link; what it does not say, or says wrongly, stays as it is. */
function restore(hash) {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  const number = (name, low, high, else_) => {
    const x = words.has(name) ? Number(words.get(name)) : NaN;
    return x >= low && x <= high ? x : else_;
  };
  state.kappa = ownKappa > 1 ? number("kappa", 1, 1e9, state.kappa) : 1;
  if (Math.abs(state.kappa / ownKappa - 1) < 1e-5) state.kappa = ownKappa;
  state.batch = Math.round(number("batch", 0, 1e9, state.batch));
  state.added = number("added", 0, 1e300, state.added);
  state.steps = Math.round(number("steps", 10, 2000, state.steps));
  if (Object.hasOwn(SCHEDULES, words.get("schedule") ?? "")) state.schedule = words.get("schedule");
  if (words.has("log")) state.log = words.get("log") === "1";
  const start = (words.get("start") ?? "").split(",").map(Number);
  state.start = start.length === 2 && start.every((x) => Number.isFinite(x) && Math.abs(x) <= 2) ? start : null;
  for (const name of ["a", "b"]) {
    const method = METHODS.find((one) => one.name === words.get(name));
    if (!method) continue;
    state[name] = begin(method);
    method.hyper.forEach((one, k) => {
      const high = one.share ? 0.999999999 : 1e300;
      state[name].h[k] = number(`${name}.${one.name}`, k === method.rate ? 1e-300 : one.share ? 0 : -1e300, high, state[name].h[k]);
    });
  }
  if (words.size && !words.has("b")) state.b = null;
}
