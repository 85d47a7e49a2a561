/* Controls: sliders, choices, and buttons that copy. */
"use strict";

const at = (id) => document.getElementById(id);
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
  const scale = element("select", { id: "share-scale" }, element("option", { value: "0" }, "linear"), element("option", { value: "1" }, "logarithmic"));
  scale.addEventListener("change", () => { state.log = scale.value === "1"; changed(); });
  const reset = element("button", { type: "button", id: "reset" }, "reset the start and the problem");
  reset.addEventListener("click", () => { Object.assign(state, { start: null, kappa: ownKappa, batch: 0, added: 0, schedule: "constant", steps: 150 }); changed(); });
  holder.append(
    element("div", { class: "row" }, element("label", { for: "schedule" }, "schedule"), schedule),
    element("div", { class: "row" }, element("label", { for: "share-scale" }, "upward axis"), scale),
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
