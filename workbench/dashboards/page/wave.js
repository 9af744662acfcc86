import { aligned, clamp, labelled, linearTicks, niceStep, quantity, scaleUnit } from "./numbers.js";
import { Panel } from "./panel.js";

/** Signals: envelopes as vertical lines, single samples as a line with dots. */
export class WavePanel extends Panel {
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
