/* The page at work: controls, the pointer, the keys, the link; and one redraw a frame. */
"use strict";

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
  at("stretched").textContent = state.kappa === ownKappa ? "" : `; stretched to κ = ${spelled(state.kappa)}`;
  const { low, span } = decades();
  at("scale-low").textContent = spelled(10 ** low, 2);
  at("scale-high").textContent = `${spelled(10 ** (low + span), 2)} or more`;
  at("legend-batch").hidden = !state.batch || !sides().some((side) => canSample(side.method));
  for (const one of document.querySelectorAll(".of-map")) one.hidden = sides().every((side) => side.method.share < 0);
  timings.push(performance.now() - began);
  if (timings.length > 600) timings.shift();
}

function verdictLine(name) {
  const { stable, head, fate, rest } = verdict(state[name]);
  at(`verdict-${name}`).replaceChildren(head, element("strong", { class: stable ? "good" : "bad" }, fate), rest);
  if (!hovering) at(`under-${name}`).textContent = "Drag the point, or use the arrow keys; move over the map to read it.";
}

/** Theorems, and what a screen reader is told. */
function tell() {
  for (const name of ["a", "b"]) {
    at(`words-${name}`).hidden = !state[name];
    if (state[name]) at(`words-${name}`).replaceChildren(...theorems(state[name]));
    if (state[name]) at(`map-${name}`).setAttribute("aria-label", `Map of ${state[name].method.title}, the point at ${settingWords(state[name].method, state[name].h)}`);
  }
  for (const one of document.querySelectorAll(".card")) if (one.scrollWidth > one.clientWidth) one.tabIndex = 0; // keys scroll it
  at("status").textContent = sides().map((side) => { const v = verdict(side); return `${side.method.title}, ${v.head}${v.fate}${v.rest}`; }).join(". ");
}

function link() {
  try {
    history.replaceState(null, "", `#${written()}`);
  } catch { /* a frame without an address of its own has no link */ }
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
window.explorer = { state, timings, redraw, written, best, verdict, putIn };
