import { clamp, linearTicks, scaleUnit } from "./numbers.js";

/** The time range on the page, its pixels, and the request for the exact data of it. */
export class View {
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
