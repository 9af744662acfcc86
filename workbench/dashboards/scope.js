/**
 * The page's half of the scope: draws panels on one time axis from raw bytes, zooms, plays.
 *
 * kernel -> page: frame, viewed, audio, stale, busy, status; page -> kernel: hello, view, drawn,
 * audio. Only the newest frame per animation frame is drawn; the acknowledgement covers the rest.
 * Frames that a running cell pushes are paced by the kernel and not acknowledged.
 */

const ICONS = {
  play: '<path d="M4 2.5v11l9-5.5z" fill="currentColor"/>',
  pause: '<path d="M5 3v10M11 3v10" stroke-width="3"/>',
  loop: '<path d="M2.5 8V6.5a2 2 0 0 1 2-2H13M11 2l2.5 2.5L11 7M13.5 8v1.5a2 2 0 0 1-2 2H3'
    + 'M5 14l-2.5-2.5L5 9"/>',
  in: '<path d="M8 3v10M3 8h10"/>',
  out: '<path d="M3 8h10"/>',
  reset: '<path d="M2 3v10M14 3v10M4.5 8h7M6.5 6l-2 2 2 2M9.5 6l2 2-2 2"/>',
};

const HELP = "Arrow left and right pan, plus and minus zoom, Home shows everything, Space plays or "
  + "pauses. Drag to zoom into a region, shift-drag to pan, click to set the play position, "
  + "double-click to show everything, Ctrl and wheel to zoom.";

const AXES = 1, DATA = 2, OVERLAY = 4, ALL = 7;
const MARGIN = { left: 62, right: 72, bare: 24, title: 22, gap: 8, bottom: 40 };
const COLOURS = {
  light: ["#1769c8", "#d1600a", "#1a8754", "#a02c8f", "#6b5b00", "#c22f3d"],
  dark: ["#63b0ff", "#ffab5c", "#5fd19a", "#f08be0", "#e3cf57", "#ff8b8b"],
};
// Sequential, and diverging from a middle that is as light or dark as the theme.
const ANCHORS = {
  magma: "000004 100b2d 2c115f 51127c 721f81 932b80 b73779 d8456c f1605d fc8961 feb078"
    + " fed799 fcfdbf",
  light: "053061 2065ab 4393c3 90c4dd d1e5f0 f7f6f6 fddbc7 f3a481 d6604d b1182b 67001f",
  dark: "9eb0ff 62a6e0 3280a6 20526a 112732 190c09 371000 61200b 964a36 ca7b71 ffadad",
};

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// ---------------------------------------------------------------------------------- numbers

/** The smallest of 1, 2 and 5 times a power of ten that is not below `rough`. */
function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5].find((digit) => digit * power >= rough * (1 - 1e-9)) ?? 10);
}

/** Digits after the point that tell multiples of `step` apart. */
const digits = (step) => clamp(-Math.floor(Math.log10(step) + 1e-9), 0, 12);

/** A number with a real minus sign and no minus zero. */
function format(value, places) {
  const text = value.toFixed(places);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "\u2212");
}

/** Factor and name of the unit in which values up to `size` read best: 12000 Hz are 12 kHz. */
function scaleUnit(unit, size) {
  if (unit === "Hz") return size >= 1000 ? { factor: 1e-3, unit: "kHz" } : { factor: 1, unit };
  if (unit === "s") return size < 0.2 ? { factor: 1e3, unit: "ms" } : { factor: 1, unit };
  if (unit === "dB" || size === 0 || (size >= 1e-2 && size < 1e4)) return { factor: 1, unit };
  const exponent = 3 * Math.floor(Math.log10(size) / 3);
  const raised = [...String(exponent)].map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]).join("");
  return { factor: 10 ** -exponent, unit: `×10${raised}${unit && ` ${unit}`}` };
}

/** Ticks at multiples of a nice step, `room` pixels apart or more: [{ value, text }]. */
function linearTicks(low, high, length, room, factor = 1) {
  const perPixel = ((high - low) * factor) / length;
  let step = niceStep(perPixel * room);
  if (((high - low) * factor) / step < 2.5) step = niceStep(perPixel * room * 0.55);
  const ticks = [];
  const last = Math.floor((high * factor) / step + 1e-6);
  for (let i = Math.ceil((low * factor) / step - 1e-6); i <= last; i++) {
    ticks.push({ value: (i * step) / factor, text: format(i * step, digits(step)) });
  }
  return ticks;
}

/** Ticks for an irregular axis: 1, 2, 5 per decade, where `place` leaves them `room` pixels. */
function unevenTicks(low, high, place, room, factor) {
  const ticks = low <= 0 ? [{ value: 0, text: "0" }] : [];
  const top = Math.ceil(Math.log10(Math.max(high, 1e-9)));
  for (const digit of [1, 5, 2]) {
    for (let power = top; power > top - 7; power--) {
      const value = digit * 10 ** power;
      const free = (tick) => Math.abs(place(tick.value) - place(value)) >= room;
      if (value < low || value > high || !ticks.every(free)) continue;
      ticks.push({ value, text: format(value * factor, digits(value * factor)) });
    }
  }
  return ticks;
}

/** Value and unit as one text with as many digits as `step` deserves. */
function quantity(value, unit, step, size = Math.abs(value)) {
  const scaled = scaleUnit(unit, size);
  const text = format(value * scaled.factor, digits(step * scaled.factor));
  return scaled.unit ? `${text} ${scaled.unit}` : text;
}

/** Axis label with its unit. */
const labelled = (label, unit) => (unit ? `${label} (${unit})` : label);

/** 256 colours as little-endian RGBA words. */
function colourTable(name) {
  const anchors = ANCHORS[name].split(" ").map((hex) => parseInt(hex, 16));
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const at = (i / 255) * (anchors.length - 1);
    const [a, b] = [anchors[Math.floor(at)], anchors[Math.ceil(at)]];
    const mix = (shift) => {
      const [from, to] = [(a >> shift) & 255, (b >> shift) & 255];
      return Math.round(from + (to - from) * (at % 1));
    };
    return (0xff000000 | (mix(0) << 16) | (mix(8) << 8) | mix(16)) >>> 0;
  });
}

