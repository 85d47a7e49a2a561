/* The map of rates: colours, the edge of stability, critical damping, the edge in mean square, the best setting, the point. */
"use strict";

let coarse = false;
/** The grid on which lines are looked for: a coarse one while a slider is dragged. */
const grid = () => (coarse ? [36, 24] : [72, 48]);

/** Whether a path is more than the specks that rounding leaves where a function nearly touches 0. */
const wide = (path) => [0, 1].some((k) => Math.max(...path.map((one) => one[k])) - Math.min(...path.map((one) => one[k])) > 0.1);

const lines = {
  edge: remembered((side) => {
    const { method } = side, some = deciding(method, problemNow().curvatures), at = mapOf(side);
    return contour((u, v) => margin(method, some, at(u, v)), ...grid());
  }),
  critical: remembered((side) => {
    const { method } = side, { curvatures } = problemNow(), at = mapOf(side);
    if (method.size < 2) return [];
    return [...new Set([curvatures[0], curvatures[curvatures.length - 1]])].flatMap((c) =>
      contour((u, v) => method.discriminant(c, ...at(u, v))[0], ...grid()).filter(wide));
  }),
  batch: remembered((side) => {
    const problem = problemNow(), at = mapOf(side), size = problem.samples.pairs?.length ?? problem.curvatures.length;
    if (coarse && size > 6) return [];
    return contour((u, v) => state.batch - smallestBatch(side.method, problem, at(u, v), 1e-6), ...(size > 6 ? [36, 24] : grid()));
  }),
};

/** All settings that are as fast as the point. */
function asFast(side) {
  const { method, h } = side, some = deciding(method, problemNow().curvatures), at = mapOf(side), rho = spectralRadius(method, some, h);
  if (!(rho < 1) || some.length > 4) return [];
  return contour((u, v) => rho - spectralRadius(method, some, at(u, v)), 72, 48, 6);
}

const heatOf = remembered((side, columns, rows) => {
  const { method } = side, some = deciding(method, problemNow().curvatures), { low, span } = decades(), at = mapOf(side);
  const image = new ImageData(columns, rows), pixels = image.data;
  for (let j = 0, place = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++, place += 4) {
      const rho = spectralRadius(method, some, at((i + 0.5) / columns, 1 - (j + 0.5) / rows));
      if (!(rho < 1)) continue;
      [pixels[place], pixels[place + 1], pixels[place + 2]] = shade((Math.log10(stepsPerDigit(rho)) - low) / span);
      pixels[place + 3] = 255;
    }
  }
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: columns, height: rows });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
});

/** The scale of colours in decades of steps a digit: from the best of the methods shown, to where differences do not matter. */
function decades() {
  const rates = sides().map(best).filter(Boolean).map((one) => one.rate);
  const low = Math.log10(Math.max(1, stepsPerDigit(Math.min(0.9999999999, ...rates))));
  return { low, span: Math.max(1.2, 0.6 + 0.5 * Math.log10(state.kappa)) };
}

/** The heat map at half the pixels; at fewer while a slider is dragged. */
function resolution(side, panel) {
  const count = deciding(side.method, problemNow().curvatures).length, part = coarse ? (count > 4 ? 9 : 5) : 2;
  return [Math.max(20, Math.round(panel.inner / part)), Math.max(15, Math.round(panel.tall / part))];
}

/** The name of a hyperparameter and its letter, once where they are the same. */
function axisName({ name, letter }) {
  return name === letter ? name : `${name} ${letter}`;
}

