import { aligned, clamp, format, niceStep, quantity } from "./numbers.js";
import { fitted, MARGIN, Panel } from "./panel.js";

const PLANE = { smallest: 120, title: 18, caption: 20, gap: 16 };
const EDGE = 1 + 1e-6; // float32 may put a point of the circle that far out

/** Paths of the markers about (x, y), in the order of the groups; one is about `r` in radius. */
const MARKERS = [
  (ctx, x, y, r) => polyline(ctx, [[x - r, y - r], [x + r, y + r], null, [x - r, y + r],
    [x + r, y - r]]),
  (ctx, x, y, r) => {
    ctx.moveTo(x + r, y);
    ctx.arc(x, y, r, 0, 7);
  },
  (ctx, x, y, r) => polyline(ctx, [[x, y - 1.3 * r], [x + 1.2 * r, y + 0.9 * r],
    [x - 1.2 * r, y + 0.9 * r], [x, y - 1.3 * r]]),
  (ctx, x, y, r) => ctx.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r),
  (ctx, x, y, r) => polyline(ctx, [[x - 1.3 * r, y], [x + 1.3 * r, y], null, [x, y - 1.3 * r],
    [x, y + 1.3 * r]]),
  (ctx, x, y, r) => polyline(ctx, [[x, y - 1.3 * r], [x + 1.3 * r, y], [x, y + 1.3 * r],
    [x - 1.3 * r, y], [x, y - 1.3 * r]]),
];

/** A path through points; null lifts the pen. */
function polyline(ctx, points) {
  points.forEach((point, i) => {
    if (point && points[i - 1]) ctx.lineTo(...point);
    else if (point) ctx.moveTo(...point);
  });
}

/** Complex planes side by side: groups of points, the unit circle, and what lies outside of it. */
export class ZPlanePanel extends Panel {
  get timed() {
    return false;
  }

  get names() {
    return this.meta.names;
  }

  /** Points as [{ plane, group, re, im, size }]. */
  read({ planes, names }, [buffer]) {
    const parts = aligned(Float64Array, buffer, this.parts);
    this.parts = parts;
    this.points = [];
    planes.forEach(({ counts }, plane) => names.forEach((_, group) => {
      for (let i = 0; i < counts[group]; i++) {
        const at = 2 * this.points.length;
        const [re, im] = [parts[at], parts[at + 1]];
        this.points.push({ plane, group, re, im, size: Math.hypot(re, im) });
      }
    }));
  }

  /** As many planes in a row as have room, and rows that are as full as each other. */
  arrange(width) {
    const { planes, height } = this.meta;
    const count = planes.length;
    const most = Math.floor((width + PLANE.gap) / (Math.min(PLANE.smallest, height) + PLANE.gap));
    const rows = Math.ceil(count / clamp(most, 1, count));
    const columns = Math.ceil(count / rows);
    const side = Math.floor(Math.min(height, (width + PLANE.gap) / columns - PLANE.gap));
    return { rows, columns, side, pitch: PLANE.title + side + PLANE.caption + MARGIN.gap };
  }

  heightIn(width) {
    const { rows, pitch } = this.arrange(width);
    return rows * pitch - MARGIN.gap;
  }

  /** Place of a plane: its left and top edge and its side. */
  square(index) {
    const { box } = this;
    const { columns, side, pitch } = this.arrange(box.width);
    const x = box.x + (index % columns) * (side + PLANE.gap);
    return { x, y: box.y + Math.floor(index / columns) * pitch + PLANE.title, side };
  }

  /** Place of a point; what lies beyond the limit is put to the edge, in its direction. */
  at({ plane, re, im }) {
    const { x, y, side } = this.square(plane);
    const { limit } = this.meta;
    const inward = Math.min(1, (0.96 * limit) / Math.max(Math.abs(re), Math.abs(im), 1e-30));
    const scale = (side / 2 / limit) * (Math.max(Math.abs(re), Math.abs(im)) > limit ? inward : 1);
    return [x + side / 2 + re * scale, y + side / 2 - im * scale];
  }