/** Numbers of a buffer in an array that is aligned; `old` is used again where it fits. */
function aligned(Type, view, old) {
  const length = view.byteLength / Type.BYTES_PER_ELEMENT;
  const array = old?.length === length ? old : new Type(length);
  new Uint8Array(array.buffer).set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  return array;
}

// ----------------------------------------------------------------------------------- panels

/** What all panels share: a place on the page, a title, a vertical axis. */
class Panel {
  /** Width of what stands right of the title. */
  sideWidth = 0;

  /** Take a new description and its buffers. */
  update(meta, buffers) {
    this.meta = meta;
    this.read(meta, buffers);
  }

  /** Title above, grid, frame, ticks and label at the left. */
  drawAxes(ctx, theme, view) {
    const { x, y, width, height } = this.box;
    ctx.fillStyle = theme.plot;
    ctx.fillRect(x, y, width, height);
    const { ticks, label } = this.axis(height);
    ctx.fillStyle = theme.line;
    for (const tick of view.ticks) ctx.fillRect(Math.round(view.toX(tick.value)), y, 1, height);
    for (const tick of ticks) ctx.fillRect(x, Math.round(this.toY(tick.value)), width, 1);
    ctx.strokeStyle = theme.edge;
    ctx.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
    ctx.textAlign = "right";
    for (const tick of ticks) {
      ctx.fillStyle = theme.edge;
      ctx.fillRect(x - 5, Math.round(this.toY(tick.value)), 4, 1);
      ctx.fillStyle = theme.soft;
      ctx.fillText(tick.text, x - 8, this.toY(tick.value) + 0.5);
    }
    upright(ctx, label, 11, y + height / 2, height + MARGIN.title, theme);
    ctx.textAlign = "left";
    ctx.fillStyle = theme.ink;
    ctx.font = `600 12px ${theme.font}`;
    ctx.fillText(fitted(ctx, this.meta.title, width - this.sideWidth), x, y - 10);
    ctx.font = `11px ${theme.font}`;
  }
}

/** Text turned by a quarter; where it is too long only its unit is kept. */
function upright(ctx, text, x, y, room, theme) {
  const short = text.match(/\(.*\)$/)?.[0].slice(1, -1) ?? text;
  ctx.save();
  ctx.translate(x, y);
  ctx.rotate(-Math.PI / 2);
  ctx.textAlign = "center";
  ctx.fillStyle = theme.soft;
  ctx.fillText(fitted(ctx, ctx.measureText(text).width <= room ? text : short, room), 0, 0);
  ctx.restore();
}

/** Text that fits into a width, with an ellipsis if it must be. */
function fitted(ctx, text, width) {
  let cut = text;
  while (cut && ctx.measureText(cut).width > width) cut = `${cut.slice(0, -2)}…`;
  return cut;
}

/** Signals: envelopes as vertical lines, single samples as a line with dots. */
class WavePanel extends Panel {
  read(meta, [buffer]) {
    this.data = aligned(Float32Array, buffer, this.data);
    this.sideWidth = meta.shape[0] > 1 ? 34 * Math.min(meta.shape[0], 6) : 0;
  }

  /** A thin line of the cross-hair. */
  hair(ctx, x, y, width, height, theme) {
    ctx.fillStyle = theme.soft;
    ctx.globalAlpha = 0.7;
    ctx.fillRect(x, y, width, height);
    ctx.globalAlpha = 1;
  }

  toY(value) {
    const { low, high } = this.meta;
    return this.box.y + ((high - value) / (high - low)) * this.box.height;
  }

  axis(height) {
    const { low, high, label, unit } = this.meta;
    const scaled = scaleUnit(unit, Math.max(Math.abs(low), Math.abs(high)));
    const ticks = linearTicks(low, high, height, 28, scaled.factor);
    return { ticks, label: labelled(label, scaled.unit) };
  }

  draw(ctx, view, theme) {
    const { shape, envelope } = this.meta;
    ctx.globalAlpha = shape[0] > 1 ? 0.8 : 1;
    for (let channel = 0; channel < shape[0]; channel++) {
      ctx.strokeStyle = ctx.fillStyle = theme.colours[channel % theme.colours.length];
      if (envelope) this.drawEnvelope(ctx, view, channel);
      else this.drawSamples(ctx, view, channel);
    }
    ctx.globalAlpha = 1;
  }

  /** One vertical stroke per pixel column, long enough to touch its neighbour's. */
  drawEnvelope(ctx, view, channel) {
    const { data, meta: { start, step, shape: [, count] } } = this;
    const pixel = 1 / view.ratio;
    const offset = (view.first - start) / step, perPixel = pixel / view.scale / step;
    let before = null;
    ctx.lineWidth = pixel;
    ctx.beginPath();
    for (let column = 0; column * pixel < view.width; column++) {
      const from = Math.max(0, Math.floor(offset + column * perPixel + 1e-6));
      const to = Math.ceil(offset + (column + 1) * perPixel - 1e-6);
      if (from >= count || to <= 0) continue;
      let at = 2 * (channel * count + from);
      let low = data[at], high = data[at + 1];
      for (let i = from + 1; i < Math.min(to, count); i++) {
        at += 2;
        low = Math.min(low, data[at]);
        high = Math.max(high, data[at + 1]);
      }
      const top = this.toY(high), bottom = this.toY(low), x = view.x + (column + 0.5) * pixel;
      ctx.moveTo(x, Math.min(top, before?.bottom ?? top) - 0.6);
      ctx.lineTo(x, Math.max(bottom, before?.top ?? bottom) + 0.6);
      before ??= {};
      before.top = top;
      before.bottom = bottom;
    }
    ctx.stroke();
  }

