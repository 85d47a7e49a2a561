/* The page at work: controls, the pointer, the keys, the link; and one redraw a frame. */
"use strict";

const at = (id) => document.getElementById(id);
const still = matchMedia("(prefers-reduced-motion: reduce)"), dark = matchMedia("(prefers-color-scheme: dark)"), paper = matchMedia("print");
const timings = [];
let dirty = false, wordsLater = 0, linkLater = 0, fineLater = 0;

/** Draw in the next frame; words and the link follow when the hand rests. */
function changed({ sliding = false } = {}) {
  coarse = sliding;
  clearTimeout(fineLater);
  if (sliding) fineLater = setTimeout(() => changed(), 160);
  if (!dirty) requestAnimationFrame(redraw);
  dirty = true;
  clearTimeout(wordsLater);
  wordsLater = setTimeout(tell, 120);
  clearTimeout(linkLater);
  linkLater = setTimeout(link, 400);
}

function redraw() {
  const began = performance.now();
  dirty = false;
  const runs = sides().map(runsOf);
  for (const name of ["a", "b"]) if (state[name]) drawMap(state[name], panels[name]);
  drawDisc(panels.disc);
  drawCurves(panels.curves, runs);
  drawPath(panels.path, runs);
  drawRadii(panels.radii);
  for (const name of ["a", "b"]) if (state[name]) verdictLine(name);
  for (const refresh of rows) refresh();
  const { low, span } = decades();
  at("scale-low").textContent = spelled(10 ** low, 2);
  at("scale-high").textContent = `${spelled(10 ** (low + span), 2)} or more`;
  at("legend-batch").hidden = !state.batch;
  timings.push(performance.now() - began);
  if (timings.length > 600) timings.shift();
}

function verdictLine(name) {
  const { stable, head, fate, rest } = verdict(state[name]);
  at(`verdict-${name}`).replaceChildren(head, element("strong", { class: stable ? "good" : "bad" }, fate), rest);
  if (!hovering) at(`under-${name}`).textContent = "Drag the point; or move over the map to read it.";
}

/** Theorems, and what a screen reader is told. */
function tell() {
  for (const name of ["a", "b"]) {
    at(`words-${name}`).hidden = !state[name];
    if (state[name]) at(`words-${name}`).replaceChildren(...theorems(state[name]));
    if (state[name]) at(`map-${name}`).setAttribute("aria-label", `Map of ${state[name].method.title}, the point at ${settingWords(state[name].method, state[name].h)}`);
  }
  at("status").textContent = sides().map((side) => { const v = verdict(side); return `${side.method.title}, ${v.head}${v.fate}${v.rest}`; }).join(". ");
}

function link() {
  try {
    history.replaceState(null, "", `#${written()}`);
  } catch { /* a frame without an address of its own has no link */ }
}

/* Controls. */

const rows = [];

/** A slider with its value in words; read and set are in the quantity's own units, place and value between 0 and 1000. */
function slider(holder, name, label, { read, set, place, value, words, step = 1 }) {
  const id = `${holder.id}-${name}`, input = element("input", { type: "range", id, min: "0", max: "1000", step: String(step) }), output = element("output", { for: id });
  holder.append(element("div", { class: "row" }, element("label", { for: id }, label), input, output));
  input.addEventListener("input", () => {
    set(value(input.valueAsNumber / 1000));
    changed({ sliding: true });
  });
  rows.push(() => {
    const now = read(), word = words(now);
    if (document.activeElement !== input || Math.abs(place(now) * 1000 - input.valueAsNumber) > 1) input.value = place(now) * 1000;
    if (output.textContent !== word) [output.textContent, input.ariaValueText] = [word, word];
    input.setAttribute("aria-valuetext", word);
  });
}

const logarithmic = (low, high) => ({ place: (x) => Math.log(x / low) / Math.log(high / low), value: (t) => low * (high / low) ** t });
/** Logarithmic, with the left end for zero. */
const fromZero = (low, high) => ({ place: (x) => (x > 0 ? 0.02 + 0.98 * (Math.log(x / low) / Math.log(high / low)) : 0), value: (t) => (t < 0.02 ? 0 : low * (high / low) ** ((t - 0.02) / 0.98)) });

