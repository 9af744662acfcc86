import { aligned, clamp, niceStep, quantity } from "./numbers.js";
import { Panel } from "./panel.js";

/** Signals: envelopes as vertical lines, single samples as a line with dots. */
export class WavePanel extends Panel {
  read(meta, [buffer]) {
    this.data = aligned(Float32Array, buffer, this.data);
  }

  /** Given names, or numbers where there are several channels. */
  get names() {
    const { names, shape: [channels] } = this.meta;
    if (names.length || channels < 2) return names;
    return Array.from({ length: Math.min(channels, 6) }, (_, channel) => `ch${channel + 1}`);
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

  drawSwatch(ctx, theme, channel, x, y) {
    ctx.fillStyle = theme.colours[channel % theme.colours.length];
    ctx.fillRect(x + 6, y - 3, 7, 7);
  }

  /** What lies under the pointer: the text to read, and the places of the samples. */
  probe({ x, y }, view) {
    const { start, step, shape, envelope, low, high, unit, label, names } = this.meta;
    const time = view.toTime(x);
    const i = envelope ? Math.floor((time - start) / step) : Math.round((time - start) / step);
    if (i < 0 || i >= shape[1]) return null;
    const size = Math.max(Math.abs(low), Math.abs(high));
    const show = (value) => quantity(value, unit, niceStep((high - low) / 2000), size);
    const texts = [], marks = [];
    for (let c = 0; c < shape[0]; c++) {
      const at = c * shape[1] + i;
      const values = envelope ? [this.data[2 * at], this.data[2 * at + 1]] : [this.data[at]];
      const flat = Math.abs(values.at(-1) - values[0]) < (high - low) / 4000;
      const name = names[c] ? `${names[c]} ` : "";
      texts.push(name + (flat ? show(values[0]) : values.map(show).join(" … ")));
      if (!envelope) marks.push([view.toX(start + i * step), this.toY(values[0])]);
    }
    const tell = (when) => `${view.tell(when)} · ${label} ${texts.join(" | ")}`;
    return envelope ? { text: tell(time), x, y }
      : { text: tell(start + i * step), x: view.toX(start + i * step), marks };
  }
}