  /** A line from sample to sample, with dots where they are far enough apart. */
  drawSamples(ctx, view, channel) {
    const { data, meta: { start, step, shape: [, count] } } = this;
    const first = clamp(Math.floor((view.first - start) / step) - 1, 0, count);
    const last = clamp(Math.ceil((view.last - start) / step) + 2, 0, count);
    const x = (i) => view.toX(start + i * step), y = (i) => this.toY(data[channel * count + i]);
    ctx.lineWidth = 1.25;
    ctx.lineJoin = "bevel";
    ctx.beginPath();
    for (let i = first; i < last; i++) ctx.lineTo(x(i), y(i));
    ctx.stroke();
    if (step * view.scale < 6) return;
    ctx.beginPath();
    for (let i = first; i < last; i++) {
      ctx.moveTo(x(i) + 2.5, y(i));
      ctx.arc(x(i), y(i), 2.5, 0, 7);
    }
    ctx.fill();
  }

  /** Names of the channels' colours, right of the title. */
  drawSide(ctx, theme) {
    const { x, y, width } = this.box;
    ctx.textAlign = "left";
    for (let left = this.sideWidth, c = 0; left > 0; left -= 34, c++) {
      ctx.fillStyle = theme.colours[c];
      ctx.fillRect(x + width - left + 4, y - 13, 6, 6);
      ctx.fillStyle = theme.soft;
      ctx.fillText(`ch${c + 1}`, x + width - left + 13, y - 10);
    }
  }

  /** What lies under a point: the text to read, and the place of the sample. */
  probe(time, _y) {
    const { start, step, shape, envelope, low, high, unit, label } = this.meta;
    const i = envelope ? Math.floor((time - start) / step) : Math.round((time - start) / step);
    if (i < 0 || i >= shape[1]) return null;
    const size = Math.max(Math.abs(low), Math.abs(high));
    const show = (value) => quantity(value, unit, niceStep((high - low) / 2000), size);
    const texts = [], marks = [];
    for (let c = 0; c < shape[0]; c++) {
      const at = c * shape[1] + i;
      const values = envelope ? [this.data[2 * at], this.data[2 * at + 1]] : [this.data[at]];
      const flat = Math.abs(values.at(-1) - values[0]) < (high - low) / 4000;
      texts.push(flat ? show(values[0]) : values.map(show).join(" … "));
      if (!envelope) marks.push(this.toY(values[0]));
    }
    const text = `${label} ${texts.join(" | ")}`;
    return envelope ? { text } : { text, marks, time: start + i * step };
  }
}

/** Pictures: bytes through a colour table into a canvas, which is then stretched. */
class ImagePanel extends Panel {
  canvas = document.createElement("canvas");
  bar = document.createElement("canvas");

  read(meta, [bytes, values]) {
    const [rows, columns] = meta.shape;
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.values = aligned(Float64Array, values, this.values);
    const size = this.values.at(-1) - this.values[0];
    const regular = (v, i, all) => i === 0 || Math.abs(v - all[i - 1] - size / (rows - 1))
      < 1e-3 * Math.abs(size / (rows - 1));
    this.regular = this.values.every(regular);
    if (this.canvas.width !== columns || this.canvas.height !== rows || !this.image) {
      Object.assign(this.canvas, { width: columns, height: rows });
      this.image = new ImageData(columns, rows);
      this.pixels = new Uint32Array(this.image.data.buffer);
    }
    this.coloured = null;
  }

  /** Colour the bytes, when they or the theme have changed. */
  colour(theme) {
    const diverging = theme.dark ? "dark" : "light";
    const name = this.meta.colormap === "diverging" ? diverging : "magma";
    if (this.coloured === name) return;
    if (this.table?.name !== name) {
      this.table = { name, words: colourTable(name) };
      Object.assign(this.bar, { width: 1, height: 256 });
      const image = new ImageData(1, 256);
      new Uint32Array(image.data.buffer).set(this.table.words.slice().reverse());
      this.bar.getContext("2d").putImageData(image, 0, 0);
    }
    const [rows, columns] = this.meta.shape;
    const { bytes, pixels, table: { words } } = this;
    for (let row = 0, to = (rows - 1) * columns; row < rows; row++, to -= columns) {
      const from = row * columns;
      for (let c = 0; c < columns; c++) pixels[to + c] = words[bytes[from + c]];
    }
    this.canvas.getContext("2d").putImageData(this.image, 0, 0);
    this.coloured = name;
  }

  /** Row, with a fraction, at which a value lies; row centres are whole. */
  toRow(value) {
    const { values } = this;
    const last = values.length - 1;
    if (last < 1) return 0;
    let high = clamp(values.findIndex((v) => v >= value), -1, last);
    if (high < 0) high = last;
    high = Math.max(high, 1);
    return high - (values[high] - value) / (values[high] - values[high - 1]);
  }

  toY(value) {
    const { y, height } = this.box;
    return y + height * (1 - (this.toRow(value) + 0.5) / this.values.length);
  }

  axis(height) {
    const { y_name, y_unit } = this.meta;
    const { values } = this;
    const last = values.length - 1;
    const low = values[0] - (last ? (values[1] - values[0]) / 2 : 0);
    const high = values[last] + (last ? (values[last] - values[last - 1]) / 2 : 0);
    const scaled = scaleUnit(y_unit, Math.max(Math.abs(low), Math.abs(high)));
    const place = (value) => this.toY(value);
    const ticks = last < 1 || high <= low ? []
      : this.regular ? linearTicks(low, high, height, 28, scaled.factor)
        : unevenTicks(low, high, place, 20, scaled.factor);
    return { ticks, label: labelled(y_name, scaled.unit) };
  }

  draw(ctx, view, theme) {
    this.colour(theme);
    const { start, step, shape: [rows, columns] } = this.meta;
    const first = clamp(Math.floor((view.first - start) / step), 0, columns);
    const last = clamp(Math.ceil((view.last - start) / step), 0, columns);
    if (last <= first) return;
    const x = view.toX(start + first * step), right = view.toX(start + last * step);
    ctx.imageSmoothingEnabled = false;
    const { y, height } = this.box;
    ctx.drawImage(this.canvas, first, 0, last - first, rows, x, y, right - x, height);
  }

