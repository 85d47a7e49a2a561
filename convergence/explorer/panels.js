/* The other pictures: the unit disc, the errors, the path on the loss, the radius of each direction. */
"use strict";

/* Eigenvalues. */

function drawDisc(panel) {
  const reach = 1.28, { width, height } = panel.measured();
  const wide = reach * Math.max(1, (width - 12) / (height - 12)), tall = reach * Math.max(1, (height - 12) / (width - 12));
  const c = panel.begin({ low: -wide, high: wide }, { low: -tall, high: tall }), unit = Math.abs(panel.x(1) - panel.x(0));
  const circle = (r, colour, dash, thick) => {
    c.beginPath();
    c.setLineDash(dash);
    c.arc(panel.x(0), panel.y(0), r * unit, 0, 2 * Math.PI);
    c.strokeStyle = colour;
    c.lineWidth = thick;
    c.stroke();
    c.setLineDash([]);
  };
  panel.line([[panel.x(-wide), panel.y(0)], [panel.x(wide), panel.y(0)]], colours.line, 1);
  panel.line([[panel.x(0), panel.y(-tall)], [panel.x(0), panel.y(tall)]], colours.line, 1);
  circle(1, colours.ink, [], 2);
  const { curvatures } = problemNow(), last = curvatures.length - 1, told = [];
  for (const side of sides()) {
    const { method, h } = side, rho = spectralRadius(method, deciding(method, curvatures), h);
    if (rho < 1.7) circle(rho, colourOf(side), [3, 4], 1.3);
    for (let k = 0; k <= 60; k++) {
      const one = curvatures[0] * (curvatures[last] / curvatures[0]) ** (k / 60);
      for (const z of eigenvalues(method, one, h)) {
        c.fillStyle = colourOf(side);
        c.globalAlpha = 0.35;
        c.fillRect(panel.x(z[0]) - 1, panel.y(z[1]) - 1, 2, 2);
        c.globalAlpha = 1;
      }
    }
    curvatures.forEach((one, k) => {
      for (const z of eigenvalues(method, one, h)) {
        const [x, y] = inside(z, wide * 0.97, tall * 0.97);
        panel.mark(panel.x(x), panel.y(y), side, k === 0 || k === last ? 5.5 : 3, k !== last || last === 0);
      }
    });
    told.push(`${method.title}: largest modulus ${rateSpelled(rho)}`);
  }
  c.textAlign = "left";
  c.textBaseline = "top";
  if (last > 0) panel.words("● steepest   ○ flattest", 6, 4);
  panel.canvas.setAttribute("aria-label", `Eigenvalues in the complex plane. ${told.join("; ")}`);
}

function inside([x, y], wide, tall) {
  const part = Math.min(1, wide / Math.max(Math.abs(x), 1e-12), tall / Math.max(Math.abs(y), 1e-12));
  return [x * part, y * part];
}

/* Errors. */

/** The exact run of a side, and with noise one sampled run. */
function runsOf(side) {
  const { method, h } = side, problem = problemNow(), noise = noiseNow();
  const factor = state.schedule === "constant" ? null : SCHEDULES[state.schedule];
  const exact = run(method, problem, h, { steps: state.steps, factor });
  const sampled = method.enters && (state.added || (state.batch && problem.samples?.rows)); // one gradient a step
  return { exact, sample: sampled ? run(method, problem, h, { steps: state.steps, factor, noise: { ...noise, batch: problem.samples?.rows ? noise.batch : 0 } }) : null };
}

