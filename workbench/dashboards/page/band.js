import { clamp } from "./numbers.js";

const FINEST = 1 / 500; // of all frequencies there are: the narrowest range

/** The range of frequencies on the page, which all axes in Hz share. */
export class Band {
  full = null;
  shown = null; // null stands for all there are

  /** Follow the panels to new ends; keep the zoom where something of it is left. */
  extend(panels) {
    const reaches = panels.map(({ meta }) => meta.reach).filter(Boolean);
    if (!reaches.length) {
      this.full = null;
      return;
    }
    const ends = [0, 1].map((end) => reaches.map((reach) => reach[end]));
    this.full = [Math.min(...ends[0]), Math.max(...ends[1])];
    if (this.shown) this.set(...this.shown);
  }

  /** Show a range, cut so that it lies inside of what there is. */
  set(low, high) {
    const [start, end] = this.full;
    const least = (end - start) * FINEST;
    const bottom = clamp(low, start, end - least);
    const top = clamp(high, bottom + least, end);
    this.shown = high > start && low < end && (bottom > start || top < end) ? [bottom, top] : null;
  }

  /** A panel's range larger by a factor around a frequency that stays where it is. */
  scaled(panel, factor, centre) {
    const { bend, straighten } = scaleOf(panel);
    const at = bend(centre);
    return this.snapped(panel, this.within(panel.meta.reach)
      .map((end) => straighten(at + (bend(end) - at) * factor)));
  }

  /** A panel's range, higher by a fraction of itself as far as there is something. */
  moved(panel, fraction, [first, last] = this.within(panel.meta.reach)) {
    const { bend, straighten } = scaleOf(panel);
    const [low, high, start, end] = [first, last, ...panel.meta.reach].map(bend);
    const by = clamp(fraction * (high - low), start - low, end - high);
    return this.snapped(panel, [low + by, high + by].map(straighten));
  }

  /** What reaches the end of an axis reaches those of all the others. */
  snapped({ meta: { reach: [start, end] } }, [low, high]) {
    const near = (end - start) * 1e-9;
    return [low <= start + near ? this.full[0] : low, high >= end - near ? this.full[1] : high];
  }

  /** The part of an axis from `start` to `end` that is in view; all of it where nothing is. */
  within([start, end]) {
    const [low, high] = this.shown ?? [start, end];
    const part = [Math.max(low, start), Math.min(high, end)];
    return part[0] < part[1] ? part : [start, end];
  }
}

/** Where octaves are equally wide on an axis, they are when zooming too. */
function scaleOf({ meta: { logarithmic } }) {
  return logarithmic ? { bend: Math.log, straighten: Math.exp }
    : { bend: (hertz) => hertz, straighten: (value) => value };
}