  /** A line of the cross-hair that is seen on light and on dark colours. */
  hair(ctx, x, y, width, height) {
    ctx.fillStyle = "rgba(0, 0, 0, 0.35)";
    ctx.fillRect(x - (width === 1), y - (height === 1), width + 2 * (width === 1),
      height + 2 * (height === 1));
    ctx.fillStyle = "rgba(255, 255, 255, 0.85)";
    ctx.fillRect(x, y, width, height);
  }

  /** The colour bar with its ticks and its unit. */
  drawSide(ctx, theme) {
    this.colour(theme);
    const { y, height } = this.box;
    const { low, high, label, unit } = this.meta;
    const x = this.box.x + this.box.width + 10;
    ctx.drawImage(this.bar, x, y, 10, height);
    ctx.strokeRect(x - 0.5, y - 0.5, 11, height + 1);
    ctx.textAlign = "left";
    const scaled = scaleUnit(unit, Math.max(Math.abs(low), Math.abs(high)));
    for (const tick of linearTicks(low, high, height, 28, scaled.factor)) {
      const at = y + ((high - tick.value) / (high - low)) * height;
      ctx.fillStyle = theme.edge;
      ctx.fillRect(x + 11, Math.round(at), 3, 1);
      ctx.fillStyle = theme.soft;
      ctx.fillText(tick.text, x + 17, at + 0.5);
    }
    upright(ctx, labelled(label, scaled.unit), x + 54, y + height / 2, height, theme);
  }

  probe(time, y) {
    const { start, step, shape: [rows, columns], low, high, unit, y_unit } = this.meta;
    const column = Math.floor((time - start) / step);
    if (column < 0 || column >= columns) return null;
    const row = clamp(Math.floor((1 - (y - this.box.y) / this.box.height) * rows), 0, rows - 1);
    const value = low + ((high - low) * this.bytes[row * columns + column]) / 255;
    const [here, next] = [this.values[row], this.values[row ? row - 1 : Math.min(1, rows - 1)]];
    const size = Math.max(Math.abs(low), Math.abs(high));
    const level = quantity(value, unit, niceStep((high - low) / 256), size);
    const place = quantity(here, y_unit, niceStep(Math.abs(here - next) / 50 || 1));
    return { text: `${place} · ${level}` };
  }
}

// ------------------------------------------------------------------------------------- view

/** The time range on the page, its pixels, and the request for the exact data of it. */
class View {
  first = 0;
  last = 1;
  full = [0, 1e-3];
  zoomed = false;
  ticks = [];
  number = 0;
  asked = 0;

  /** Follow a new extent; keep the zoom where it still lies inside. */
  extend([first, last]) {
    this.full = [first, last > first ? last : first + 1e-3];
    const inside = this.zoomed && this.first < last && this.last > first;
    this.set(...(inside ? [this.first, this.last] : this.full));
  }

  /** Show a range, moved and cut so that it lies inside the full extent. */
  set(first, last, finest = 5e-6) {
    const [start, end] = this.full;
    const span = clamp(last - first, Math.min(4 * finest, end - start), end - start);
    const from = clamp((first + last - span) / 2, start, end - span);
    this.zoomed = span < (end - start) * (1 - 1e-9);
    [this.first, this.last] = this.zoomed ? [from, from + span] : this.full;
  }

  /** Place the range on the page. */
  place(x, width, ratio) {
    Object.assign(this, { x, width, ratio });
  }

  get scale() {
    return this.width / (this.last - this.first);
  }

  toX(time) {
    return this.x + (time - this.first) * this.scale;
  }

  toTime(x) {
    return this.first + (x - this.x) / this.scale;
  }

  /** What the kernel has to know; null stands for all there is. */
  describe(rows) {
    const [first, last] = this.zoomed ? [this.first, this.last] : [null, null];
    const columns = Math.round(this.width * this.ratio);
    return { first, last, columns, rows, ratio: this.ratio };
  }

  /** Ticks of the time axis, so few that their labels have room. */
  measure(ctx) {
    const size = Math.max(Math.abs(this.first), Math.abs(this.last), this.last - this.first);
    const small = this.last - this.first < 0.2;
    const { factor, unit } = small ? { factor: 1e3, unit: "ms" } : scaleUnit("s", size);
    for (let room = 40; room < 1e4; room *= 1.3) {
      this.ticks = linearTicks(this.first, this.last, this.width, room, factor);
      const widest = Math.max(0, ...this.ticks.map((tick) => ctx.measureText(tick.text).width));
      const apart = this.ticks.length > 1
        ? (this.ticks[1].value - this.ticks[0].value) * this.scale : Infinity;
      if (widest + 16 <= apart) break;
    }
    this.unit = unit;
  }
}

// ----------------------------------------------------------------------------------- player

/** Play, pause, seek, loop; the sound comes from the kernel at the first Play. */
class Player {
  position = 0;
  stale = true;
  waiting = false;
  touched = false;

  constructor(scope) {
    this.scope = scope;
    this.audio = scope.find(".workbench-audio");
    this.button = scope.find(".workbench-play");
    this.label = scope.find(".workbench-position");
    const { signal } = scope.abort;
    const on = (target, type, listener) => target.addEventListener(type, listener, { signal });
    on(this.button, "click", () => this.toggle());
    on(scope.find(".workbench-loop"), "click", ({ currentTarget }) => {
      this.audio.loop = !this.audio.loop;
      currentTarget.setAttribute("aria-pressed", this.audio.loop);
    });
    on(scope.find(".workbench-volume"), "input", ({ target }) => {
      this.audio.volume = target.value;
    });
    for (const type of ["play", "pause", "ended", "seeked", "durationchange"]) {
      on(this.audio, type, () => this.refresh());
    }
  }

  get playing() {
    return !this.audio.paused && !this.audio.ended;
  }

  /** Seconds since the start of the sound. */
  get now() {
    return this.audio.readyState ? this.audio.currentTime : this.position;
  }

  toggle() {
    if (this.playing || this.waiting === "play") {
      this.waiting = false;
      this.audio.pause();
    } else if (this.stale) {
      this.ask("play");
    } else {
      this.play();
    }
    this.refresh();
  }

