import { OVERLAY } from "./markup.js";
import { clamp, niceStep, quantity } from "./numbers.js";
import { Question } from "./question.js";

const REACH = { mouse: 6, pen: 10, touch: 16 }; // CSS pixels within which an edge is taken
const CURSORS = {
  first: "ew-resize", last: "ew-resize", low: "ns-resize", high: "ns-resize",
  "first high": "nwse-resize", "last low": "nwse-resize",
  "first low": "nesw-resize", "last high": "nesw-resize", move: "move",
};

/**
 * The region that a person marks: a range of time, in an image with limits on its vertical axis.
 *
 * `region` is null or { panel, first, last, low, high }; without limits low and high are null.
 */
export class Selection {
  on = false;
  region = null;
  hold = null;
  byHand = false;

  constructor(scope) {
    this.scope = scope;
    this.button = scope.find(".workbench-select");
    this.spoken = scope.find(".workbench-selected");
    this.button.addEventListener("click", () => this.toggle(), { signal: scope.abort.signal });
    this.question = new Question((id) => {
      scope.send({
        kind: "select", id, panel: null, first: null, last: null, low: null, high: null,
        ...this.region, by_hand: this.byHand,
      });
      this.byHand = false;
    });
  }

  toggle() {
    this.on = !this.on;
    this.button.setAttribute("aria-pressed", this.on);
    this.scope.root.classList.toggle("workbench-selecting", this.on);
    this.scope.invalidate(OVERLAY);
  }

  /** Show the selection that the kernel tells, unless a person is about to change it. */
  hear(region) {
    if (!this.hold && !this.question.open) this.take(region);
  }

  /** Show the kernel's selection. */
  take(region) {
    this.hold = null;
    this.region = region && { ...region };
    this.axis = null;
    this.settled();
  }

  /** Whether a panel shows the limits of the region on its vertical axis. */
  limits(panel) {
    const { region } = this;
    return Boolean(region && panel) && region.low !== null
      && this.scope.panels[region.panel] === panel;
  }

  // ---- by hand

  /** Take hold of what is under a point: an edge, the whole region, or the corner of a new one. */
  grab(point, pointer) {
    const { scope: { panels }, region } = this;
    const part = this.partAt(point, pointer);
    const time = this.timeAt(point);
    const panel = part ? panels[region.panel] : this.scope.overTime(point.y);
    const value = this.valueAt(panel, point);
    this.hold = { part: part ?? "first low", before: region, point, time, value };
    if (part) return;
    this.axis = panel.meta.y_name;
    this.hold.fresh = {
      panel: panels.indexOf(panel), first: time, last: time, low: value, high: value,
    };
  }

  timeAt({ x }) {
    const { view } = this.scope;
    return view.toTime(clamp(x, view.x, view.x + view.width));
  }

  /** The value at a height of an image; there are no frequencies below 0. */
  valueAt(panel, { y }) {
    const value = panel?.toValue?.(y) ?? null;
    return panel?.meta.y_unit === "Hz" && value < 0 ? 0 : value;
  }

  /** "move", or the edges within reach, such as "first high"; undefined away from the region. */
  partAt({ x, y }, pointer = "mouse") {
    const { region, scope: { view } } = this;
    const panel = this.scope.overTime(y);
    if (!region || !panel) return undefined;
    const reach = REACH[pointer] ?? REACH.mouse;
    const near = (names, at, places) => {
      const away = places.map((place) => Math.abs(place - at));
      const best = away[0] < away[1] ? 0 : 1;
      return away[best] <= reach ? names[best] : "";
    };
    const across = [view.toX(region.first), view.toX(region.last)];
    const limited = this.limits(panel);
    const up = limited ? [panel.toY(region.low), panel.toY(region.high)] : [Infinity, -Infinity];
    const beside = x < across[0] - reach || x > across[1] + reach;
    if (beside || y > up[0] + reach || y < up[1] - reach) return undefined;
    const edges = [near(["first", "last"], x, across), limited ? near(["low", "high"], y, up) : ""];
    return edges.filter(Boolean).join(" ") || "move";
  }

