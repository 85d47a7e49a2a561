/* Panels on canvas: axes, ticks, lines and points, and numbers as one writes them. */
"use strict";

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const raised = (n) => String(n).replace(/[-\d]/g, (c) => RAISED[c]);

/** A number with so many significant digits; powers of ten where it is long. */
function spelled(x, digits = 4) {
  if (x === Infinity) return "∞";
  if (!Number.isFinite(x)) return "–";
  if (x === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(x)));
  if (size >= -3 && size < 6) return String(Number(x.toPrecision(digits))).replace("-", "−");
  const [mantissa, power] = x.toExponential(digits - 1).split("e");
  return `${String(Number(mantissa)).replace("-", "−")}×10${raised(Number(power))}`;
}

/** A number below one, near it, with the digits that tell it from one. */
function rateSpelled(rho) {
  if (!(rho < 1) || rho < 0.99) return spelled(rho);
  return rho.toFixed(Math.min(12, 3 - Math.floor(Math.log10(1 - rho))));
}

const stepsPerDigit = (rho) => (rho < 1 ? Math.log(10) / -Math.log(rho) : Infinity);

const colours = {};
/** The page's colours, light or dark; light on paper. */
function readColours(print) {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["ink", "faint", "paper", "wash", "line", "a", "b", "good", "bad", "off", "hatch"]) {
    colours[name] = style.getPropertyValue(`--${name}`).trim();
  }
  if (print) Object.assign(colours, { ink: "#000", faint: "#444", paper: "#fff", line: "#bbb", a: "#0072b2", b: "#c24e00", off: "#dfe3e8", hatch: "#c3cad2" });
}

/** Cividis (Nuñez, Anderton and Renslow 2018) from bright, fast, to dark, slow. */
const CIVIDIS = [[254, 232, 56], [222, 201, 88], [188, 174, 108], [155, 148, 118], [125, 124, 120], [97, 101, 111], [67, 78, 108], [26, 56, 111], [0, 34, 78]];
function shade(t) {
  const place = Math.min(0.9999, Math.max(0, t)) * (CIVIDIS.length - 1), k = Math.floor(place), part = place - k;
  return CIVIDIS[k].map((one, c) => one + part * (CIVIDIS[k + 1][c] - one));
}

function logTicks(low, high, most) {
  const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9), every = Math.max(1, Math.ceil((last - first + 1) / most));
  const ticks = [];
  for (let k = first; k <= last; k += every) ticks.push([10 ** k, k >= -2 && k <= 3 ? String(10 ** Math.max(k, 0) / 10 ** Math.max(-k, 0)) : `10${raised(k)}`]);
  if (ticks.length < 3) {
    for (let k = first - 1; k <= last; k++) {
      for (const m of [2, 5]) if (m * 10 ** k > low && m * 10 ** k < high) ticks.push([m * 10 ** k, k >= -2 && k <= 3 ? spelled(m * 10 ** k) : `${m}·10${raised(k)}`]);
    }
  }
  return ticks;
}

function linearTicks(low, high, most) {
  const raw = (high - low) / most, size = 10 ** Math.floor(Math.log10(raw)), step = [1, 2, 5, 10].find((m) => m * size >= raw) * size, ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) ticks.push([k * step, spelled(Number((k * step).toPrecision(6)))]);
  return ticks;
}

class Panel {
  constructor(canvas, margins) {
    Object.assign(this, { canvas, margins, context: canvas.getContext("2d") });
  }

  /** The size on the page, asked once: another one comes with the event of a new size. */
  measured() {
    this.width ||= this.canvas.clientWidth;
    this.height ||= this.canvas.clientHeight;
    return this;
  }

  /** Clear, at the size that the canvas has now; axes have low, high, and are logarithmic where they say so. */
  begin(x, y) {
    const { canvas, context, margins } = this.measured(), scale = Math.min(window.devicePixelRatio || 1, 2);
    const [w, h] = [Math.round(this.width * scale), Math.round(this.height * scale)];
    if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    context.font = "12px system-ui, sans-serif";
    Object.assign(this, { xAxis: x, yAxis: y, left: margins[3], top: margins[0], inner: this.width - margins[1] - margins[3], tall: this.height - margins[0] - margins[2] });
    return context;
  }

  static part(axis, value) {
    return axis.log ? Math.log(value / axis.low) / Math.log(axis.high / axis.low) : (value - axis.low) / (axis.high - axis.low);
  }

  x(value) { return this.left + Panel.part(this.xAxis, value) * this.inner; }
  y(value) { return this.top + (1 - Panel.part(this.yAxis, value)) * this.tall; }