  ask(purpose) {
    const asked = this.waiting;
    this.waiting = purpose;
    if (!asked) this.scope.send({ kind: "audio" });
  }

  play() {
    this.touched = true;
    this.audio.play().catch((error) => {
      if (error.name !== "AbortError") this.scope.say(`No sound: ${error.message}`);
    });
  }

  /** Take new sound at the old position, and go on playing. */
  load(buffer, name) {
    if (!this.waiting) return;
    const resume = this.waiting === "play" || this.playing;
    this.position = this.now;
    this.waiting = false;
    this.stale = false;
    URL.revokeObjectURL(this.url);
    this.url = URL.createObjectURL(new Blob([buffer], { type: "audio/wav" }));
    this.audio.src = this.url;
    this.audio.title = name;
    this.audio.currentTime = this.position;
    if (resume) this.play();
  }

  /** The sound is old: fetch it again at the next Play, or now while it plays. */
  invalidate() {
    this.stale = true;
    clearTimeout(this.timer);
    if (this.playing) this.timer = setTimeout(() => this.ask("swap"), 250);
  }

  /** Another signal has come: begin at its start, and fetch its sound at the next Play. */
  rewind() {
    this.position = 0;
    this.stale = true;
    this.touched = this.playing;
    if (this.playing) {
      this.audio.currentTime = 0;
    } else {
      this.audio.removeAttribute("src");
      this.audio.load();
    }
    this.refresh();
  }

  seek(time) {
    const start = this.scope.view.full[0];
    this.position = Math.max(0, time - start);
    this.touched = true;
    const { audio } = this;
    if (audio.readyState) audio.currentTime = Math.min(this.position, audio.duration);
    this.refresh();
  }

  /** Once per animation frame while it plays: when the playhead leaves the view, turn the page. */
  advance() {
    const { view } = this.scope;
    const [before, time] = [this.before, view.full[0] + this.now];
    const inside = (t) => t >= view.first && t <= view.last;
    if (inside(before) && !inside(time)) this.scope.look(time, time + view.last - view.first);
    this.before = time;
    this.refresh();
  }

  /** Bring button, numbers and playhead up to date. */
  refresh() {
    const { full } = this.scope.view;
    const active = this.playing || this.waiting === "play";
    if (this.active !== active) {
      this.active = active;
      this.button.setAttribute("aria-label", active ? "Pause" : "Play");
      this.button.title = active ? "Pause (Space)" : "Play (Space)";
      this.button.firstElementChild.innerHTML = active ? ICONS.pause : ICONS.play;
    }
    const length = this.audio.duration || full[1] - full[0];
    const text = `${this.now.toFixed(2)} / ${length.toFixed(2)} s`;
    if (this.label.textContent !== text) this.label.textContent = text;
    this.scope.invalidate(OVERLAY);
  }

  dispose() {
    clearTimeout(this.timer);
    this.audio.pause();
    this.audio.removeAttribute("src");
    URL.revokeObjectURL(this.url);
  }
}

// ------------------------------------------------------------------------------------ hands

/** Mouse, touch, wheel and keyboard on the figure. */
class Hands {
  hover = null;
  drag = null;

  constructor(scope) {
    this.scope = scope;
    const { figure, abort: { signal } } = scope;
    for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel",
      "pointerleave", "dblclick", "wheel", "keydown"]) {
      figure.addEventListener(type, (event) => this[type](event), { signal, passive: false });
    }
    const click = (name, action) => scope.find(`.workbench-${name}`)
      .addEventListener("click", action, { signal });
    click("in", () => this.zoom(0.5));
    click("out", () => this.zoom(2));
    click("reset", () => this.reset());
  }

  /** Position of an event in the figure. */
  at(event) {
    const box = this.scope.figure.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  zoom(factor, centre = (this.scope.view.first + this.scope.view.last) / 2) {
    const { first, last } = this.scope.view;
    this.scope.look(centre - (centre - first) * factor, centre + (last - centre) * factor);
  }

  /** Move by a fraction of what is shown. */
  pan(fraction) {
    const { first, last } = this.scope.view;
    this.scope.look(first + fraction * (last - first), last + fraction * (last - first));
  }

  reset() {
    this.scope.look(...this.scope.view.full);
  }

  wheel(event) {
    const { view } = this.scope;
    const unit = event.deltaMode ? 16 : 1;
    const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      const factor = Math.exp(clamp(event.deltaY * unit, -120, 120) * 0.0025);
      this.zoom(factor, view.toTime(clamp(this.at(event).x, view.x, view.x + view.width)));
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.pan((sideways * unit) / view.width);
    } else {
      return;
    }
    event.preventDefault();
  }

  pointerdown(event) {
    if (event.button !== 0 || !this.scope.panels.length) return;
    const { view, figure } = this.scope;
    const { x } = this.at(event);
    figure.setPointerCapture(event.pointerId);
    figure.focus({ preventScroll: true });
    this.drag = { from: x, to: x, pan: event.shiftKey, first: view.first, last: view.last };
  }

  pointermove(event) {
    const { scope, scope: { view } } = this;
    this.hover = this.at(event);
    const { drag } = this;
    if (drag) {
      drag.to = clamp(this.hover.x, view.x, view.x + view.width);
      drag.moved ||= Math.abs(drag.to - drag.from) > 4;
      const shift = ((drag.from - drag.to) / view.width) * (drag.last - drag.first);
      if (drag.pan) scope.look(drag.first + shift, drag.last + shift);
    }
    scope.invalidate(OVERLAY);
  }

  pointerup() {
    const { drag } = this;
    const { view } = this.scope;
    this.drag = null;
    if (!drag) return;
    const [a, b] = [drag.from, drag.to].sort((p, q) => p - q).map((x) => view.toTime(x));
    if (!drag.moved) this.scope.player.seek(clamp(a, view.first, view.last));
    else if (!drag.pan) this.scope.look(a, b);
    this.scope.invalidate(OVERLAY);
  }

  pointercancel() {
    this.drag = null;
    this.pointerleave();
  }

  pointerleave() {
    this.hover = null;
    this.scope.invalidate(OVERLAY);
  }

  dblclick() {
    this.reset();
  }

  keydown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const actions = {
      ArrowLeft: () => this.pan(-0.1), ArrowRight: () => this.pan(0.1),
      "+": () => this.zoom(0.5), "=": () => this.zoom(0.5),
      "-": () => this.zoom(2), _: () => this.zoom(2),
      Home: () => this.reset(), " ": () => this.scope.player.toggle(),
    };
    if (!actions[event.key]) return;
    actions[event.key]();
    event.preventDefault();
    event.stopPropagation();
  }
}