  /** Follow the pointer. */
  drag(point) {
    const { hold } = this;
    hold.moved ||= Math.hypot(point.x - hold.point.x, point.y - hold.point.y) > 4;
    if (!hold.moved) return;
    hold.at = point;
    const base = hold.fresh ?? hold.before;
    const region = this.region = { ...base };
    const time = this.timeAt(point);
    const value = region.low === null ? null
      : this.valueAt(this.scope.panels[region.panel], point);
    if (hold.part === "move") this.shift(region, time - hold.time, value - hold.value);
    for (const edge of hold.part.split(" ")) {
      if (edge === "first" || edge === "last") region[edge] = time;
      else if (edge !== "move" && value !== null) region[edge] = value;
    }
    if (region.first > region.last) [region.first, region.last] = [region.last, region.first];
    if (region.low > region.high) [region.low, region.high] = [region.high, region.low];
    this.changed();
  }

  /** Move a region as far as its axes reach. */
  shift(region, seconds, up) {
    const { panels, view: { full } } = this.scope;
    const by = clamp(seconds, full[0] - region.first, full[1] - region.last);
    region.first += by;
    region.last += by;
    const panel = panels[region.panel];
    if (!this.limits(panel)) return;
    const { box: { y, height }, meta: { reach } } = panel;
    const ends = reach ? [Math.max(reach[0], 0), reach[1]]
      : [y + height, y].map((edge) => this.valueAt(panel, { y: edge }));
    const rise = clamp(up, ends[0] - region.low, ends[1] - region.high);
    region.low += rise;
    region.high += rise;
  }

  /** Let go. A click away from the region takes it away; whether it was a drag. */
  drop() {
    const { hold } = this;
    this.hold = null;
    if (hold.moved) this.finish(hold.before);
    else if (hold.fresh) this.clear();
    this.scope.invalidate(OVERLAY);
    return Boolean(hold.moved);
  }

  /** What is too narrow to be meant is not marked; what is too low has no limits. */
  finish(before) {
    const { region, scope: { view, panels } } = this;
    const panel = panels[region.panel];
    if ((region.last - region.first) * view.scale < 1) {
      this.region = before;
      this.changed();
    } else if (this.limits(panel) && panel.toY(region.low) - panel.toY(region.high) < 3) {
      this.region = { ...region, low: null, high: null };
      this.changed();
    }
    this.settled();
  }

  /** Back to before the drag. */
  cancel() {
    const { hold } = this;
    this.hold = null;
    if (hold?.moved) this.region = hold.before;
    if (hold?.moved) this.changed();
    return Boolean(hold?.moved);
  }

  clear(byHand = true) {
    if (!this.region) return false;
    this.region = null;
    this.changed(byHand);
    this.settled();
    return true;
  }

  /** Move the end by a fraction of what is shown; the first time it begins at the playhead. */
  extend(fraction) {
    const { view, panels, player } = this.scope;
    const panel = panels.findIndex((each) => each.timed);
    if (panel < 0) return;
    const head = clamp(view.full[0] + player.now, view.first, view.last);
    if (!this.region) this.axis = panels[panel].meta.y_name;
    this.region ??= { panel, first: head, last: head, low: null, high: null };
    const { first, last } = this.region;
    if (this.anchor !== first && this.anchor !== last) this.anchor = first;
    const end = this.anchor === first ? last : first;
    const moved = clamp(end + fraction * (view.last - view.first), ...view.full);
    const [from, to] = [this.anchor, moved].sort((a, b) => a - b);
    this.region = to > from ? { ...this.region, first: from, last: to } : null;
    this.shown = true;
    if (moved < view.first || moved > view.last) this.scope.hands.pan(fraction);
    this.changed();
    this.settled();
  }

  // ---- what follows

  /** Draw it, and tell the kernel with the next animation frame, and whether a person did it. */
  changed(byHand = true) {
    this.unsaid = true;
    this.byHand ||= byHand;
    this.scope.invalidate(OVERLAY);
  }

  /** Once per animation frame. */
  tell() {
    if (this.unsaid) this.question.ask();
    this.unsaid = false;
  }

