/* Roots, spectral radii, stable learning rates, regimes and optima, from the derived formulas of a method.

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
  const size = Math.max(Math.abs(c), Math.abs(d)), [x, y] = [c / size, d / size], square = size * (x * x + y * y); // tiny numbers have no squares
  return [(a * x + b * y) / square, (b * x - a * y) / square];
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
  if (!Number.isFinite(rho)) return { kind: "positive", rho: Infinity, period: 0 };
  const [x, y] = values[moduli.indexOf(rho)];
  const twin = values.filter((z) => Math.hypot(z[0] - x, Math.abs(z[1]) - Math.abs(y)) < 1e-6 * rho).length;
  const kind = Math.abs(y) > 1e-6 * rho ? "complex" : twin > 1 ? "repeated" : x < 0 ? "negative" : "positive";
  return { kind, rho, period: kind === "complex" ? (2 * Math.PI) / Math.atan2(Math.abs(y), x) : 0 };
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