  drawAxes(ctx, theme) {
    this.drawTitle(ctx, theme);
    this.meta.planes.forEach(({ title, chosen }, index) => {
      const { x, y, side } = this.square(index);
      const middle = [Math.round(x + side / 2), Math.round(y + side / 2)];
      const radius = side / 2 / this.meta.limit;
      ctx.fillStyle = theme.plot;
      ctx.fillRect(x, y, side, side);
      ctx.fillStyle = theme.line;
      ctx.fillRect(x, middle[1], side, 1);
      ctx.fillRect(middle[0], y, 1, side);
      ctx.strokeStyle = theme.soft;
      ctx.beginPath();
      ctx.arc(x + side / 2, y + side / 2, radius, 0, 7);
      ctx.stroke();
      ctx.strokeStyle = chosen ? theme.brand : theme.edge;
      ctx.lineWidth = chosen ? 2 : 1;
      ctx.strokeRect(x - 0.5, y - 0.5, side + 1, side + 1);
      ctx.lineWidth = 1;
      ctx.fillStyle = chosen ? theme.ink : theme.soft;
      ctx.font = `${chosen ? 600 : 400} 11px ${theme.font}`;
      ctx.textAlign = "left";
      ctx.fillText(fitted(ctx, chosen ? `✓ ${title}` : title, side), x, y - 9);
      ctx.font = `9px ${theme.font}`;
      ctx.fillStyle = theme.soft;
      ctx.fillText("Im", middle[0] + 3, y + 6);
      ctx.textAlign = "right";
      ctx.fillText("Re", x + side - 1, middle[1] - 5);
    });
    ctx.font = `11px ${theme.font}`;
  }

  drawSwatch(ctx, theme, group, x, y) {
    this.mark(ctx, theme, group, [[x + 8, y]], 3.5);
  }

  /** Markers of a group. */
  mark(ctx, theme, group, places, radius) {
    ctx.strokeStyle = theme.colours[group % theme.colours.length];
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    for (const [x, y] of places) MARKERS[group % MARKERS.length](ctx, x, y, radius);
    ctx.stroke();
    ctx.lineWidth = 1;
  }

  draw(ctx, _view, theme) {
    const radius = this.square(0).side < 150 ? 2.8 : 3.4;
    ctx.font = `11px ${theme.font}`;
    ctx.textBaseline = "middle";
    this.drawOutside(ctx, theme, 2.2 * radius);
    this.meta.names.forEach((_, group) => {
      const own = this.points.filter((point) => point.group === group);
      this.mark(ctx, theme, group, own.map((point) => this.at(point)), radius);
    });
    this.meta.planes.forEach((_, plane) => this.drawCaption(ctx, theme, plane));
  }

  /** Whether a point is where none of its group should be. */
  isOutside({ group, size }) {
    return this.meta.bounded[group] && size > EDGE;
  }

  /** A disc under each point that is outside the unit circle and should not be. */
  drawOutside(ctx, theme, radius) {
    ctx.fillStyle = ctx.strokeStyle = theme.alert;
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    for (const point of this.points) {
      if (!this.isOutside(point)) continue;
      const [x, y] = this.at(point);
      ctx.moveTo(x + radius, y);
      ctx.arc(x, y, radius, 0, 7);
    }
    ctx.globalAlpha = 0.25;
    ctx.fill();
    ctx.globalAlpha = 1;
    ctx.stroke();
  }

  /** Below a plane: the largest magnitude that has a bound, and how many are beyond it. */
  drawCaption(ctx, theme, plane) {
    const own = this.points
      .filter((point) => point.plane === plane && this.meta.bounded[point.group]);
    if (!own.length) return;
    const outside = own.filter((point) => this.isOutside(point)).length;
    const largest = `max |z| ${format(Math.max(...own.map(({ size }) => size)), 4)}`;
    const { x, y, side } = this.square(plane);
    const texts = outside ? [`${outside} outside · ${largest}`, `${outside} outside`] : [largest];
    ctx.font = `${outside ? 600 : 400} 11px ${theme.font}`;
    ctx.fillStyle = outside ? theme.alert : theme.soft;
    ctx.textAlign = "left";
    const text = texts.find((each) => ctx.measureText(each).width <= side) ?? texts.at(-1);
    ctx.fillText(text, x, y + side + 11);
  }

  /** The point under the pointer: whose it is, its magnitude and its angle. */
  probe({ x, y }) {
    const { names, planes, sample_rate: rate } = this.meta;
    let nearest = null, best = 12;
    for (const point of this.points) {
      const place = this.at(point);
      const away = Math.hypot(place[0] - x, place[1] - y);
      if (away <= best) [nearest, best] = [{ ...point, place }, away];
    }
    if (!nearest) return null;
    const turn = Math.atan2(nearest.im, nearest.re) / (2 * Math.PI);
    const angle = rate ? quantity(turn * rate, "Hz", niceStep(rate / 5e4))
      : quantity(360 * turn, "°", 0.1, 1);
    const whose = [planes[nearest.plane].title, names[nearest.group]].filter(Boolean).join(" · ");
    const text = `${whose}\nmagnitude ${format(nearest.size, 5)} · ${angle}`;
    return { text, marks: [nearest.place] };
  }
}
