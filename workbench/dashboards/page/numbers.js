/** Numbers as people read them: steps, ticks, units. */

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** The smallest of 1, 2 and 5 times a power of ten that is not below `rough`. */
export function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5].find((digit) => digit * power >= rough * (1 - 1e-9)) ?? 10);
}

/** Digits after the point that tell multiples of `step` apart. */
export const digits = (step) => clamp(-Math.floor(Math.log10(step) + 1e-9), 0, 12);

/** A number with a real minus sign and no minus zero. */
export function format(value, places) {
  const text = value.toFixed(places);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "\u2212");
}

/** Factor and name of the unit in which values up to `size` read best: 12000 Hz are 12 kHz. */
export function scaleUnit(unit, size) {
  if (unit === "Hz") return size >= 1000 ? { factor: 1e-3, unit: "kHz" } : { factor: 1, unit };
  if (unit === "s") return size < 0.2 ? { factor: 1e3, unit: "ms" } : { factor: 1, unit };
  if (unit === "dB" || size === 0 || (size >= 1e-2 && size < 1e4)) return { factor: 1, unit };
  const exponent = 3 * Math.floor(Math.log10(size) / 3);
  const raised = [...String(exponent)].map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]).join("");
  return { factor: 10 ** -exponent, unit: `×10${raised}${unit && ` ${unit}`}` };
}

/** The pixel of a place. What lies between two, as the middle of a plot does, goes one way always. */
export function pixel(place) {
  return Math.round(place + 1e-6);
}

/** Ticks at multiples of a nice step, `room` pixels and `least` apart or more: [{ value, text }]. */
export function linearTicks(low, high, length, room, factor = 1, least = 0) {
  const perPixel = ((high - low) * factor) / length;
  let step = niceStep(perPixel * room);
  if (((high - low) * factor) / step < 2.5) step = niceStep(perPixel * room * 0.55);
  step = Math.max(step, least);
  const ticks = [];
  const last = Math.floor((high * factor) / step + 1e-6);
  for (let i = Math.ceil((low * factor) / step - 1e-6); i <= last; i++) {
    ticks.push({ value: (i * step) / factor, text: format(i * step, digits(step)) });
  }
  return ticks;
}

/** Ticks of a horizontal axis, so few that their labels have room. */
export function fittingTicks(ctx, low, high, length, factor, least = 0) {
  let ticks = [];
  for (let room = 40; room < 1e4; room *= 1.3) {
    ticks = linearTicks(low, high, length, room, factor, least);
    const widest = Math.max(0, ...ticks.map((tick) => ctx.measureText(tick.text).width));
    const apart = ticks.length > 1
      ? ((ticks[1].value - ticks[0].value) * length) / (high - low) : Infinity;
    if (widest + 16 <= apart) break;
  }
  return ticks;
}

/** Ticks for an irregular axis: 1, 2, 5 per decade, where `place` leaves them `room` pixels. */
export function unevenTicks(low, high, place, room, factor) {
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
export function quantity(value, unit, step, size = Math.abs(value)) {
  const scaled = scaleUnit(unit, size);
  const text = format(value * scaled.factor, digits(step * scaled.factor));
  return scaled.unit ? `${text} ${scaled.unit}` : text;
}

/** Axis label with its unit. */
export const labelled = (label, unit) => (unit ? `${label} (${unit})` : label);

/** Numbers of a buffer in an array that is aligned; `old` is used again where it fits. */
export function aligned(Type, view, old) {
  const length = view.byteLength / Type.BYTES_PER_ELEMENT;
  const array = old?.length === length ? old : new Type(length);
  new Uint8Array(array.buffer).set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  return array;
}
