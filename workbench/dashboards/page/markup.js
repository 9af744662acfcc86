export const ICONS = {
  play: '<path d="M4 2.5v11l9-5.5z" fill="currentColor"/>',
  pause: '<path d="M5 3v10M11 3v10" stroke-width="3"/>',
  loop: '<path d="M2.5 8V6.5a2 2 0 0 1 2-2H13M11 2l2.5 2.5L11 7M13.5 8v1.5a2 2 0 0 1-2 2H3'
    + 'M5 14l-2.5-2.5L5 9"/>',
  select: '<path d="M5 2.5H2.5V5M2.5 7.5v1M2.5 11v2.5H5M7.5 2.5h1M7.5 13.5h1M11 2.5h2.5V5'
    + 'M13.5 7.5v1M13.5 11v2.5H11"/>',
  match: '<path d="M3 13V6.5M6.3 13V3M9.7 13V3M13 13V6.5M1.5 6.5h3M11.5 6.5h3"/>',
  in: '<path d="M8 3v10M3 8h10"/>',
  out: '<path d="M3 8h10"/>',
  lower: '<path d="M3.5 2v12M1.5 4l2-2 2 2M1.5 12l2 2 2-2M11 5v6M8 8h6"/>',
  higher: '<path d="M3.5 2v12M1.5 4l2-2 2 2M1.5 12l2 2 2-2M8 8h6"/>',
  undo: '<path d="M5.5 3 2.5 6l3 3M2.5 6h7a4 4 0 0 1 0 8H6"/>',
  redo: '<path d="M10.5 3l3 3-3 3M13.5 6h-7a4 4 0 0 0 0 8H10"/>',
  initial: '<path d="M3.2 6.5A5.2 5.2 0 1 1 2.8 9M2.8 3v3.7h3.7"/>',
  copy: '<path d="M6 5.5h7.5V14H6zM10 5.5V2H2.5v8.5H6"/>',
  save: '<path d="M2.5 2.5h8.5l2.5 2.5v8.5h-11zM5 2.5V6h5V2.5M5 13.5V9.5h6v4"/>',
  load: '<path d="M2 13V3h4l1.5 2H14v8zM8 7.2v4M6 9l2-2 2 2"/>',
  download: '<path d="M8 2v8M4.7 7 8 10.3 11.3 7M2.5 13.5h11"/>',
  export: '<path d="M6.5 3H2.5v10.5H13V9.5M9 2.5h4.5V7M13.5 2.5 7 9"/>',
  done: '<path d="M3 8.5 6.5 12 13 4.50"/>',
  reset: '<path d="M2 3v10M14 3v10M4.5 8h7M6.5 6l-2 2 2 2M9.5 6l2 2-2 2"/>',
};

const HELP = "Arrow left and right pan, plus and minus zoom, Home shows everything, Space plays "
  + "or pauses. Drag to zoom into a region, shift-drag to pan, click to set the play position, "
  + "double-click to show everything, Ctrl and wheel to zoom. A and B choose between two tracks. "
  + "F zooms in in frequency, Shift with F out, arrow up and down pan; Alt and wheel do so under the "
  + "pointer, and on the labels of a frequency axis a drag zooms into a range, shift-drag pans. "
  + "S switches to selecting: drag to mark a region, which is then what plays; Shift with arrow left "
  + "and right extends it, Escape takes it away.";

const FILES = {
  wav: "WAV: what is heard", png: "PNG: the picture", svg: "SVG: the picture for print",
  csv: "CSV: the lines as a table", npz: "NPZ: all arrays with axes",
};

/** The layers of a picture, one canvas each; as bits of what has to be drawn again. */
export const AXES = 1, DATA = 2, OVERLAY = 4, ALL = 7;

