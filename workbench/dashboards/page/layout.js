import { ImagePanel } from "./image.js";
import { LinesPanel } from "./lines.js";
import { MARGIN } from "./panel.js";

const NARROW = 560; // CSS pixels of a plot across: with less, panels of half the width get all of it

/** Place the panels in rows from the top on; the height of all of them. */
export function arrange(panels, ctx, theme, view) {
  let height = 0;
  for (const row of rows(panels, view.width >= NARROW)) {
    const start = height && height + MARGIN.gap;
    const apart = MARGIN.left, width = (view.width - apart * (row.length - 1)) / row.length;
    row.forEach((panel, i) => {
      panel.start = start;
      panel.place(ctx, theme, view.x + i * (width + apart), start, width);
    });
    level(row);
    height = Math.max(...row.map(bottom));
  }
  return height;
}

/** How wide a margin the widest of them needs at the right. */
export function rightMargin(panels) {
  const barred = !panels.length || panels.some((panel) => panel instanceof ImagePanel);
  return barred ? MARGIN.right : MARGIN.bare;
}

function rows(panels, wide) {
  const found = [];
  panels.forEach((panel, i) => {
    panel.bearsTime = panel.timed && !panels[i + 1]?.timed;
    const last = found.at(-1);
    const pairs = wide && panel.meta.half && last?.length === 1 && last[0].meta.half;
    if (pairs) last.push(panel);
    else found.push([panel]);
  });
  return found;
}

/** Plots side by side begin and end at the same height, though one has a longer legend. */
function level(row) {
  const top = Math.max(...row.map(({ box }) => box.y));
  const end = Math.max(...row.map(({ box }) => box.y + box.height));
  for (const { box } of row.length > 1 ? row : []) Object.assign(box, { y: top, height: end - top });
}

function bottom(panel) {
  const { y, height } = panel.box;
  return y + height + (panel.bearsTime || panel instanceof LinesPanel ? MARGIN.bottom : 0);
}
