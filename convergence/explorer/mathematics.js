/* Roots, spectral radii, runs and second moments, from the derived formulas of a method. Nothing here knows the page.

   A method has: hyper (names in order), rate and share (places in hyper; share −1 where there is none), size, degrees,
   ends, and functions of (λ, ...h) compiled from the derivation: matrix, start, offset, characteristic, conditions, ….
   A problem has: curvatures (largest first), start and minimiser along each direction, samples (or null). */
"use strict";

/** The roots of z² + bz + c as [real, imaginary]; the smaller of two real ones by their product, which does not cancel. */
function quadraticRoots(b, c) {
  const half = -b / 2, away = half * half - c;
  if (away < 0) return [[half, Math.sqrt(-away)], [half, -Math.sqrt(-away)]];
  const far = half + (half < 0 ? -1 : 1) * Math.sqrt(away);
  return [[far, 0], [far === 0 ? 0 : c / far, 0]];
}

/** The roots of a monic polynomial, given its lower coefficients, highest power first (Aberth 1973 from degree three on). */
function polynomialRoots(lower) {
  const n = lower.length;
  if (n === 1) return [[-lower[0], 0]];
  if (n === 2) return quadraticRoots(lower[0], lower[1]);
  const size = Math.max(...lower.map((c, k) => Math.abs(c) ** (1 / (k + 1))));
  const roots = lower.map((_, k) => [size * Math.cos((2 * Math.PI * k) / n + 0.4), size * Math.sin((2 * Math.PI * k) / n + 0.4)]);
  for (let turn = 0; turn < 80 && size > 0; turn++) {
    let moved = 0;
    for (const root of roots) {
      const step = aberthStep(lower, roots, root);
      root[0] -= step[0];
      root[1] -= step[1];
      moved = Math.max(moved, Math.hypot(...step));
    }
    if (moved < 1e-15 * size) break;
  }
  return roots.map(([x, y]) => [x, Math.abs(y) < 1e-14 * Math.abs(x) ? 0 : y]);
}

function aberthStep(lower, roots, root) {
  const [x, y] = root;
  let [p, q, dp, dq] = [1, 0, 0, 0];
  for (const c of lower) {
    [dp, dq] = [dp * x - dq * y + p, dp * y + dq * x + q];
    [p, q] = [p * x - q * y + c, p * y + q * x];
  }
  if (p === 0 && q === 0) return [0, 0];
  let [u, v] = divided(dp, dq, p, q); // p′/p, less the pull of the other roots
  for (const other of roots) {
    const a = x - other[0], b = y - other[1], square = a * a + b * b;
    if (other !== root && square > 0) [u, v] = [u - a / square, v + b / square];
  }
  return u === 0 && v === 0 ? [0, 0] : divided(1, 0, u, v);
}

function divided(a, b, c, d) {
  const square = c * c + d * d;
  return [(a * c + b * d) / square, (b * c - a * d) / square];
}

/** The eigenvalues along a direction, [real, imaginary] each, with multiplicity. */
function eigenvalues(method, curvature, h) {
  const lower = method.characteristic(curvature, ...h), found = [];
  let place = 0;
  for (const [degree, times] of method.degrees) {
    const roots = polynomialRoots(lower.slice(place, place + degree));
    for (let k = 0; k < times; k++) found.push(...roots);
    place += degree;
  }
  return found;
}

/** The largest modulus of an eigenvalue along a direction; ∞ where it is no number. */
function radius(method, curvature, h) {
  const lower = method.characteristic(curvature, ...h);
  let place = 0, largest = 0;
  for (const [degree] of method.degrees) {
    const b = lower[place], c = lower[place + 1];
    let modulus;
    if (degree === 1) modulus = Math.abs(b);
    else if (degree === 2) modulus = b * b < 4 * c ? Math.sqrt(c) : Math.abs(b) / 2 + Math.sqrt((b * b) / 4 - c);
    else modulus = Math.max(...polynomialRoots(lower.slice(place, place + degree)).map((z) => Math.hypot(...z)));
    largest = Math.max(largest, modulus);
    place += degree;
  }
  return Number.isFinite(largest) ? largest : Infinity;
}

/** The curvatures that decide the largest radius: both ends where the derivation says that they suffice. */
function deciding(method, curvatures) {
  return method.ends ? [...new Set([curvatures[0], curvatures[curvatures.length - 1]])] : curvatures;
}