  /** It stays like this for now: have it heard, and read out. */
  settled() {
    this.scope.player.follow();
    this.scope.invalidate(OVERLAY);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.spoken.textContent = this.region ? `Selected ${this.text.replace("\n", ", ")}` : "";
    }, 300);
  }

  /** Other panels or another extent have come: keep what of the region still means something. */
  fit() {
    const { region, scope: { panels, view: { full } } } = this;
    if (!region || this.hold) return;
    const first = Math.max(region.first, full[0]), last = Math.min(region.last, full[1]);
    const kept = { ...region, first, last };
    const panel = panels[region.panel];
    if (this.axis === null) this.axis = panel?.meta.y_name;
    if (!panel?.timed || panel.meta.y_name !== this.axis) {
      const other = panels.findIndex((each) => each.timed);
      Object.assign(kept, { panel: other, low: null, high: null });
      this.axis = panels[other]?.meta.y_name;
    }
    if (first >= last || kept.panel < 0) {
      this.clear(false);
    } else if (JSON.stringify(kept) !== JSON.stringify(region)) {
      this.region = kept;
      this.changed(false);
      this.settled();
    }
  }

  /** Its bounds and its duration with their units. */
  get text() {
    const { region: { panel, first, last, low, high }, scope: { view, panels } } = this;
    const long = quantity(last - first, "s", niceStep(1 / view.scale / 2));
    const text = `${view.tell(first)} … ${view.tell(last)} · ${long}`;
    if (low === null || !panels[panel]) return text;
    const { meta: { y_unit }, box: { height }, values } = panels[panel];
    const step = niceStep(Math.abs(values.at(-1) - values[0]) / height || 1);
    const size = Math.max(Math.abs(low), Math.abs(high));
    return `${text}\n${quantity(low, y_unit, step, size)} … ${quantity(high, y_unit, step, size)}`;
  }

  /** Where to show the text, while it is wanted. */
  get note() {
    const { region, hold, shown, scope: { view, panels } } = this;
    if (!region || !(hold?.moved || shown)) return null;
    if (hold?.moved) return { text: this.text, ...hold.at };
    const x = clamp(view.toX(region.last), view.x, view.x + view.width);
    return { text: this.text, x, y: panels[region.panel].box.y + 40 };
  }

  cursorAt(point, pointer) {
    return this.on && point ? CURSORS[this.partAt(point, pointer)] ?? "" : "";
  }

  draw(ctx, theme) {
    const { region, scope: { view, panels } } = this;
    if (!region) return;
    const [left, right] = [region.first, region.last]
      .map((time) => Math.round(clamp(view.toX(time), view.x - 9, view.x + view.width + 9)));
    for (const panel of panels.filter((each) => each.timed)) {
      const { box } = panel;
      const limited = this.limits(panel);
      const top = limited ? Math.round(panel.toY(region.high)) : box.y;
      const bottom = limited ? Math.round(panel.toY(region.low)) : box.y + box.height;
      ctx.save();
      ctx.beginPath();
      ctx.rect(box.x - 2, box.y, box.width + 4, box.height);
      ctx.clip();
      ctx.fillStyle = theme.brand;
      ctx.globalAlpha = 0.22;
      ctx.fillRect(left, top, right - left, bottom - top);
      ctx.globalAlpha = 1;
      this.outline(ctx, theme, limited, left, top, right - left, bottom - top);
      ctx.restore();
    }
  }

  /** Edges that are seen on every colour; those of a time range are its ends only. */
  outline(ctx, theme, limited, x, y, width, height) {
    const edges = [[x, y, 0, height], [x + width, y, 0, height]];
    if (limited) edges.push([x, y, width, 0], [x, y + height, width, 0]);
    for (const [colour, halo] of [[theme.back, 1], [theme.brand, 0]]) {
      ctx.fillStyle = colour;
      for (const [left, top, across, down] of edges) {
        ctx.fillRect(left - halo, top - halo, across + 2 * halo + 1, down + 2 * halo + 1);
      }
    }
  }

  dispose() {
    clearTimeout(this.timer);
    this.question.dispose();
  }
}
