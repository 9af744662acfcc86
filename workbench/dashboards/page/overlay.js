import { clamp } from "./numbers.js";

/** What lies over the pictures: zoom and selection, playhead, cross-hair and readout. */
export class Overlay {
  constructor(scope) {
    this.scope = scope;
    this.readout = scope.find(".workbench-readout");
  }

  draw(ctx) {
    const { panels, theme, selection, hands: { drag } } = this.scope;
    const timed = panels.filter((panel) => panel.timed);
    ctx.fillStyle = theme.brand;
    ctx.globalAlpha = 0.3;
    for (const panel of drag?.moved && !drag.pan ? timed : []) this.drawDrag(ctx, panel, drag);
    ctx.globalAlpha = 1;
    selection.draw(ctx, theme);
    this.drawPlayhead(ctx, timed);
    this.drawHover(ctx, timed);
  }

  /** The range that a drag marks: of time, or of frequency in what has it. */
  drawDrag(ctx, panel, { axis, from, to }) {
    const { box } = panel;
    if (!axis) {
      ctx.fillRect(from, box.y, to - from, box.height);
    } else if (panel.meta.reach) {
      const [top, bottom] = [from, to].sort((a, b) => a - b)
        .map((y) => clamp(panel.toY(axis.toValue(y)), box.y, box.y + box.height));
      ctx.fillRect(box.x, top, box.width, bottom - top);
    }
  }

  drawPlayhead(ctx, timed) {
    const { view, theme, player } = this.scope;
    const x = view.toX(view.full[0] + player.now);
    if (!player.touched || x < view.x || x > view.x + view.width) return;
    for (const { box } of timed) {
      ctx.fillStyle = theme.back;
      ctx.fillRect(x - 2, box.y, 4, box.height);
      ctx.fillStyle = theme.brand;
      ctx.fillRect(x - 1, box.y, 2, box.height);
    }
  }

  /** What the panel under the pointer tells; others mark its time and its frequency. */
  drawHover(ctx, timed) {
    const { scope, scope: { view, theme, selection: { note }, hands: { hover } } } = this;
    if (note) return this.tell(note.text, note.x, note.y);
    const panel = scope.under(hover);
    const probe = panel?.probe(hover, view);
    if (!probe) return this.tell("");
    if ("x" in probe) {
      for (const each of panel.timed ? timed : [panel]) {
        each.hair(ctx, Math.round(probe.x), each.box.y, 1, each.box.height, theme);
      }
    }
    if ("y" in probe) panel.hair(ctx, view.x, Math.round(probe.y), view.width, 1, theme);
    const along = panel.timed ? probe.y : probe.x;
    if (panel.meta.reach) this.drawHertz(ctx, panel, panel.toValue(along));
    for (const mark of probe.marks ?? []) {
      ctx.strokeStyle = theme.ink;
      ctx.beginPath();
      ctx.arc(...mark, 4.5, 0, 7);
      ctx.stroke();
    }
    this.tell(probe.text, Math.round(probe.x ?? probe.marks[0][0]), hover.y);
  }

  /** A frequency that a panel is pointed at, in all others that have an axis of it. */
  drawHertz(ctx, pointed, hertz) {
    const { panels, theme } = this.scope;
    for (const panel of panels.filter((each) => each.meta.reach && each !== pointed)) {
      const { x, y, width, height } = panel.box;
      const at = Math.round(panel.timed ? panel.toY(hertz) : panel.toX(hertz));
      if (panel.timed && at >= y && at <= y + height) panel.hair(ctx, x, at, width, 1, theme);
      if (!panel.timed && at >= x && at <= x + width) panel.hair(ctx, at, y, 1, height, theme);
    }
  }

  /** Show a text beside a point, inside the figure. */
  tell(text, x, y) {
    this.readout.textContent = text;
    if (!text) return;
    const { readout: { offsetWidth: wide, offsetHeight: high }, scope: { size } } = this;
    const right = x + 14 + wide < size.width;
    const left = right ? x + 14 : clamp(x - 14 - wide, 0, size.width - wide);
    const top = y - high - 10 > 0 ? y - high - 10 : y + 16;
    this.readout.style.transform = `translate(${left}px, ${top}px)`;
  }
}