function hyperRows(name) {
  const holder = at(`hyper-${name}`), side = () => state[name];
  holder.replaceChildren();
  at(`hyper-title-${name}`).textContent = side().method.title;
  side().method.hyper.forEach((one, k) => {
    const common = { read: () => side().h[k], set: (x) => { side().h[k] = x; }, words: (x) => spelled(x), step: 0.5 };
    const scale = k === side().method.rate ? { place: (x) => placeOfRate(side(), x), value: (t) => rateAt(side(), t) }
      : k === side().method.share ? { place: (x) => placeOfShare(side(), x), value: (t) => shareAt(side(), t) }
        : one.decay ? fromZero(1e-6 * own[0], own[0])
          : { place: (x) => (x - one.low) / (one.high - one.low), value: (t) => Number((one.low + t * (one.high - one.low)).toPrecision(3)) };
    slider(holder, one.name, `${one.name} ${one.letter === one.name ? "" : one.letter}`, { ...common, ...scale });
  });
}

function sharedRows() {
  const holder = at("shared"), { samples } = PROBLEM, gradient = Math.max(...PROBLEM.start.map((one, k) => Math.abs(one * own[k])));
  holder.replaceChildren();
  if (own.length > 1 && ownKappa > 1) {
    slider(holder, "kappa", "condition number κ", { read: () => state.kappa, set: (x) => { state.kappa = Math.abs(x / ownKappa - 1) < 0.02 ? ownKappa : x; }, words: (x) => spelled(x) + (x === ownKappa ? " (own)" : ""), ...logarithmic(1.01, Math.max(1e5, 3 * ownKappa)) });
  }
  if (samples) {
    const most = samples.count ?? 4096, scale = fromZero(1, most);
    slider(holder, "batch", samples.pairs ? "rows in a batch" : "Gaussian rows in a batch", { read: () => state.batch, set: (x) => { state.batch = Math.round(x); }, words: (x) => (x ? String(x) : "no noise"), ...scale });
  }
  slider(holder, "added", "noise in the gradient", { read: () => state.added, set: (x) => { state.added = x; }, words: (x) => (x ? spelled(x, 3) : "none"), ...fromZero(1e-6 * gradient, gradient) });
  slider(holder, "steps", "steps", { read: () => state.steps, set: (x) => { state.steps = Math.round(x); }, words: String, ...logarithmic(20, 2000) });
  const schedule = element("select", { id: "schedule" }, ...Object.keys(SCHEDULES).map((one) => element("option", { value: one }, one)));
  schedule.addEventListener("change", () => { state.schedule = schedule.value; changed(); });
  const scale = element("select", { id: "share-scale" }, element("option", { value: "0" }, "linear"), element("option", { value: "1" }, "logarithmic in 1 − β"));
  scale.addEventListener("change", () => { state.log = scale.value === "1"; changed(); });
  const reset = element("button", { type: "button", id: "reset" }, "reset the start and the problem");
  reset.addEventListener("click", () => { Object.assign(state, { start: null, kappa: ownKappa, batch: 0, added: 0, schedule: "constant", steps: 150 }); changed(); });
  holder.append(
    element("div", { class: "row" }, element("label", { for: "schedule" }, "schedule"), schedule),
    element("div", { class: "row" }, element("label", { for: "share-scale" }, "axis of momentum"), scale),
    reset,
  );
  rows.push(() => { schedule.value = state.schedule; scale.value = state.log ? "1" : "0"; });
}

