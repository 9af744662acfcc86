import { labelled, linearTicks, pixel, scaleUnit } from "./numbers.js";

export const MARGIN = {
  left: 62, right: 72, bare: 24, title: 22, row: 16, gap: 8, bottom: 40, swatch: 18, apart: 12,
};

/** What all panels share: a place on the page, a title, a legend, a vertical axis. */
export class Panel {
  /** Whether the horizontal axis is the common time: then zoom, playhead and cursor act here. */
  get timed() {
    return true;
  }

  /** Names for the legend. */
  get names() {
    return [];
  }

  /** Take a new description and its buffers. */
  update(meta, buffers) {
    this.meta = meta;
    this.read(meta, buffers);
  }

  /** Take a place below `y`; the legend goes beside the title, or below it where room is short. */
  place(ctx, theme, x, y, width) {
    ctx.font = `600 12px ${theme.font}`;
    const title = ctx.measureText(this.meta.title).width;
    ctx.font = `11px ${theme.font}`;
    const widths = this.names.map((name) => MARGIN.swatch + ctx.measureText(name).width);
    const total = widths.reduce((sum, each) => sum + each + MARGIN.apart, -MARGIN.apart);
    const beside = title + 2 * MARGIN.apart + total <= width;
    let left = beside ? width - total : 0, row = beside ? 0 : 1;
    this.legend = this.names.map((name, i) => {
      if (left > 0 && left + widths[i] > width) [left, row] = [0, row + 1];
      const entry = { name, x: x + left, y: y + 12 + row * MARGIN.row };
      left += widths[i] + MARGIN.apart;
      return entry;
    });
    this.titleY = y + 12;
    const top = y + MARGIN.title + row * MARGIN.row * (this.names.length > 0);
    this.box = { x, y: top, width, height: this.heightIn(width) };
  }

  /** Show the page's range of frequencies, where an axis is one. */
  focus(_band) {}

  heightIn(_width) {
    return this.meta.height;
  }

  holds({ x, y }) {
    const { box } = this;
    return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
  }

  toY(value) {
    const { low, high } = this.meta;
    return this.box.y + ((high - value) / (high - low)) * this.box.height;
  }

  /** Ticks and label of the vertical axis. */
  axis(height) {
    const { low, high, label, unit } = this.meta;
    const scaled = scaleUnit(unit, Math.max(Math.abs(low), Math.abs(high)));
    const ticks = linearTicks(low, high, height, 28, scaled.factor);
    return { ticks, label: labelled(label, scaled.unit) };
  }

  /** Title above, grid, frame, ticks and label at the left; `across` is the horizontal axis. */
  drawAxes(ctx, theme, across) {
    const { x, y, width, height } = this.box;
    ctx.fillStyle = theme.plot;
    ctx.fillRect(x, y, width, height);
    const { ticks, label } = this.axis(height);
    ctx.fillStyle = theme.line;
    for (const tick of across.ticks) ctx.fillRect(pixel(across.toX(tick.value)), y, 1, height);
    for (const tick of ticks) ctx.fillRect(x, pixel(this.toY(tick.value)), width, 1);
    ctx.strokeStyle = theme.edge;
    ctx.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
    ctx.textAlign = "right";
    for (const tick of ticks) {
      ctx.fillStyle = theme.edge;
      ctx.fillRect(x - 5, pixel(this.toY(tick.value)), 4, 1);
      ctx.fillStyle = theme.soft;
      ctx.fillText(tick.text, x - 8, this.toY(tick.value) + 0.5);
    }
    upright(ctx, label, x + 11 - MARGIN.left, y + height / 2, height + MARGIN.title, theme);
    this.drawTitle(ctx, theme);
  }

  drawTitle(ctx, theme) {
    const { x, width } = this.box;
    ctx.textAlign = "left";
    ctx.fillStyle = theme.ink;
    ctx.font = `600 12px ${theme.font}`;
    ctx.fillText(fitted(ctx, this.meta.title, width), x, this.titleY);
    ctx.font = `11px ${theme.font}`;
    this.legend.forEach(({ name, x: left, y }, i) => {
      this.drawSwatch(ctx, theme, i, left, y);
      ctx.fillStyle = theme.soft;
      ctx.fillText(fitted(ctx, name, x + width - left - MARGIN.swatch), left + MARGIN.swatch, y);
    });
  }

  /** Ticks and label of a horizontal axis below the plot. */
  drawAcross(ctx, theme, { ticks, toX, label }) {
    const { x, width } = this.box, y = this.box.y + this.box.height;
    ctx.textAlign = "center";
    for (const { value, text } of ticks) {
      ctx.fillStyle = theme.edge;
      ctx.fillRect(pixel(toX(value)), y + 1, 1, 4);
      ctx.fillStyle = theme.soft;
      ctx.fillText(text, toX(value), y + 14);
    }
    ctx.fillText(label, x + width / 2, y + 30);
  }

  /** Named moments, each a line with its name beside the top, seen on light and on dark colours. */
  drawMoments(ctx, view, theme) {
    const { x, y, width, height } = this.box;
    ctx.font = `11px ${theme.font}`;
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    for (const [name, time] of this.timed ? this.meta.marks : []) {
      const at = pixel(view.toX(time)), wide = ctx.measureText(name).width + 8;
      if (at < x || at > x + width) continue;
      const left = at + wide < x + width ? at : at - wide;
      ctx.fillStyle = theme.plot;
      ctx.fillRect(at - 1, y, 3, height);
      ctx.fillRect(left, y, wide, 17);
      ctx.fillStyle = theme.ink;
      ctx.fillRect(at, y, 1, height);
      ctx.fillText(name, left + 4, y + 9);
    }
  }

  /** What stands right of the plot. */
  drawSide() {}

  /** A thin line of the cross-hair. */
  hair(ctx, x, y, width, height, theme) {
    ctx.fillStyle = theme.soft;
    ctx.globalAlpha = 0.7;
    ctx.fillRect(x, y, width, height);
    ctx.globalAlpha = 1;
  }
}

/** Text turned by a quarter; where it is too long only its unit is kept. */
export function upright(ctx, text, x, y, room, theme) {
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
export function fitted(ctx, text, width) {
  const fits = (each) => ctx.measureText(each).width <= width;
  if (fits(text)) return text;
  let kept = text.slice(0, -1);
  while (kept && !fits(`${kept}…`)) kept = kept.slice(0, -1);
  return kept && `${kept}…`;
}
