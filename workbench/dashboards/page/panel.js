export const MARGIN = { left: 62, right: 72, bare: 24, title: 22, gap: 8, bottom: 40 };

/** What all panels share: a place on the page, a title, a vertical axis. */
export class Panel {
  /** Width of what stands right of the title. */
  sideWidth = 0;

  /** Take a new description and its buffers. */
  update(meta, buffers) {
    this.meta = meta;
    this.read(meta, buffers);
  }

  /** Title above, grid, frame, ticks and label at the left. */
  drawAxes(ctx, theme, view) {
    const { x, y, width, height } = this.box;
    ctx.fillStyle = theme.plot;
    ctx.fillRect(x, y, width, height);
    const { ticks, label } = this.axis(height);
    ctx.fillStyle = theme.line;
    for (const tick of view.ticks) ctx.fillRect(Math.round(view.toX(tick.value)), y, 1, height);
    for (const tick of ticks) ctx.fillRect(x, Math.round(this.toY(tick.value)), width, 1);
    ctx.strokeStyle = theme.edge;
    ctx.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
    ctx.textAlign = "right";
    for (const tick of ticks) {
      ctx.fillStyle = theme.edge;
      ctx.fillRect(x - 5, Math.round(this.toY(tick.value)), 4, 1);
      ctx.fillStyle = theme.soft;
      ctx.fillText(tick.text, x - 8, this.toY(tick.value) + 0.5);
    }
    upright(ctx, label, 11, y + height / 2, height + MARGIN.title, theme);
    ctx.textAlign = "left";
    ctx.fillStyle = theme.ink;
    ctx.font = `600 12px ${theme.font}`;
    ctx.fillText(fitted(ctx, this.meta.title, width - this.sideWidth), x, y - 10);
    ctx.font = `11px ${theme.font}`;
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
  let cut = text;
  while (cut && ctx.measureText(cut).width > width) cut = `${cut.slice(0, -2)}…`;
  return cut;
}