/** Build what depends on the methods that are shown. */
function arrange() {
  rows.length = 0;
  document.body.classList.toggle("two", Boolean(state.b));
  for (const id of ["figure-b", "hyper-set-b", "verdict-b"]) at(id).hidden = !state.b;
  for (const name of ["a", "b"]) {
    at(`method-${name}`).value = state[name]?.method.name ?? "";
    if (!state[name]) continue;
    const { method } = state[name];
    at(`map-title-${name}`).textContent = method.share < 0 ? `${method.title}: rate over ${method.hyper[method.rate].letter}` : `${method.title}: rate over ${method.hyper[method.rate].letter} and ${method.hyper[method.share].letter}`;
    at(`map-title-${name}`).title = method.about;
    hyperRows(name);
  }
  sharedRows();
  for (const panel of Object.values(panels)) panel.width = panel.height = 0;
  changed();
}

function choices() {
  const b = at("method-b");
  b.append(element("option", { value: "" }, "–"));
  for (const select of [at("method-a"), b]) select.append(...METHODS.map((one) => element("option", { value: one.name, title: one.about }, one.title)));
  for (const name of ["a", "b"]) {
    at(`method-${name}`).addEventListener("change", (event) => {
      const method = METHODS.find((one) => one.name === event.target.value);
      state[name] = method ? begin(method) : null;
      arrange();
    });
  }
  at("to-best").addEventListener("click", () => sides().forEach(toBest));
  at("copy-link").addEventListener("click", (event) => { link(); copied(event.target, location.href); });
  document.addEventListener("click", (event) => { if (event.target.dataset?.copy) copied(event.target, event.target.dataset.copy); });
}

async function copied(button, text) {
  const word = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "copied";
  } catch {
    const area = element("textarea", {}, text);
    document.body.append(area);
    area.select();
    button.textContent = document.execCommand("copy") ? "copied" : "not allowed";
    area.remove();
  }
  setTimeout(() => { button.textContent = word; }, 1200);
}

/* The point. */

/** To the best setting, along a straight way on the map; at once where motion is not wanted. */
function toBest(side) {
  const found = best(side), { method } = side;
  if (!found) return;
  const u0 = placeOfRate(side, side.h[method.rate]), u1 = placeOfRate(side, found.lr);
  const v0 = method.share < 0 ? 0 : placeOfShare(side, side.h[method.share]), v1 = method.share < 0 ? 0 : placeOfShare(side, found.share);
  const began = performance.now();
  const move = (now) => {
    const t = still.matches ? 1 : Math.min(1, (now - began) / 450), part = t * t * (3 - 2 * t);
    if (t < 1) moveTo(side, u0 + part * (u1 - u0), v0 + part * (v1 - v0));
    else {
      side.h = replaced(replaced(side.h, method.rate, found.lr), method.share, found.share);
      changed();
    }
    if (t < 1) requestAnimationFrame(move);
  };
  move(began);
}

function moveTo(side, u, v) {
  side.h = hyperAt(side, Math.min(1, Math.max(0, u)), Math.min(1, Math.max(0, v)));
  changed();
}

let hovering = false;
function placeIn(panel, event) {
  const box = panel.canvas.getBoundingClientRect();
  return [(event.clientX - box.left - panel.left) / panel.inner, 1 - (event.clientY - box.top - panel.top) / panel.tall];
}

function pointable(name) {
  const panel = panels[name], canvas = panel.canvas, side = () => state[name];
  let held = false;
  canvas.addEventListener("pointerdown", (event) => {
    held = true;
    canvas.setPointerCapture(event.pointerId);
    moveTo(side(), ...placeIn(panel, event));
    event.preventDefault();
    canvas.focus({ preventScroll: true, focusVisible: false });
  });
  canvas.addEventListener("pointermove", (event) => {
    const [u, v] = placeIn(panel, event);
    if (held) moveTo(side(), u, v);
    hovering = u >= 0 && u <= 1 && v >= 0 && v <= 1;
    if (!hovering) return;
    const { head, fate, rest } = verdict(side(), hyperAt(side(), u, v));
    at(`under-${name}`).textContent = `Under the cursor: ${head}${fate}${rest}.`;
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { held = false; });
  canvas.addEventListener("pointerleave", () => { hovering = false; verdictLine(name); });
  canvas.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 0.05 : event.altKey ? 0.001 : 0.01, moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (event.key === "Home") toBest(side());
    else if (moves) {
      const { method, h } = side(), v = method.share < 0 ? 0 : placeOfShare(side(), h[method.share]);
      moveTo(side(), placeOfRate(side(), h[method.rate]) + moves[0] * step, v + moves[1] * step);
    } else return;
    event.preventDefault();
  });
}

