import { aligned, clamp, fittingTicks, labelled, niceStep, pixel, quantity, scaleUnit, unevenTicks }
  from "./numbers.js";
import { Panel } from "./panel.js";

const STYLES = {
  solid: { width: 1.5, dash: [] },
  dashed: { width: 1.5, dash: [7, 5] },
  reference: { width: 1, dash: [6, 3] },
  stem: { width: 1.5, dash: [] },
};

/** Named lines over an axis of their own: spectra, responses, errors. */
export class LinesPanel extends Panel {
  get timed() {
    return false;
  }

  /** A single line needs no legend: the title says what it is. */
  get names() {
    const { names, legend } = this.meta;
    return legend && names.length > 1 ? names : [];
  }

  read({ logarithmic }, [data, values]) {
    this.data = aligned(Float32Array, data, this.data);
    this.values = aligned(Float64Array, values, this.values);
    this.whole = this.values.every(Number.isInteger); // then there is nothing between
    this.bend = logarithmic ? Math.log : (value) => value;
    this.straighten = logarithmic ? Math.exp : (value) => value;
  }

  /** Show a span, or the page's range of frequencies. */
  focus(band) {
    const { reach, shape: [, points] } = this.meta;
    const span = this.span = reach ? band.within(reach) : this.meta.span;
    this.ends = span.map(this.bend);
    const beyond = this.values.findIndex((value) => value > span[1]);
    const first = this.values.findIndex((value) => value >= span[0]);
    this.from = first < 0 ? points - 1 : Math.max(0, first - 1);
    this.to = beyond < 0 ? points : beyond + 1;
  }

  toX = (value) => {
    const [first, last] = this.ends;
    return this.box.x + ((this.bend(value) - first) / (last - first)) * this.box.width;
  };

  toValue(x) {
    const [first, last] = this.ends;
    return this.straighten(first + ((x - this.box.x) / this.box.width) * (last - first));
  }

  /** Ticks and label of the horizontal axis. */
  measure(ctx) {
    const { span: [first, last], meta: { x_name, x_unit, logarithmic } } = this;
    const { factor, unit } = scaleUnit(x_unit, Math.max(Math.abs(first), Math.abs(last)));
    this.label = labelled(x_name, unit);
    const uneven = logarithmic ? unevenTicks(first, last, this.toX, 36, factor) : [];
    this.ticks = uneven.length > 2 ? uneven
      : fittingTicks(ctx, first, last, this.box.width, factor, this.whole ? factor : 0);
  }

  /** The colour and the pen of a line; references take none of the colours. */
  pen(line, theme) {
    const { styles } = this.meta;
    const rank = styles.slice(0, line).filter((style) => style !== "reference").length;
    const colour = styles[line] === "reference" ? theme.grey
      : theme.colours[rank % theme.colours.length];
    return { colour, ...STYLES[styles[line]] };
  }

  drawAxes(ctx, theme) {
    this.measure(ctx);
    super.drawAxes(ctx, theme, this);
    this.drawAcross(ctx, theme, this);
    this.drawMarks(ctx, theme);
  }

  /** Places on the axis, each with its name beside the top of its line. */
  drawMarks(ctx, theme) {
    const { x, y, width, height } = this.box;
    let free = x, down = y + 10;
    for (const [name, place] of this.meta.marks) {
      const at = pixel(this.toX(place));
      if (at < x || at > x + width) continue;
      ctx.fillStyle = theme.edge;
      ctx.fillRect(at, y, 1, height);
      const wide = ctx.measureText(name).width;
      const left = at + 6 + wide < x + width ? at + 5 : at - 5 - wide;
      if (left < free) down += 14;
      free = Math.max(free, left + wide);
      ctx.textAlign = "left";
      ctx.fillStyle = theme.soft;
      ctx.fillText(name, left, down);
    }
  }

  drawSwatch(ctx, theme, line, x, y) {
    ctx.save();
    this.take(ctx, theme, line);
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(x + 14, y);
    ctx.stroke();
    ctx.restore();
  }

  /** Take a line's pen into the hand. */
  take(ctx, theme, line) {
    const { colour, width, dash } = this.pen(line, theme);
    ctx.strokeStyle = ctx.fillStyle = colour;
    ctx.lineWidth = width;
    ctx.lineJoin = "bevel";
    ctx.setLineDash(dash);
  }

  draw(ctx, _view, theme) {
    const xs = this.values.slice(this.from, this.to).map(this.toX);
    const under = (line) => this.meta.styles[line] === "reference";
    const order = this.meta.names.map((_, line) => line).sort((a, b) => under(b) - under(a));
    for (const line of order) {
      this.take(ctx, theme, line);
      this.drawLine(ctx, line, xs);
    }
  }

  /** A line from point to point; dots where points are far apart or stand alone, and on stems. */
  drawLine(ctx, line, xs) {
    const { data, from, meta: { shape: [, points], styles, low, high } } = this;
    const stem = styles[line] === "stem", foot = this.toY(clamp(0, low, high));
    const ys = data.slice(line * points + from, line * points + from + xs.length);
    const there = (i) => Number.isFinite(xs[i] + ys[i]);
    const sparse = xs.every((x, i) => !there(i - 1) || x - xs[i - 1] >= 12);
    const dots = [];
    ctx.beginPath();
    for (let i = 0; i < xs.length; i++) {
      if (!there(i)) continue;
      const y = this.toY(ys[i]);
      if (stem) ctx.moveTo(xs[i], foot);
      if (stem || there(i - 1)) ctx.lineTo(xs[i], y);
      else ctx.moveTo(xs[i], y);
      if (stem || sparse || !(there(i - 1) || there(i + 1))) dots.push([xs[i], y]);
    }
    ctx.stroke();
    ctx.beginPath();
    for (const [x, y] of dots) {
      ctx.moveTo(x + 2.5, y);
      ctx.arc(x, y, 2.5, 0, 7);
    }
    ctx.fill();
  }

  /** The point nearest to the pointer: where it lies and what every line is there. */
  probe({ x }) {
    const { span, values, meta: { shape: [, points], names, legend, low, high, unit, x_unit } }
      = this;
    let at = -1, best = Infinity;
    for (let i = this.from; i < this.to; i++) {
      const away = Math.abs(this.toX(values[i]) - x);
      if (away < best && values[i] >= span[0] && values[i] <= span[1]) [at, best] = [i, away];
    }
    if (at < 0) return null;
    const size = Math.max(Math.abs(low), Math.abs(high));
    const apart = Math.abs(values[at] - values[at ? at - 1 : Math.min(1, points - 1)]);
    const texts = [quantity(values[at], x_unit, niceStep(apart / 10 || 1))];
    const left = this.toX(values[at]), marks = [];
    names.forEach((name, line) => {
      const value = this.data[line * points + at];
      if (!Number.isFinite(value) || !(legend || value > low + (high - low) / 100)) return;
      texts.push(`${name} ${quantity(value, unit, niceStep((high - low) / 2000), size)}`);
      if (value >= low && value <= high) marks.push([left, this.toY(value)]);
    });
    return { text: texts.join("\n"), x: left, marks };
  }
}