// ------------------------------------------------------------------------------- neighbours

/** What the scope does for the elements around it. */
class Neighbours {
  constructor(root) {
    this.observers = [];
    const child = root.closest(".jp-OutputArea-child");
    if (child) this.watch(child.parentElement, () => this.hidePicture(child));
    const dashboard = root.closest(".workbench-dashboard");
    if (dashboard) this.watch(dashboard, () => this.nameControls(dashboard));
  }

  /** Act now and, 100 ms after the last one, on changes of the tree. */
  watch(node, action) {
    const watch = { timer: 0 };
    watch.observer = new MutationObserver(() => {
      clearTimeout(watch.timer);
      watch.timer = setTimeout(action, 100);
    });
    const attributeFilter = ["aria-valuenow"];
    watch.observer.observe(node, { childList: true, subtree: true, attributeFilter });
    this.observers.push(watch);
    action();
  }

  /** The saved notebook's picture, right after the live scope, is not needed beside it. */
  hidePicture(child) {
    const next = child.nextElementSibling;
    if (!next?.matches(".jp-OutputArea-child") || !next.querySelector(".jp-RenderedImage")) return;
    this.picture = next;
    next.style.display = "none";
  }

  /** Slider handles and inputs take their accessible name from the nearest label. */
  nameControls(dashboard) {
    const nameless = ".noUi-handle, .widget-readout, input, select, textarea";
    for (const element of dashboard.querySelectorAll(nameless)) {
      if (element.closest(".workbench-scope") || element.labels?.length) continue;
      const text = labelOf(element, dashboard);
      const handles = element.matches(".noUi-handle")
        ? [...element.closest(".noUi-target").querySelectorAll(".noUi-handle")] : [];
      const end = handles.length > 1 ? [", lower", ", upper"][handles.indexOf(element)] : "";
      const name = text && text + end;
      if (name && element.getAttribute("aria-label") !== name) {
        element.setAttribute("aria-label", name);
      }
      const number = element.closest(".workbench-number")?.querySelector("input");
      if (handles.length && number) element.setAttribute("aria-valuetext", number.value);
    }
  }

  dispose() {
    for (const { observer, timer } of this.observers) {
      observer.disconnect();
      clearTimeout(timer);
    }
    if (this.picture) this.picture.style.display = "";
  }
}

/** The text of the nearest label around an element of the dashboard. */
function labelOf(element, dashboard) {
  for (let box = element; box && box !== dashboard; box = box.parentElement) {
    const text = box.querySelector(".widget-label:not(:empty)")?.textContent.trim();
    if (text) return text;
  }
  return "";
}

// ------------------------------------------------------------------------------------ scope

/** Wires everything: takes frames, keeps canvases in shape, draws what has changed. */
class Scope {
  panels = [];
  dirty = 0;
  abort = new AbortController();
  view = new View();

  constructor(model, parent) {
    this.model = model;
    this.root = document.createElement("div");
    this.root.className = "workbench-scope";
    this.root.dataset.lmSuppressShortcuts = "true";
    this.root.innerHTML = markup(`workbench-help-${crypto.getRandomValues(new Uint32Array(1))[0]}`);
    parent.append(this.root);
    this.figure = this.find(".workbench-figure");
    this.canvases = [...this.figure.querySelectorAll("canvas")];
    this.contexts = this.canvases.map((canvas) => canvas.getContext("2d"));
    this.readout = this.find(".workbench-readout");
    this.player = new Player(this);
    this.hands = new Hands(this);
    this.tick = this.tick.bind(this);
    this.receive = this.receive.bind(this);
    model.on("msg:custom", this.receive);
    this.watchTheme();
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.root);
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  send(content) {
    this.model.send(content);
  }

  /** Status line, read out politely. */
  say(text) {
    this.find(".workbench-status").textContent = text;
  }

  /** Take the kernel's message. */
  receive(message, buffers) {
    if (message.kind === "frame") {
      this.pending = { message, buffers };
      this.invalidate(DATA);
    } else if (message.kind === "viewed" && message.id === this.view.number) {
      this.release();
    } else if (message.kind === "audio") {
      this.player.load(buffers[0], message.name);
    } else if (message.kind === "stale") {
      this.player.invalidate();
    } else if (message.kind === "busy") {
      this.setBusy(message.busy);
    } else if (message.kind === "status") {
      this.say(message.text);
    }
  }

  setBusy(busy) {
    this.root.classList.toggle("workbench-busy", busy);
    clearTimeout(this.busyTimer);
    const status = this.find(".workbench-working");
    if (busy) this.busyTimer = setTimeout(() => { status.textContent = "Computing"; }, 700);
    else status.textContent = "";
  }

  /** The shortest step between single samples on the page; undefined where there are none. */
  get finest() {
    const single = this.panels.filter(({ meta }) => meta.kind === "wave" && !meta.envelope);
    return single.length ? Math.min(...single.map(({ meta }) => meta.step)) : undefined;
  }

  /** Look at a range of time, with the data there are, and ask for the exact ones. */
  look(first, last) {
    if (!this.panels.length || !this.size) return;
    const { view } = this;
    const before = [view.first, view.last];
    view.set(first, last, this.finest);
    if (view.first === before[0] && view.last === before[1]) return;
    this.invalidate(ALL);
    this.request();
  }

