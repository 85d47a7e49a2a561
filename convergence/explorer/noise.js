/* Second moments under noise and minibatches: the smallest batch that keeps them bounded, and what they settle at. */
"use strict";

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
