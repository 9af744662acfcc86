// Runs in the page of the soak: keeps what the kernel sends, and tells what the page shows.
// `MODULE` stands for the source of the scope's module, with which a fresh picture is drawn.
(() => {
  const frames = new Map(); // the newest of each scope, by the id of its comm
  const complaints = []; // what the kernel prints as an error
  let drawn = null;
  let heard = null;

  document.addEventListener("workbench:drawn", ({ detail, target }) => {
    if (!target.closest(".soak-fresh")) drawn = detail;
  }, { capture: true });

  const hear = (_, { msg, direction }) => {
    if (direction !== "recv") return;
    const { header: { msg_type: type }, content } = msg;
    if (type === "comm_msg" && content.data?.content?.kind === "frame") {
      frames.set(content.comm_id, { message: content.data.content, buffers: msg.buffers });
    } else if (type === "error") {
      complaints.push(content.traceback.join("\n"));
    } else if (type === "stream" && content.name === "stderr") {
      complaints.push(content.text);
    }
  };
  const listen = () => {
    const context = window.jupyterapp?.shell.currentWidget?.context;
    const kernel = context?.sessionContext?.session?.kernel;
    if (!kernel || kernel === heard) return;
    heard = kernel;
    kernel.anyMessage.connect(hear);
  };
  setInterval(listen, 10);

  const bytes = (buffer) => ArrayBuffer.isView(buffer)
    ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength) : new Uint8Array(buffer);
  const digest = async (buffers) => {
    const all = new Uint8Array(await new Blob(buffers.map(bytes)).arrayBuffer());
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-1", all));
    return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  // ---- controls, in the order in which they stand

  const KINDS = {
    ".noUi-handle": (e) => ["IntSlider", Number(e.getAttribute("aria-valuenow"))],
    "input[type=number]": (e) => ["FloatText", e.value === "" ? null : Number(e.value)],
    "input[type=text]": (e) => ["Text", e.value],
    "input[type=checkbox]": (e) => ["Checkbox", e.checked],
    select: (e) => ["Dropdown", e.selectedOptions[0]?.text.replaceAll("\xa0", " ") ?? null],
    ".widget-html-content": (e) => ["HTML", e.textContent],
    ".widget-toggle-button": (e) => ["ToggleButton", e.classList.contains("mod-active")],
  };
  const controls = () => {
    const names = Object.keys(KINDS);
    return [...document.querySelectorAll(names.map((n) => `.workbench-controls ${n}`).join())]
      .map((element) => KINDS[names.find((name) => element.matches(name))](element));
  };

  const text = (selector) => [...document.querySelectorAll(selector)].map((e) => e.textContent);
  const frame = (n = 1) => new Promise((done) => {
    requestAnimationFrame(() => (n > 1 ? frame(n - 1).then(done) : done()));
  });

  // ---- what a page that has just come up would draw of the newest frame

  let module;
  const pixels = (root) => ["axes", "data"].map((name) => {
    const canvas = root.querySelector(`.workbench-${name}`), { width, height } = canvas;
    const copy = Object.assign(document.createElement("canvas"), { width, height });
    const context = copy.getContext("2d", { willReadFrequently: true });
    if (width && height) context.drawImage(canvas, 0, 0);
    const data = width && height ? context.getImageData(0, 0, width, height).data : [];
    return { name, width, height, words: new Uint32Array(data.buffer ?? 0) };
  });
  /** In how many pixels two pictures differ, and where the first of them lies; empty if in none. */
  const unlike = (one, other) => one.flatMap(({ name, width, height, words }, i) => {
    const now = other[i];
    if (width !== now.width || height !== now.height) {
      return [`${name}: ${width} x ${height} is ${now.width} x ${now.height}`];
    }
    const at = words.findIndex((word, n) => word !== now.words[n]);
    const count = words.reduce((sum, word, n) => sum + (word !== now.words[n]), 0);
    return count ? [`${name}: ${count} pixels, the first at ${at % width}, ${
      Math.floor(at / width)}`] : [];
  });
  const fresh = async ({ message, buffers }) => {
    module ??= await import(URL.createObjectURL(
      new Blob([MODULE], { type: "text/javascript" })));
    const live = document.querySelector(".workbench-scope");
    const host = document.createElement("div");
    host.className = "soak-fresh";
    host.style.cssText = "position:absolute; visibility:hidden; left:0; top:0; "
      + `width:${live.clientWidth}px`;
    live.closest(".jp-OutputArea").append(host);
    let tell;
    const on = (name, listener) => { if (name === "msg:custom") tell = listener; };
    const dispose = module.default.render({ model: { on, off() {}, send() {} }, el: host });
    try {
      await frame(2);
      tell({ ...message, for: "soak" }, buffers);
      await frame(3);
      return pixels(host);
    } finally {
      dispose();
      host.remove();
    }
  };

  window.soak = {
    complaints,
    /** What is to be seen; `comm` is that of the scope, `redraw` asks for the pixels as well. */
    async facts(comm, redraw) {
      await frame(2);
      const last = frames.get(comm);
      const shown = document.querySelector(".workbench-scope");
      if (!shown) return { scopes: 0 };
      const buttons = [...shown.querySelectorAll("[data-action]")];
      const picture = redraw && last ? unlike(await fresh(last), pixels(shown)) : null;
      return {
        scopes: document.querySelectorAll(".workbench-scope").length,
        drawn: drawn && { id: drawn.id, values: drawn.values },
        message: last?.message ?? null,
        hash: last ? await digest(last.buffers) : null,
        pixels: picture,
        controls: controls(),
        possible: buttons.filter((each) => each.getAttribute("aria-disabled") === "false")
          .map((each) => each.dataset.action),
        room: shown.clientWidth,
        summary: shown.querySelector(".workbench-figure").getAttribute("aria-label"),
        status: shown.querySelector(".workbench-status").textContent,
        alerts: text(".workbench-gallery [role=alert]").filter(Boolean),
        busy: shown.matches(".workbench-computing, :has([aria-busy])"),
        job: !shown.querySelector(".workbench-job").hidden,
      };
    },
  };
})();