function drawMap(side, panel) {
  if (side.method.share < 0) return drawLine(side, panel);
  const { low, high } = axes(side), key = `${mapKey(side)}|${coarse}`, { method, h } = side, problem = problemNow();
  panel.margins[3] = state.log ? 50 : 38;
  const c = panel.begin({ low, high, log: true }, { low: 0, high: 1 });
  panel.clip(() => {
    hatched(c, panel.left, panel.top, panel.inner, panel.tall);
    const size = resolution(side, panel);
    c.drawImage(heatOf(`${key}|${size}|${decades().low}`, side, ...size), panel.left, panel.top, panel.inner, panel.tall);
    panel.paths(lines.critical(key, side), "rgba(0,0,0,.55)", 3.4, [1, 6]);
    panel.paths(lines.critical(key, side), "#fff", 2, [1, 6]);
    panel.paths(asFast(side), "#fff", 1);
    panel.paths(lines.edge(key, side), colours.paper, 5);
    panel.paths(lines.edge(key, side), colours.ink, 2.4);
    if (state.batch && canSample(method)) panel.paths(lines.batch(`${key}|${state.batch}`, side), "#e0218a", 2.4, [8, 5]);
  });
  panel.frame(axisName(method.hyper[method.rate]), axisName(method.hyper[method.share]), undefined, shareTicks(side));
  const found = best(side);
  if (found) panel.star(panel.x(found.lr), panel.y(placeOfShare(side, found.share)));
  point(panel, panel.x(h[method.rate]), panel.y(placeOfShare(side, h[method.share])), side);
}

/** Places and words: in steps of a fifth, or in powers of ten of β or of 1 − β. */
function shareTicks(side) {
  const { digits, small } = axes(side);
  if (!state.log) return [0, 0.2, 0.4, 0.6, 0.8, 1].map((x) => [x, String(x)]);
  const near = (k) => (k ? (1 - 10 ** -k).toFixed(k) : "0");
  return Array.from({ length: digits + 1 }, (_, k) => [k / digits, small ? String(Number((10 ** (k - digits)).toPrecision(1))) : near(k)]);
}

/** The point that is dragged, kept inside the frame. */
function point(panel, x, y, side) {
  x = Math.min(panel.left + panel.inner, Math.max(panel.left, x));
  y = Math.min(panel.top + panel.tall, Math.max(panel.top, y));
  panel.line([[x, panel.top], [x, panel.top + panel.tall]], "rgba(128,128,128,.45)", 1);
  panel.line([[panel.left, y], [panel.left + panel.inner, y]], "rgba(128,128,128,.45)", 1);
  panel.mark(x, y, side, 8);
}

/** Of a method without a share: the radius over the learning rate, and that of the ends of the spectrum. */
function drawLine(side, panel) {
  const { low, high } = axes(side), { method, h } = side, { curvatures } = problemNow();
  const c = panel.begin({ low, high, log: true }, { low: 0, high: 1.3 }), at = (lr) => replaced(h, method.rate, lr);
  const rates = Array.from({ length: 241 }, (_, k) => low * (high / low) ** (k / 240)), limit = largestRate(method, curvatures, h);
  panel.clip(() => {
    hatched(c, panel.x(Math.min(limit, high)), panel.top, panel.left + panel.inner - panel.x(Math.min(limit, high)), panel.tall);
    panel.line([[panel.left, panel.y(1)], [panel.left + panel.inner, panel.y(1)]], colours.ink, 1);
    for (const one of new Set([curvatures[0], curvatures[curvatures.length - 1]])) {
      panel.line(rates.map((lr) => [panel.x(lr), panel.y(radius(method, one, at(lr)))]), colours.faint, 1.5, [3, 3]);
    }
    panel.line(rates.map((lr) => [panel.x(lr), panel.y(spectralRadius(method, deciding(method, curvatures), at(lr)))]), colourOf(side), 2.5);
    if (state.batch && canSample(method)) {
      const f = (lr) => state.batch - smallestBatch(method, problemNow(), at(lr)), inner = 0.999999 * Math.min(limit, high);
      if (f(low) > 0 && f(inner) < 0) {
        const x = panel.x(crossing(f, low, inner));
        panel.line([[x, panel.top], [x, panel.top + panel.tall]], "#e0218a", 2.4, [8, 5]);
      }
    }
    panel.line([[panel.x(limit), panel.top], [panel.x(limit), panel.top + panel.tall]], colours.ink, 2.4);
  });
  panel.frame(axisName(method.hyper[method.rate]), "spectral radius ρ");
  const found = best(side);
  if (found) panel.star(panel.x(found.lr), panel.y(found.rate));
  point(panel, panel.x(h[method.rate]), panel.y(Math.min(1.3, spectralRadius(method, deciding(method, curvatures), h))), side);
}

const canSample = (method) => Boolean(method.gain && PROBLEM.samples);

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