  /** Ask the kernel for this view; one question at a time, the newest wins. */
  request(kind = "view") {
    const { view } = this;
    if (view.open && kind === "view") {
      view.again = true;
      return;
    }
    view.again = false;
    view.open = true;
    clearTimeout(view.timer);
    view.timer = setTimeout(() => this.release(), 2000);
    const rows = this.panels.map((panel) => Math.round(panel.box.height * view.ratio));
    const content = view.describe(rows);
    this.reported = `${content.columns} ${content.ratio}`;
    this.send({ kind, id: ++view.number, ...content });
  }

  release() {
    clearTimeout(this.view.timer);
    this.view.open = false;
    if (this.view.again) this.request();
  }

  // ---- layout and theme

  /** Redraw when JupyterLab or the system changes colours or the pixel ratio. */
  watchTheme() {
    this.themes = new MutationObserver(() => this.readTheme());
    this.themes.observe(document.body, { attributes: true });
    const { signal } = this.abort;
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => this.readTheme(), { signal });
    const follow = () => {
      const ratio = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
      const change = () => {
        follow();
        this.resize();
      };
      ratio.addEventListener("change", change, { signal, once: true });
    };
    follow();
  }

  readTheme() {
    const style = getComputedStyle(this.root);
    const names = ["back", "plot", "line", "edge", "ink", "soft", "brand"];
    const theme = {};
    for (const name of names) theme[name] = style.getPropertyValue(`--${name}`).trim();
    theme.font = style.fontFamily;
    const key = JSON.stringify(theme);
    if (key === this.theme?.key) return;
    const [ctx] = this.contexts;
    ctx.fillStyle = theme.back;
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(ctx.fillStyle.slice(i, i + 2), 16));
    const dark = 0.3 * r + 0.6 * g + 0.1 * b < 128;
    this.theme = { ...theme, key, dark, colours: COLOURS[dark ? "dark" : "light"] };
    this.invalidate(ALL);
  }

  /** Place the panels, give the canvases their size, and tell the kernel what changed. */
  resize() {
    const width = this.root.clientWidth || this.size?.width;
    if (!width) return;
    const { view } = this;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const barred = !this.panels.length || this.panels.some(({ meta }) => meta.kind === "image");
    view.place(MARGIN.left, width - MARGIN.left - (barred ? MARGIN.right : MARGIN.bare), ratio);
    let y = 0;
    for (const panel of this.panels) {
      y += MARGIN.title;
      panel.box = { x: view.x, y, width: view.width, height: panel.meta.height };
      y += panel.box.height + MARGIN.gap;
    }
    const height = this.panels.length ? y - MARGIN.gap + MARGIN.bottom : 160;
    this.figure.style.height = `${height}px`;
    for (const canvas of this.canvases) {
      const size = [Math.round(width * ratio), Math.round(height * ratio)];
      if (canvas.width !== size[0]) canvas.width = size[0];
      if (canvas.height !== size[1]) canvas.height = size[1];
    }
    this.size = { width, height };
    if (!this.neighbours) this.neighbours = new Neighbours(this.root);
    this.readTheme();
    this.invalidate(ALL);
    if (!this.reported) this.request("hello");
    else if (this.reported !== `${view.describe([]).columns} ${ratio}`) this.request();
  }

  // ---- drawing

  invalidate(layers) {
    this.dirty |= layers;
    this.scheduled ||= requestAnimationFrame(this.tick);
  }

  /** Once per animation frame: take the newest frame, draw the layers that changed. */
  tick() {
    this.scheduled = 0;
    const started = performance.now();
    const frame = this.pending;
    this.pending = null;
    if (frame) this.accept(frame);
    const { dirty } = this;
    this.dirty = 0;
    if (this.size && this.theme) {
      if (dirty & AXES) this.drawAxes(this.clear(0));
      if (dirty & DATA) this.drawData(this.clear(1));
      if (dirty & OVERLAY) this.drawOverlay(this.clear(2));
    }
    if (frame) this.acknowledge(frame.message, performance.now() - started);
    if (this.player.playing) this.player.advance();
  }

  /** Tell the kernel, and whoever listens on the page, that a frame has been drawn. */
  acknowledge({ id, values, paced }, cost) {
    if (!paced) this.send({ kind: "drawn", id });
    const detail = { id, values, cost, time: performance.now() };
    this.root.dispatchEvent(new CustomEvent("workbench:drawn", { bubbles: true, detail }));
  }

  /** Take a frame's panels, and its axes where they differ from those on the page. */
  accept({ message, buffers }) {
    let used = 0;
    this.panels = message.panels.map((meta, i) => {
      const Kind = meta.kind === "wave" ? WavePanel : ImagePanel;
      const panel = this.panels[i] instanceof Kind ? this.panels[i] : new Kind();
      const count = meta.kind === "wave" ? 1 : 2;
      panel.update(meta, buffers.slice(used, used + count));
      used += count;
      return panel;
    });
    this.figure.setAttribute("aria-label", message.summary);
    const { view } = this;
    const before = `${view.first} ${view.last}`;
    if (`${view.full}` !== `${message.time}`) {
      view.extend(message.time);
      this.player.rewind();
    }
    const layout = message.panels.map(({ kind, height }) => `${kind} ${height}`).join();
    if (layout !== this.layout) {
      this.layout = layout;
      this.resize();
    }
    const labels = message.panels.map(({ start, step, shape, ...rest }) => [rest, shape[0]]);
    const ends = this.panels.map(({ values }) => values && [values[0], values.at(-1)]);
    const axes = JSON.stringify([labels, ends, message.time]);
    if (axes !== this.axes) this.invalidate(ALL);
    this.axes = axes;
    const { shown: [first, last] } = message;
    const slack = 1e-3 * (view.last - view.first);
    const moved = before !== `${view.first} ${view.last}`;
    const covered = first <= view.first + slack && last >= view.last - slack;
    if (moved && this.size && !covered) this.request();
    if (moved) this.player.refresh();
    if (view.zoomed && view.last - view.first < 3.9 * this.finest) this.look(view.first, view.last);
    if (this.hands.hover) this.invalidate(OVERLAY);
  }

  /** An empty layer with CSS pixels as its unit. */
  clear(index) {
    const ctx = this.contexts[index];
    ctx.setTransform(this.view.ratio, 0, 0, this.view.ratio, 0, 0);
    ctx.clearRect(0, 0, this.size.width, this.size.height);
    ctx.lineWidth = 1;
    return ctx;
  }

  drawAxes(ctx) {
    const { theme, view, panels } = this;
    if (!panels.length) return;
    ctx.font = `11px ${theme.font}`;
    ctx.textBaseline = "middle";
    view.measure(ctx);
    for (const panel of panels) {
      panel.drawAxes(ctx, theme, view);
      panel.drawSide(ctx, theme);
    }
    const { box } = panels.at(-1);
    const y = box.y + box.height;
    ctx.textAlign = "center";
    for (const tick of view.ticks) {
      ctx.fillStyle = theme.edge;
      ctx.fillRect(Math.round(view.toX(tick.value)), y + 1, 1, 4);
      ctx.fillStyle = theme.soft;
      ctx.fillText(tick.text, view.toX(tick.value), y + 14);
    }
    ctx.fillText(`time (${view.unit})`, view.x + view.width / 2, y + 30);
  }

  drawData(ctx) {
    for (const panel of this.panels) {
      const { x, y, width, height } = panel.box;
      ctx.save();
      ctx.beginPath();
      ctx.rect(x, y, width, height);
      ctx.clip();
      panel.draw(ctx, this.view, this.theme);
      ctx.restore();
    }
  }

  /** Selection, playhead, cross-hair and readout. */
  drawOverlay(ctx) {
    const { view, theme, player, hands: { drag, hover }, panels } = this;
    if (!panels.length) return;
    for (const { box } of drag?.moved && !drag.pan ? panels : []) {
      ctx.globalAlpha = 0.3;
      ctx.fillStyle = theme.brand;
      ctx.fillRect(drag.from, box.y, drag.to - drag.from, box.height);
      ctx.globalAlpha = 1;
    }
    const x = view.toX(view.full[0] + player.now);
    for (const { box } of player.touched && x >= view.x && x <= view.x + view.width ? panels : []) {
      ctx.fillStyle = theme.back;
      ctx.fillRect(x - 2, box.y, 4, box.height);
      ctx.fillStyle = theme.brand;
      ctx.fillRect(x - 1, box.y, 2, box.height);
    }
    this.drawHover(ctx, hover);
  }

  drawHover(ctx, hover) {
    const { view, panels, theme } = this;
    const inside = ({ y, height }) => hover.y >= y && hover.y <= y + height;
    const across = hover && hover.x >= view.x && hover.x <= view.x + view.width;
    const panel = across ? panels.find(({ box }) => inside(box)) : null;
    const probe = panel?.probe(view.toTime(hover.x), hover.y);
    if (!probe) {
      this.readout.textContent = "";
      return;
    }
    const time = probe.time ?? view.toTime(hover.x);
    const x = Math.round(view.toX(time));
    for (const each of panels) each.hair(ctx, x, each.box.y, 1, each.box.height, theme);
    if (!probe.marks) panel.hair(ctx, view.x, Math.round(hover.y), view.width, 1, theme);
    for (const y of probe.marks ?? []) {
      ctx.strokeStyle = theme.ink;
      ctx.beginPath();
      ctx.arc(view.toX(time), y, 4.5, 0, 7);
      ctx.stroke();
    }
    const seconds = quantity(time, "s", niceStep(1 / view.scale / 2), view.last - view.first);
    this.readout.textContent = `${seconds} · ${probe.text}`;
    const { offsetWidth: wide, offsetHeight: high } = this.readout;
    const right = x + 14 + wide < this.size.width;
    const left = right ? x + 14 : clamp(x - 14 - wide, 0, this.size.width - wide);
    const top = hover.y - high - 10 > 0 ? hover.y - high - 10 : hover.y + 16;
    this.readout.style.transform = `translate(${left}px, ${top}px)`;
  }

  dispose() {
    cancelAnimationFrame(this.scheduled);
    this.scheduled = -1;
    clearTimeout(this.view.timer);
    clearTimeout(this.busyTimer);
    this.model.off("msg:custom", this.receive);
    this.sizes.disconnect();
    this.themes.disconnect();
    this.abort.abort();
    this.neighbours?.dispose();
    this.player.dispose();
    this.root.remove();
  }
}

