/* Runs of a method step by step, exact or with noise that is drawn from a seed. */
"use strict";

/** Uniform random numbers from a seed (mulberry32). */
function randomNumbers(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** The errors x − x* of each step along each direction, and the loss above its minimum. With noise: one run, from a seed. */
function run(method, problem, h, { steps, factor, noise }) {
  const { curvatures, minimiser, start } = problem, s = method.size, d = curvatures.length;
  const offset = curvatures.map((c, k) => method.offset(c, ...h)[0] * minimiser[k]);
  const states = curvatures.map((c, i) => {
    const begin = method.start(c, ...h), position = start[i] + minimiser[i];
    return Array.from({ length: s }, (_, a) => begin[a] * position + begin[s + a] * minimiser[i]);
  });
  const fixed = !method.clock && (!factor || method.moving);
  let clock = method.clock ? method.clockStart.slice() : [];
  const at = (k) => (fixed ? h : replaced(h, method.rate, h[method.rate] * (factor && !method.moving ? factor(k, steps) : 1)));
  const matrices = fixed && curvatures.map((c) => method.matrix(c, ...h));
  const errors = [], loss = [], draw = noise && noiseOf(method, problem, noise, offset);
  for (let k = 0; ; k++) {
    const error = states.map((state, i) => state[0] + offset[i]);
    errors.push(error);
    loss.push(error.reduce((sum, one, i) => sum + 0.5 * curvatures[i] * one * one, 0));
    if (k === steps || !(loss[k] < 1e250)) return { errors, loss };
    const now = at(k), xi = draw && draw(states, now, clock);
    for (let i = 0; i < d; i++) {
      const A = matrices ? matrices[i] : method.matrix(curvatures[i], ...now, ...clock), state = states[i];
      const B = xi && method.enters(curvatures[i], ...now, ...clock);
      states[i] = state.map((_, a) => {
        let sum = xi ? B[a] * xi[i] : 0;
        for (let b = 0; b < s; b++) sum += A[a * s + b] * state[b];
        return sum;
      });
    }
    if (clock.length) clock = method.clock(...now, ...clock);
  }
}

/** The noise of a step's gradient along each direction: rows of the data that are drawn, and added noise. */
function noiseOf(method, problem, noise, offset) {
  const random = randomNumbers(noise.seed), { curvatures, samples } = problem, d = curvatures.length;
  const rows = noise.batch ? samples.rows : null;
  return (states, h, clock) => {
    const xi = curvatures.map(() => (noise.added ? noise.added * normal(random) : 0));
    if (!rows) return xi;
    const points = states.map((state, i) => {
      const asked = method.asked(curvatures[i], ...h, ...clock);
      return state.reduce((sum, one, a) => sum + asked[a] * one, offset[i]);
    });
    for (let b = 0; b < noise.batch; b++) {
      const row = rows[Math.floor(random() * rows.length)];
      let residual = -row[d];
      for (let i = 0; i < d; i++) residual += row[i] * points[i];
      for (let i = 0; i < d; i++) xi[i] += (samples.weight * residual * row[i]) / noise.batch;
    }
    return xi.map((one, i) => one - curvatures[i] * points[i]);
  };
}