function spectralRadius(method, curvatures, h) {
  let largest = 0;
  for (const curvature of curvatures) largest = Math.max(largest, radius(method, curvature, h));
  return largest;
}

/** The least of the derived conditions over these curvatures: positive exactly where the method is stable. */
function margin(method, curvatures, h) {
  let least = Infinity;
  for (const curvature of curvatures) {
    for (const value of method.conditions(curvature, ...h)) if (!(value >= least)) least = value;
  }
  return Number.isNaN(least) ? -1 : least;
}

function replaced(h, place, value) {
  const other = h.slice();
  if (place >= 0) other[place] = value;
  return other;
}

/** Where a function changes its sign between a and b, which have other signs; on a logarithmic scale. */
function crossing(f, a, b, turns = 60) {
  const first = f(a) > 0;
  for (let k = 0; k < turns; k++) {
    const middle = Math.sqrt(a * b);
    if (f(middle) > 0 === first) a = middle;
    else b = middle;
  }
  return Math.sqrt(a * b);
}

/** The largest stable learning rate, by the signs of the conditions on a logarithmic grid; 0 for none. */
function largestRate(method, curvatures, h) {
  const some = deciding(method, curvatures), at = (lr) => margin(method, some, replaced(h, method.rate, lr));
  const scale = method.unit ? 1 / curvatures[0] : 1;
  for (let k = 140; k > -140; k--) {
    const lr = scale * 10 ** (k / 20);
    if (at(lr) > 0) return k === 140 ? Infinity : crossing(at, lr, lr * 10 ** (1 / 20));
  }
  return 0;
}

/** How an error dies out, or grows, along a direction: by the eigenvalue of the largest modulus. */
function regime(method, curvature, h) {
  const values = eigenvalues(method, curvature, h);
  const moduli = values.map((z) => Math.hypot(...z)), rho = Math.max(...moduli);
  const [x, y] = values[moduli.indexOf(rho)];
  const twin = values.filter((z) => Math.hypot(z[0] - x, Math.abs(z[1]) - Math.abs(y)) < 1e-6 * rho).length;
  const kind = Math.abs(y) > 1e-6 * rho ? "complex" : twin > 1 ? "repeated" : x < 0 ? "negative" : "positive";
  return { kind, rho, period: kind === "complex" ? (2 * Math.PI) / Math.atan2(Math.abs(y), x) : 0 };
}

/** A linear system of equations, by elimination with pivots; NaN where it is singular. */
function solved(matrix, right) {
  const n = right.length, rows = matrix.map((row, k) => [...row, right[k]]);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i][k]) > Math.abs(rows[pivot][k])) pivot = i;
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    for (let i = k + 1; i < n; i++) {
      const part = rows[i][k] / rows[k][k];
      if (part !== 0) for (let j = k; j <= n; j++) rows[i][j] -= part * rows[k][j];
    }
  }
  const x = new Array(n);
  for (let k = n - 1; k >= 0; k--) {
    let sum = rows[k][n];
    for (let j = k + 1; j < n; j++) sum -= rows[k][j] * x[j];
    x[k] = sum / rows[k][k];
  }
  return x;
}

/** The second moments of the noise of one sample as a linear operator: pairs of directions, gains, matrix, and the rest. */
function amplification(method, problem, h) {
  const { curvatures, samples } = problem;
  const pairs = samples.pairs ?? curvatures.map((_, k) => [k, k]);
  const gains = pairs.map(([i, j]) => method.gain(curvatures[i], curvatures[j], ...h)[0]);
  return { pairs, gains, matrix: samples.matrix ?? gaussianMatrix(curvatures) };
}

/** Fresh Gaussian rows with this Hessian, on the diagonal: λᵢ²Qᵢᵢ + λᵢ·Σλₖ Qₖₖ. */
function gaussianMatrix(curvatures) {
  return curvatures.map((one, i) => curvatures.map((other, j) => one * other + (i === j ? one * one : 0)));
}