function startable() {
  const panel = panels.path, canvas = panel.canvas;
  let held = false;
  const last = own.length - 1, sign = (k) => Math.sign(PROBLEM.start[k]) || 1, within = (x) => Math.min(1.7, Math.max(-1.7, x));
  /** Along the flattest direction, to the right, and the steepest, upwards. */
  const place = (x, y) => {
    state.start = [within(last ? y * sign(0) : x * sign(0)), within(x * sign(last))];
    changed();
  };
  const move = (event) => {
    const [u, v] = placeIn(panel, event), { xAxis, yAxis } = panel;
    place(xAxis.low + u * (xAxis.high - xAxis.low), yAxis.low + v * (yAxis.high - yAxis.low));
  };
  canvas.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-0.05, 0], ArrowRight: [0.05, 0], ArrowUp: [0, 0.05], ArrowDown: [0, -0.05] }[event.key];
    if (!by) return;
    const [steep, flat] = state.start ?? [1, 1];
    place(flat * sign(last) + by[0], steep * sign(0) + by[1]);
    event.preventDefault();
  });
  canvas.addEventListener("pointerdown", (event) => { held = true; canvas.setPointerCapture(event.pointerId); move(event); event.preventDefault(); });
  canvas.addEventListener("pointermove", (event) => { if (held) move(event); });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { held = false; });
}

function resized() {
  for (const panel of Object.values(panels)) panel.width = panel.height = 0;
  redraw();
}

function scaleOfColours() {
  const canvas = at("scale"), c = canvas.getContext("2d");
  for (let x = 0; x < canvas.width; x++) {
    c.fillStyle = `rgb(${shade(x / canvas.width).map(Math.round)})`;
    c.fillRect(x, 0, 1, canvas.height);
  }
}

function begun() {
  const count = PROBLEM.directions, shown = own.length < count ? ` (${own.length} of them on this page, both ends among them)` : "", flat = PROBLEM.flat ? `, ${PROBLEM.flat} without curvature` : "";
  at("spectrum-words").textContent = `${count} direction${count > 1 ? "s" : ""} with curvature${shown}${flat}, L = ${spelled(own[0])}, μ = ${spelled(own[own.length - 1])}, κ = ${spelled(ownKappa)}`;
  at("path-title").textContent = own.length > 1 ? "Path (drag the start)" : "Path on the parabola (drag the start)";
  for (const name of ["a", "b"]) panels[name] = new Panel(at(`map-${name}`), [8, 12, 26, 38]);
  panels.disc = new Panel(at("disc"), [4, 4, 4, 4]);
  panels.curves = new Panel(at("curves"), [8, 12, 26, 40]);
  panels.path = new Panel(at("path"), [6, 6, 22, 6]);
  panels.radii = new Panel(at("radii"), [8, 12, 26, 32]);
  state.a = begin(METHODS[Math.min(1, METHODS.length - 1)]);
  restore(location.hash);
  readColours(false);
  choices();
  arrange();
  scaleOfColours();
  for (const name of ["a", "b"]) pointable(name);
  startable();
  at("copy-link").hidden = location.protocol === "about:"; // in a notebook's cell the page has no address
  addEventListener("resize", resized);
  addEventListener("hashchange", () => { restore(location.hash); arrange(); });
  dark.addEventListener("change", () => { readColours(false); changed(); });
  paper.addEventListener("change", () => { readColours(paper.matches); resized(); });
}

begun();
window.explorer = { state, timings, redraw, written, best, verdict, panels, remembered };