function drawCurves(panel, runs) {
  const c = panel.begin({ low: 0, high: state.steps }, { low: 1e-12, high: 100, log: true });
  const scale = (runs[0].exact.loss[0] > 0 ? runs[0].exact.loss[0] : 1), told = [];
  const shown = (loss) => loss.map((one, k) => [panel.x(k), panel.y(Math.max(one / scale, 1e-30))]);
  panel.clip(() => {
    panel.line([[panel.x(0), panel.y(1)], [panel.x(state.steps), panel.y(1)]], colours.line, 1);
    sides().forEach((side, k) => {
      const { method, h } = side, problem = problemNow(), rho = spectralRadius(method, deciding(method, problem.curvatures), h);
      if (state.schedule === "constant" || method.moving) {
        panel.line([[panel.x(0), panel.y(1)], [panel.x(state.steps), panel.top + (1 - Math.log(1e12 * Math.max(rho, 1e-9) ** (2 * state.steps)) / Math.log(1e14)) * panel.tall]], colourOf(side), 1, [2, 4]);
      }
      if (!state.b) components(panel, runs[k].exact.errors, scale);
      if (runs[k].sample) {
        c.globalAlpha = 0.5;
        panel.line(shown(runs[k].sample.loss), colourOf(side), 1.2);
        c.globalAlpha = 1;
      }
      panel.line(shown(runs[k].exact.loss), colourOf(side), 2.4, dashOf(side));
      const noisy = (state.added || (state.batch && canSample(method))) && method.variance, excess = noisy ? floorOf(side).excess : 0;
      if (excess > 0 && excess < Infinity) {
        const y = panel.y(excess / scale);
        panel.line([[panel.left, y], [panel.left + panel.inner, y]], colourOf(side), 1.6, [9, 3, 2, 3]);
        c.textAlign = "right";
        c.textBaseline = k ? "top" : "bottom";
        panel.words(state.schedule === "constant" ? "floor" : "floor (base rate)", panel.left + panel.inner - 4, y + (k ? 2 : -2));
      }
      if (!state.b && problem.curvatures.length > 1) { // over the lines, which would cross it
        c.textAlign = "right";
        c.textBaseline = "top";
        const whole = "— steepest  ··· flattest";
        const key = c.measureText(whole).width + 8 < panel.inner ? whole : "— steep ··· flat";
        panel.words(key, panel.left + panel.inner - 4, panel.top + 4);
      }
      told.push(`${method.title}: after ${state.steps} steps ${spelled(runs[k].exact.loss[runs[k].exact.loss.length - 1] / scale, 2)} of the first`);
    });
  });
  panel.frame("step", "", undefined, [0, -3, -6, -9, -12].map((k) => [10 ** k, k ? `10${raised(k)}` : "1"]));
  panel.canvas.setAttribute("aria-label", `Loss above its minimum. ${told.join("; ")}`);
}

/** The parts of the loss along the steepest and the flattest direction. */
function components(panel, errors, scale) {
  const { curvatures } = problemNow(), last = curvatures.length - 1;
  if (!last) return;
  for (const k of [0, last]) {
    const points = errors.map((error, n) => [panel.x(n), panel.y(Math.max((0.5 * curvatures[k] * error[k] ** 2) / scale, 1e-30))]);
    panel.line(points, colours.faint, 1, k ? [1, 3] : []);
  }
}

function floorOf(side) {
  const noise = noiseNow();
  return floor(side.method, problemNow(), side.h, canSample(side.method) ? noise : { ...noise, batch: 0 });
}

/* The path. */