/** The batch from which second moments stay bounded, ρ(G∘N), by powers; ∞ where the method is not stable without noise. */
function smallestBatch(method, problem, h, tolerance = 1e-12) {
  if (!(margin(method, deciding(method, problem.curvatures), h) > 0)) return Infinity;
  const { pairs, gains, matrix } = amplification(method, problem, h), n = pairs.length;
  let moments = Float64Array.from(pairs, ([i, j]) => (i === j ? 1 : 0)), after = new Float64Array(n), found = 0;
  for (let turn = 0; turn < 400; turn++) {
    let size = 0;
    for (let k = 0; k < n; k++) {
      const row = matrix[k];
      let sum = 0;
      for (let m = 0; m < n; m++) sum += row[m] * moments[m];
      after[k] = gains[k] * sum;
      size = Math.max(size, Math.abs(after[k]));
    }
    if (!(size > 0)) return 0;
    for (let k = 0; k < n; k++) after[k] /= size;
    [moments, after] = [after, moments];
    if (Math.abs(size - found) < tolerance * size) return size; // the moments before had the size 1
    found = size;
  }
  return found;
}

/** What noise leaves of the loss, and the part of each direction; ∞ where nothing settles. */
function floor(method, problem, h, noise) {
  const { curvatures, minimiser, samples } = problem;
  const infinite = { excess: Infinity, each: curvatures.map(() => Infinity) };
  if (!(margin(method, deciding(method, curvatures), h) > 0)) return infinite;
  const offset = curvatures.map((c, k) => method.offset(c, ...h)[0] * minimiser[k]);
  let covariance = curvatures.map(() => noise.added ** 2);
  if (noise.batch) {
    if (!(smallestBatch(method, problem, h) < noise.batch)) return infinite;
    covariance = settledNoise(method, problem, h, noise, offset);
  }
  const each = curvatures.map((c, k) => {
    const spread = covariance[k] > 0 ? method.variance(c, ...h)[0] * covariance[k] : 0;
    return 0.5 * c * (spread + offset[k] ** 2);
  });
  return { excess: each.reduce((sum, one) => sum + one, 0), each };
}

/** The stationary variance of a batch's gradient along each direction: Q = G∘(c·N(Q) + alone). */
function settledNoise(method, problem, h, noise, offset) {
  const { samples, curvatures } = problem, c = 1 / noise.batch;
  const { pairs, gains, matrix } = amplification(method, problem, h);
  const still = pairs.map(([i, j]) => offset[i] * offset[j]);
  const alone = pairs.map(([i, j], k) => {
    let sum = samples.still ? samples.still[k] : 2 * samples.minimum * curvatures[i];
    matrix[k].forEach((one, m) => (sum += one * still[m]));
    if (samples.sums) offset.forEach((one, m) => (sum += 2 * one * samples.sums[m][k]));
    return c * sum + (i === j ? noise.added ** 2 : 0);
  });
  const system = matrix.map((row, k) => row.map((one, m) => (k === m ? 1 : 0) - c * gains[k] * one));
  const moments = solved(system, alone.map((one, k) => gains[k] * one));
  const all = alone.map((one, k) => one + c * matrix[k].reduce((sum, part, m) => sum + part * moments[m], 0));
  return curvatures.map((_, k) => Math.max(0, all[pairs.findIndex(([i, j]) => i === k && j === k)]));
}

/** The same directions with another condition number: curvatures between L and L/κ, rows scaled with them. */
function stretched(problem, kappa) {
  const old = problem.curvatures, top = old[0], own = top / old[old.length - 1];
  if (!(own > 1) || Math.abs(kappa / own - 1) < 1e-9) return problem;
  const power = Math.log(kappa) / Math.log(own), curvatures = old.map((c) => top * (c / top) ** power);
  const { samples } = problem;
  if (!samples || !samples.pairs) return { ...problem, curvatures };
  const root = curvatures.map((c, k) => Math.sqrt(c / old[k])), scale = samples.pairs.map(([i, j]) => root[i] * root[j]);
  const scaled = {
    ...samples,
    matrix: samples.matrix.map((row, k) => row.map((one, m) => one * scale[k] * scale[m])),
    sums: samples.sums.map((row, i) => row.map((one, m) => one * root[i] * scale[m])),
    still: samples.still.map((one, k) => one * scale[k]),
    rows: samples.rows && samples.rows.map((row) => row.map((one, k) => (k < root.length ? one * root[k] : one))),
  };
  return { ...problem, curvatures, samples: scaled };
}

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

