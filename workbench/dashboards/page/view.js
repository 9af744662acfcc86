import { Band } from "./band.js";
import { clamp, fittingTicks, niceStep, quantity, scaleUnit } from "./numbers.js";

/** The ranges of time and of frequency on the page, and its pixels. */
export class View {
  first = 0;
  last = 1;
  full = [0, 1e-3];
  zoomed = false;
  ticks = [];
  band = new Band();

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
  put(x, width, ratio) {
    Object.assign(this, { x, width, ratio });
  }

  /** What is in view, as text. */
  get place() {
    return `${this.first} ${this.last} ${this.band.shown}`;
  }

  get scale() {
    return this.width / (this.last - this.first);
  }

  toX = (time) => this.x + (time - this.first) * this.scale;

  toTime(x) {
    return this.first + (x - this.x) / this.scale;
  }

  /** A time as text, as exact as the pixels are. */
  tell(time) {
    return quantity(time, "s", niceStep(1 / this.scale / 2), this.last - this.first);
  }

  /** What the kernel has to know; null stands for all there is. */
  get asked() {
    const [first, last] = this.zoomed ? [this.first, this.last] : [null, null];
    const columns = Math.round(this.width * this.ratio);
    return { first, last, columns, ratio: this.ratio, band: this.band.shown };
  }

  /** The same as text. */
  get told() {
    return JSON.stringify(this.asked);
  }

  /** Ticks and label of the time axis. */
  measure(ctx) {
    const size = Math.max(Math.abs(this.first), Math.abs(this.last), this.last - this.first);
    const small = this.last - this.first < 0.2;
    const { factor, unit } = small ? { factor: 1e3, unit: "ms" } : scaleUnit("s", size);
    this.ticks = fittingTicks(ctx, this.first, this.last, this.width, factor);
    this.label = `time (${unit})`;
  }
}