function drawPath(panel, runs) {
  const { curvatures } = problemNow(), last = curvatures.length - 1;
  const c = panel.begin({ low: -1.7, high: 1.7 }, last ? { low: -1.7, high: 1.7 } : { low: -0.1, high: 1.6 });
  const place = (error) => last ? [panel.x(error[last] / startUnit(last)), panel.y(error[0] / startUnit(0))]
    : [panel.x(error[0] / startUnit(0)), panel.y((error[0] / startUnit(0)) ** 2)];
  panel.clip(() => {
    if (last) ellipses(panel, curvatures);
    else panel.line(Array.from({ length: 81 }, (_, k) => [panel.x(-1.6 + k * 0.04), panel.y((-1.6 + k * 0.04) ** 2)]), colours.faint, 1.4);
    sides().forEach((side, k) => {
      const points = (runs[k].sample ?? runs[k].exact).errors.slice(0, 401).map(place);
      panel.line(points, colourOf(side), 1.5, dashOf(side));
      points.slice(0, 120).forEach(([x, y], n) => {
        if (!(Math.abs(x) < 1e4 && Math.abs(y) < 1e4)) return;
        c.globalAlpha = n < 40 ? 1 : 0.5;
        panel.mark(x, y, side, n ? 2.4 : 6, true);
        c.globalAlpha = 1;
      });
    });
    panel.star(panel.x(0), panel.y(0), 6);
  });
  panel.frame(last ? "flattest direction" : "error", last ? "steepest direction" : "loss", [], []);
  panel.canvas.setAttribute("aria-label", "The path of the error over the loss, along the steepest and the flattest direction");
}

/** The unit of an axis of the path: the start's own error, whatever part of it the start has now. */
function startUnit(k) {
  return Math.abs(PROBLEM.start[k]) || 1;
}

function ellipses(panel, curvatures) {
  const last = curvatures.length - 1, c = panel.context;
  const a = curvatures[0] * startUnit(0) ** 2, b = curvatures[last] * startUnit(last) ** 2, most = 3 * (a + b);
  for (let k = 0; k < 13; k++) {
    const level = most * 4 ** -k, x = Math.sqrt(level / b), y = Math.sqrt(level / a);
    c.beginPath();
    c.ellipse(panel.x(0), panel.y(0), Math.min(1e5, x * Math.abs(panel.x(1) - panel.x(0))), y * Math.abs(panel.y(1) - panel.y(0)), 0, 0, 2 * Math.PI);
    c.strokeStyle = colours.line;
    c.lineWidth = 1.2;
    c.stroke();
  }
}

/* The radius of each direction. */

function drawRadii(panel) {
  const { curvatures } = problemNow(), last = curvatures.length - 1, wide = last ? (curvatures[0] / curvatures[last]) ** 0.06 : 2;
  const low = curvatures[last] / wide, high = curvatures[0] * wide, all = sides().map((side) => curvatures.map((one) => radius(side.method, one, side.h)));
  const top = Math.min(2.2, Math.max(1.12, ...all.flat().filter(Number.isFinite).map((x) => 1.08 * x)));
  const c = panel.begin({ low, high, log: true }, { low: 0, high: top }), told = [];
  panel.clip(() => {
    hatched(c, panel.left, panel.top, panel.inner, panel.y(1) - panel.top);
    panel.line([[panel.left, panel.y(1)], [panel.left + panel.inner, panel.y(1)]], colours.ink, 2);
    sides().forEach((side, k) => {
      const along = Array.from({ length: 161 }, (_, n) => low * (high / low) ** (n / 160));
      panel.line(along.map((one) => [panel.x(one), panel.y(Math.min(9, radius(side.method, one, side.h)))]), colourOf(side), 1.6, dashOf(side));
      const rho = Math.max(...all[k]);
      curvatures.forEach((one, n) => panel.mark(panel.x(one), panel.y(Math.min(all[k][n], top * 0.98)), side, n === 0 || n === last ? 5.5 : 3.4, n !== last || !last));
      const worst = all[k].indexOf(rho);
      c.beginPath();
      c.arc(panel.x(curvatures[worst]), panel.y(Math.min(rho, top * 0.98)), 10, 0, 2 * Math.PI);
      c.strokeStyle = colourOf(side);
      c.lineWidth = 1.5;
      c.stroke();
      told.push(`${side.method.title}: the slowest is λ = ${spelled(curvatures[worst])} with radius ${rateSpelled(rho)}`);
    });
  });
  panel.frame("curvature λ", "");
  panel.canvas.setAttribute("aria-label", `Spectral radius over the curvature. ${told.join("; ")}`);
}