  frame(xLabel, yLabel, xTicks, yTicks) {
    const c = this.context, bottom = this.top + this.tall;
    xTicks ??= (this.xAxis.log ? logTicks : linearTicks)(this.xAxis.low, this.xAxis.high, this.inner / 60);
    yTicks ??= (this.yAxis.log ? logTicks : linearTicks)(this.yAxis.low, this.yAxis.high, this.tall / 34);
    c.strokeStyle = colours.line;
    c.fillStyle = colours.faint;
    c.lineWidth = 1;
    c.strokeRect(this.left + 0.5, this.top + 0.5, this.inner, this.tall);
    c.textAlign = "center";
    c.textBaseline = "top";
    const label = xLabel ? c.measureText(xLabel).width : 0;
    const taken = label ? [[this.left + this.inner - label, this.width]] : [];
    for (const [value, word] of xTicks) {
      const half = c.measureText(word).width / 2, x = this.x(value);
      this.line([[x, bottom], [x, bottom + 4]], colours.line, 1);
      if (taken.some(([from, to]) => x + half + 5 > from && x - half - 5 < to)) continue;
      c.fillText(word, Math.min(x, this.width - half), bottom + 5);
      taken.push([x - half, x + half]);
    }
    c.textAlign = "right";
    if (xLabel) c.fillText(xLabel, this.left + this.inner, bottom + 5);
    c.textBaseline = "middle";
    for (const [value, word] of yTicks) {
      this.line([[this.left - 4, this.y(value)], [this.left, this.y(value)]], colours.line, 1);
      c.fillText(word, this.left - 6, this.y(value));
    }
    if (!yLabel) return;
    c.textAlign = "left";
    c.textBaseline = "top";
    this.words(yLabel, this.left + 5, this.top + 5);
  }

  /** Words with the paper behind them, so that lines do not cross them. */
  words(text, x, y) {
    const c = this.context;
    c.lineWidth = 4;
    c.strokeStyle = colours.paper;
    c.strokeText(text, x, y);
    c.fillStyle = colours.faint;
    c.fillText(text, x, y);
  }

  clip(draw) {
    const c = this.context;
    c.save();
    c.beginPath();
    c.rect(this.left, this.top, this.inner, this.tall);
    c.clip();
    draw(c);
    c.restore();
  }

  line(points, colour, width = 2, dash = []) {
    const c = this.context;
    c.strokeStyle = colour;
    c.lineWidth = width;
    c.setLineDash(dash);
    c.beginPath();
    let down = false;
    for (const [x, y] of points) {
      if (!Number.isFinite(x) || !Number.isFinite(y)) down = false;
      else if (down) c.lineTo(x, y);
      else { c.moveTo(x, y); down = true; }
    }
    c.stroke();
    c.setLineDash([]);
  }

  /** Paths of points in parts of the frame. */
  paths(list, colour, width, dash = []) {
    const c = this.context;
    c.lineCap = "round";
    for (const path of list) this.line(path.map(([u, v]) => [this.left + u * this.inner, this.top + (1 - v) * this.tall]), colour, width, dash);
    c.lineCap = "butt";
  }

  /** A round mark for the first method, a square one for the second. */
  mark(x, y, side, size = 5, filled = true) {
    const c = this.context, colour = side === state.b ? colours.b : colours.a;
    c.beginPath();
    if (side === state.b) c.rect(x - size * 0.9, y - size * 0.9, 1.8 * size, 1.8 * size);
    else c.arc(x, y, size, 0, 2 * Math.PI);
    c.fillStyle = filled ? colour : colours.paper;
    c.fill();
    c.lineWidth = filled ? 1.5 : 2;
    c.strokeStyle = filled ? colours.paper : colour;
    c.stroke();
  }

  star(x, y, size = 9) {
    const c = this.context;
    c.beginPath();
    for (let k = 0; k < 10; k++) {
      const r = k % 2 ? size * 0.42 : size, angle = (Math.PI * k) / 5 - Math.PI / 2;
      c.lineTo(x + r * Math.cos(angle), y + r * Math.sin(angle));
    }
    c.closePath();
    c.fillStyle = "#fff";
    c.strokeStyle = "#000";
    c.lineWidth = 1.6;
    c.fill();
    c.stroke();
  }
}

const panels = {};
const colourOf = (side) => (side === state.b ? colours.b : colours.a);
const dashOf = (side) => (side === state.b ? [7, 3] : []);

function hatched(c, x, y, width, height) {
  if (!(width > 0)) return;
  c.save();
  c.fillStyle = colours.off;
  c.fillRect(x, y, width, height);
  c.beginPath();
  c.rect(x, y, width, height);
  c.clip();
  c.strokeStyle = colours.hatch;
  c.lineWidth = 1;
  c.beginPath();
  for (let k = -height; k < width; k += 9) {
    c.moveTo(x + k, y + height);
    c.lineTo(x + k + height, y);
  }
  c.stroke();
  c.restore();
}
