import { colourTable, tint } from "./colours.js";
import {
  aligned, clamp, labelled, linearTicks, niceStep, quantity, scaleUnit, unevenTicks,
} from "./numbers.js";
import { Panel, upright } from "./panel.js";

/** Pictures: bytes through a colour table into a canvas, which is then stretched. */
export class ImagePanel extends Panel {
  canvas = document.createElement("canvas");
  bar = document.createElement("canvas");

  read(meta, [bytes, values, tinted]) {
    const [rows, columns] = meta.shape;
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.values = aligned(Float64Array, values, this.values);
    this.tinted = tinted && new Uint8Array(tinted.buffer, tinted.byteOffset, tinted.byteLength);
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
    const { colormap } = this.meta;
    const name = colormap !== "diverging" ? colormap : theme.dark ? "dark" : "light";
    if (this.coloured === name) return;
    if (this.table?.name !== name) {
      const words = colourTable(name);
      this.table = { name, words, under: words.map(tint) };
      Object.assign(this.bar, { width: 1, height: 256 });
      const image = new ImageData(1, 256);
      new Uint32Array(image.data.buffer).set(this.table.words.slice().reverse());
      this.bar.getContext("2d").putImageData(image, 0, 0);
    }
    const [rows, columns] = this.meta.shape;
    const { bytes, pixels, tinted, table: { words, under } } = this;
    for (let row = 0, to = (rows - 1) * columns; row < rows; row++, to -= columns) {
      const from = row * columns;
      for (let c = 0; c < columns; c++) pixels[to + c] = words[bytes[from + c]];
      if (!tinted) continue;
      for (let c = 0; c < columns; c++) if (tinted[from + c]) pixels[to + c] = under[bytes[from + c]];
    }
    this.canvas.getContext("2d").putImageData(this.image, 0, 0);
    this.coloured = name;
  }

  /** The rows at which the plot begins and ends, with fractions: for a range of frequencies. */
  focus(band) {
    const { reach, shown } = this.meta, last = this.values.length - 1;
    const part = reach && last > 0 && band.within(reach);
    const whole = !part || (!shown && `${part}` === `${reach}`);
    this.ends = whole ? [-0.5, last + 0.5] : part.map((value) => this.toRow(value));
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
    return this.rowToY(this.toRow(value));
  }

  rowToY(row) {
    const { ends: [bottom, top], box: { y, height } } = this;
    return y + (height * (top - row)) / (top - bottom);
  }

  /** The row at a height, with a fraction. */
  rowAt(at) {
    const { ends: [bottom, top], box: { y, height } } = this;
    return top - clamp((at - y) / height, 0, 1) * (top - bottom);
  }

  /** The value at a height; the outer rows reach half a row beyond their values. */
  toValue(at) {
    const { values } = this;
    const last = values.length - 1;
    if (last < 1) return values[0];
    const row = this.rowAt(at);
    const below = clamp(Math.floor(row), 0, last - 1);
    return values[below] + (row - below) * (values[below + 1] - values[below]);
  }

  axis(height) {
    const { y_name, y_unit } = this.meta;
    const { box: { y } } = this;
    const [low, high] = [this.toValue(y + this.box.height), this.toValue(y)];
    const scaled = scaleUnit(y_unit, Math.max(Math.abs(low), Math.abs(high)));
    const place = (value) => this.toY(value);
    const even = high > low ? linearTicks(low, high, height, 28, scaled.factor) : [];
    const uneven = this.regular ? [] : unevenTicks(low, high, place, 20, scaled.factor);
    const ticks = uneven.length > 2 ? uneven : even; // in a narrow range all axes are straight
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
    const bottom = Math.max(this.ends[0], -0.5), top = Math.min(this.ends[1], rows - 0.5);
    const y = this.rowToY(top), height = this.rowToY(bottom) - y;
    ctx.drawImage(
      this.canvas, first, rows - 0.5 - top, last - first, top - bottom, x, y, right - x, height);
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

  probe({ x, y }, view) {
    const { start, step, shape: [rows, columns], low, high, unit, y_unit } = this.meta;
    const time = view.toTime(x);
    const column = Math.floor((time - start) / step);
    if (column < 0 || column >= columns) return null;
    const row = clamp(Math.floor(this.rowAt(y) + 0.5), 0, rows - 1);
    const byte = this.bytes[row * columns + column];
    const value = low + ((high - low) * byte) / 255;
    const [here, next] = [this.values[row], this.values[row ? row - 1 : Math.min(1, rows - 1)]];
    const size = Math.max(Math.abs(low), Math.abs(high));
    const level = quantity(value, unit, niceStep((high - low) / 256), size);
    const place = quantity(here, y_unit, niceStep(Math.abs(here - next) / 50 || 1));
    const open = this.meta.colormap !== "cyclic"; // what is beyond the colours has their last
    const under = open && byte === 0 && low < 0;
    const beyond = under ? "≤ " : open && byte === 255 && unit !== "dB" ? "≥ " : "";
    return { text: `${view.tell(time)} · ${place} · ${beyond}${level}`, x, y };
  }
}