/** The elements of one scope. */
export function markup(help) {
  const icon = (name) => `<svg viewBox="0 0 16 16" aria-hidden="true">${ICONS[name]}</svg>`;
  const button = (name, label, hint, more = "") => `<button type="button" title="${hint}"
    class="workbench-${name}" aria-label="${label}" ${more}>${icon(name)}</button>`;
  const action = (name, icon, label, hint, more = "") =>
    button(icon, label, hint, `data-action="${name}" data-icon="${icon}" ${more}`);
  const files = Object.entries(FILES).map(([form, label]) => `<button type="button"
    role="menuitem" tabindex="-1" data-form="${form}">${label}</button>`);
  const job = (name, label, stop = "") => `<div class="workbench-${name}" role="group" aria-label="${label}" hidden>
      <div role="progressbar" aria-label="Progress" aria-valuemin="0" aria-valuemax="100"><i></i></div>
      <span></span><button type="button" class="${stop}">Stop</button>
    </div>`;
  return `<div class="workbench-figure" role="img" tabindex="0" aria-label="Empty plot"
      aria-describedby="${help}">
      <canvas class="workbench-axes"></canvas><canvas class="workbench-data"></canvas>
      <canvas class="workbench-overlay"></canvas>
      <div class="workbench-readout"></div><div class="workbench-progress"></div>
    </div>
    ${job("job", "Computation", "workbench-stop")}
    <div class="workbench-bar" role="group" aria-label="Player and zoom">
      ${button("play", "Play", "Play (Space)")}
      <span class="workbench-position">0.00 / 0.00 s</span>
      ${button("loop", "Loop", "Play again and again", 'aria-pressed="false"')}
      <input class="workbench-volume" type="range" min="0" max="1" step="0.01" value="1"
        aria-label="Volume" title="Volume">
      <div class="workbench-tracks" id="${help}-tracks" role="radiogroup" aria-label="Track"
        title="What is heard (A, B)" hidden></div>
      ${button("match", "Equally loud", "Make all tracks equally loud", 'aria-pressed="true" hidden')}
      <span class="workbench-gap"></span>
      <span class="workbench-done" role="status" aria-live="polite"></span>
      <button type="button" class="workbench-restore" hidden>Restore the settings from before</button>
      <div class="workbench-actions" role="group" aria-label="Design" hidden>
        ${action("undo", "undo", "Undo", "Undo (Ctrl+Z)")}
        ${action("redo", "redo", "Redo", "Redo (Ctrl+Shift+Z)")}
        ${action("reset", "initial", "Reset parameters", "Reset all parameters")}
        ${action("copy", "copy", "Copy code", "Copy the code that computes this")}
        ${action("save", "save", "Save design", "Save all settings in a file")}
        ${action("load", "load", "Load design", "Load settings from a file")}
        ${action("download", "download", "Download", "Download what is shown or heard",
    'aria-haspopup="menu" aria-expanded="false"')}
        ${action("export", "export", "Export", "Export as a file for Keras, TensorFlow, LiteRT, ONNX "
    + "or XLA", `aria-expanded="false" aria-controls="${help}-export"`)}
        <div class="workbench-menu" role="menu" aria-label="Download" hidden>
          ${files.join("")}</div>
        <input class="workbench-file" type="file" accept=".json,application/json" hidden
          aria-label="Design file">
      </div>
      <div class="workbench-zoom">
        ${button("select", "Select", "Drag to select (S)", 'aria-pressed="false"')}
        ${button("out", "Zoom out", "Zoom out (−)")}${button("in", "Zoom in", "Zoom in (+)")}
        ${button("higher", "More frequencies", "Zoom out in frequency (Shift+F)", "hidden")}
        ${button("lower", "Fewer frequencies", "Zoom in in frequency (F)", "hidden")}
        ${button("reset", "Show everything", "Show everything (Home)")}
      </div>
      <audio class="workbench-audio" preload="auto"></audio><audio preload="auto"></audio>
    </div>
    <section class="workbench-export-panel" id="${help}-export" aria-label="Export" hidden>
      <form>
        <label>Export as <select></select></label>
        <button type="submit">Export</button>
        ${job("exporting", "Export")}
      </form>
      <p class="workbench-problem" role="alert"></p>
      <p class="workbench-old" role="status"></p>
      <table hidden><caption></caption><tbody></tbody></table>
    </section>
    <div class="workbench-status" role="status" aria-live="polite"></div>
    <div class="workbench-working workbench-hidden" role="status" aria-live="polite"></div>
    <div class="workbench-selected workbench-hidden" role="status" aria-live="polite"></div>
    <div class="workbench-hidden" id="${help}">${HELP}</div>`;
}