/** The elements of one scope. */
function markup(help) {
  const icon = (name) => `<svg viewBox="0 0 16 16" aria-hidden="true">${ICONS[name]}</svg>`;
  const button = (name, label, hint, more = "") => `<button type="button" title="${hint}"
    class="workbench-${name}" aria-label="${label}" ${more}>${icon(name)}</button>`;
  return `<div class="workbench-figure" role="img" tabindex="0" aria-label="Empty plot"
      aria-describedby="${help}">
      <canvas class="workbench-axes"></canvas><canvas class="workbench-data"></canvas>
      <canvas class="workbench-overlay"></canvas>
      <div class="workbench-readout"></div><div class="workbench-progress"></div>
    </div>
    <div class="workbench-bar" role="group" aria-label="Player and zoom">
      ${button("play", "Play", "Play (Space)")}
      <span class="workbench-position">0.00 / 0.00 s</span>
      ${button("loop", "Loop", "Play again and again", 'aria-pressed="false"')}
      <input class="workbench-volume" type="range" min="0" max="1" step="0.01" value="1"
        aria-label="Volume" title="Volume">
      <span class="workbench-gap"></span>
      ${button("out", "Zoom out", "Zoom out (−)")}${button("in", "Zoom in", "Zoom in (+)")}
      ${button("reset", "Show everything", "Show everything (Home)")}
      <audio class="workbench-audio" preload="auto"></audio>
    </div>
    <div class="workbench-status" role="status" aria-live="polite"></div>
    <div class="workbench-working workbench-hidden" role="status" aria-live="polite"></div>
    <div class="workbench-hidden" id="${help}">${HELP}</div>`;
}

export default {
  render({ model, el }) {
    const scope = new Scope(model, el);
    return () => scope.dispose();
  },
};