/** The best learning rate and share for these curvatures: the closed form where it is one here, else the best found. */
function optimum(method, curvatures, h) {
  const some = deciding(method, curvatures), n = curvatures.length;
  if (method.optimum) {
    const [lr, ...rest] = method.optimum(curvatures[n - 1], curvatures[0], ...h);
    const share = method.share < 0 ? NaN : rest[0], rate = rest[rest.length - 1];
    const there = replaced(replaced(h, method.rate, lr), method.share, share);
    if (Math.abs(spectralRadius(method, some, there) - rate) < 1e-6) return { lr, share, rate, closed: true };
  }
  return searched(method, some, h, largestRate(method, curvatures, replaced(h, method.share, 0.5)));
}

function searched(method, some, h, top) {
  if (!(top > 0 && top < Infinity)) return null;
  const value = (p) => spectralRadius(method, some, replaced(replaced(h, method.rate, 10 ** p[0]), method.share, p[1]));
  const shares = method.share < 0 ? [0] : Array.from({ length: 25 }, (_, k) => k / 25);
  let best = [Math.log10(top), shares[0]], least = Infinity;
  for (const share of shares) {
    for (let k = -40; k <= 20; k++) {
      const point = [Math.log10(top) + k / 20, share], found = value(point);
      if (found < least) [best, least] = [point, found];
    }
  }
  for (let step = [0.05, 0.04]; step[0] > 1e-7; step = step.map((one) => one / 2)) {
    for (let moved = true, turns = 0; moved && turns < 40; turns++) {
      moved = false;
      for (const [a, b] of [[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, -1], [1, -1], [-1, 1]]) {
        const point = [best[0] + a * step[0], Math.min(0.9999, Math.max(0, best[1] + b * step[1]))];
        const found = value(point);
        if (found < least) [best, least, moved] = [point, found, true];
      }
    }
  }
  return least < 1 ? { lr: 10 ** best[0], share: method.share < 0 ? NaN : best[1], rate: least, closed: false } : null;
}

/** The line f = 0 over the unit square, as paths of points: ends on the grid's edges, by halving where f changes its sign. */
function contour(f, columns, rows, turns = 9) {
  const positive = [], paths = [];
  for (let j = 0; j <= rows; j++) positive.push(Array.from({ length: columns + 1 }, (_, i) => f(i / columns, j / rows) > 0));
  const cut = ([i, j], [k, l]) => {
    let low = 0, high = 1;
    for (let turn = 0; turn < turns; turn++) {
      const t = (low + high) / 2;
      if (f((i + t * (k - i)) / columns, (j + t * (l - j)) / rows) > 0 === positive[j][i]) low = t;
      else high = t;
    }
    return [(i + low * (k - i)) / columns, (j + low * (l - j)) / rows];
  };
  const cuts = new Map(), next = new Map(); // an edge of the grid, by its ends in order: its point, and the edges it is joined to
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      const one = positive[j][i];
      if (one === positive[j][i + 1] && one === positive[j + 1][i] && one === positive[j + 1][i + 1]) continue;
      const crossed = [[[i, j], [i + 1, j]], [[i + 1, j], [i + 1, j + 1]], [[i, j + 1], [i + 1, j + 1]], [[i, j], [i, j + 1]]]
        .filter(([a, b]) => positive[a[1]][a[0]] !== positive[b[1]][b[0]]).map((edge) => {
          const key = edge.join();
          if (!cuts.has(key)) cuts.set(key, cut(...edge));
          return key;
        });
      for (let k = 0; k + 1 < crossed.length; k += 2) {
        for (const [one, other] of [[crossed[k], crossed[k + 1]], [crossed[k + 1], crossed[k]]]) next.set(one, [...(next.get(one) ?? []), other]);
      }
    }
  }
  const left = new Set(cuts.keys());
  const follow = (from, path) => {
    for (let key = from; (key = (next.get(key) ?? []).find((one) => left.delete(one))); ) path.push(cuts.get(key));
    return path;
  };
  for (const key of cuts.keys()) {
    if (!left.delete(key)) continue;
    const path = follow(key, follow(key, [cuts.get(key)]).reverse()), closed = path.length > 2 && (next.get(key) ?? []).length === 2;
    const [first, last] = [path[0], path[path.length - 1]];
    if (closed && Math.hypot((first[0] - last[0]) * columns, (first[1] - last[1]) * rows) < 1.5) path.push(first);
    paths.push(path);
  }
  return paths;
}

if (typeof module !== "undefined") module.exports = { quadraticRoots, polynomialRoots, eigenvalues, radius, spectralRadius, margin,
  largestRate, regime, smallestBatch, floor, stretched, run, optimum, contour, solved, deciding };
