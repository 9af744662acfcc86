// Runs in the page: notes when a slider's value changes and when a picture of a value is drawn.
// Times are those of performance.now(). A slider's value is `origin + step * aria-valuenow`,
// rounded to a tenth: a slider that counts positions has another scale than its parameter.
(() => {
  const probe = { inputs: [], frames: [], handle: null };
  let newestEvent = 0;
  for (const name of ["pointerdown", "pointermove", "mousemove", "keydown"])
    window.addEventListener(name, (event) => { newestEvent = event.due ?? event.timeStamp; }, true);

  probe.watchSlider = (handle, origin, step) => {
    Object.assign(probe, { handle, origin, step });
    new MutationObserver(() => probe.inputs.push({ time: newestEvent, value: probe.now() }))
      .observe(handle, { attributes: true, attributeFilter: ["aria-valuenow"] });
  };
  probe.now = () => {
    const position = Number(probe.handle.getAttribute("aria-valuenow"));
    return Math.round((probe.origin + position * probe.step) * 10) / 10;
  };
  const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
  // Presses an arrow key so many times, each when the picture of the one before is there, and turns
  // before the ends; returns how long each took. The keys are made here, as moves are below.
  probe.press = async (count, low, high) => {
    const took = [], edge = (high - low) / 12;
    let key = "ArrowRight";
    for (let number = 0; number < count; number++) {
      probe.clear();
      const value = probe.now(), start = performance.now();
      if (value <= low + edge || value >= high - edge)
        key = value < (low + high) / 2 ? "ArrowRight" : "ArrowLeft";
      probe.handle.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
      while (!probe.caughtUp()) {
        await wait(5);
        if (performance.now() - start > 30000) throw new Error("no picture for 30 s");
      }
      took.push(probe.frames.at(-1).time - probe.inputs[0].time);
      await wait(30 + 50 * Math.random()); // single moves, with no fixed phase to the screen's frames
    }
    return took;
  };
  // Drags the slider to one end and to the other, in so many moves each, and waits at each end until
  // the picture is there: so no value comes twice between two waits, and it is plain which input a
  // frame shows. Returns the inputs and the frames of each way. The events are made here: a
  // mouse that is moved from outside takes the browser and its driver more than many a picture. A
  // move is as old as it was due, however late a busy page comes to it.
  probe.drag = async (seconds, movesPerSecond, moves) => {
    const { handle } = probe, found = [], pause = 1000 / movesPerSecond;
    const track = handle.closest(".noUi-target").getBoundingClientRect();
    const grip = handle.getBoundingClientRect();
    const y = grip.y + grip.height / 2;
    const send = (name, x, due = performance.now()) => {
      const how = { bubbles: true, cancelable: true, clientX: x, clientY: y, buttons: name === "up" ? 0 : 1 };
      for (const event of [new PointerEvent(`pointer${name}`, how), new MouseEvent(`mouse${name}`, how)])
        handle.dispatchEvent(Object.assign(event, { due }));
    };
    const way = async (place) => {
      probe.clear();
      const start = performance.now();
      for (let step = 1; step <= moves; step = 1 + Math.round((performance.now() - start) / pause)) {
        await wait(start + step * pause - performance.now());
        send("move", track.x + track.width * place(step / moves), start + step * pause);
      }
      while (!probe.caughtUp()) await wait(20);
      found.push([[...probe.inputs], [...probe.frames]]);
    };
    send("down", grip.x + grip.width / 2);
    send("move", track.x);
    await wait(1000);
    for (const start = performance.now(); performance.now() - start < 1000 * seconds;) {
      await way((part) => part);
      await way((part) => 1 - part);
    }
    send("up", track.x);
    return found;
  };
  probe.clear = () => { probe.inputs.length = 0; probe.frames.length = 0; };
  probe.caughtUp = () => {
    const frame = probe.frames.at(-1);
    return frame !== undefined && probe.inputs.length > 0 && frame.value === probe.now();
  };

  const drawn = (value, time = performance.now()) => {
    if (Number.isFinite(value)) probe.frames.push({ time, value: Math.round(value * 10) / 10 });
  };

  // A text: the frame after the text changed draws it.
  probe.watchText = (element) => new MutationObserver(() =>
    requestAnimationFrame(() => drawn(parseFloat(element.textContent)))
  ).observe(element, { childList: true, characterData: true, subtree: true });

  // Pictures that replace one another: the first frame after one is decoded draws it. Which value
  // it shows stands in its top left corner, a bit in each square.
  const canvas = document.createElement("canvas");
  const decode = (image, bits, square, pad) => {
    canvas.width = bits * square + pad;
    canvas.height = square + pad;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    let code = 0;
    for (let bit = 0; bit < bits; bit++) {
      const [level] = context.getImageData(pad + (bit + 0.5) * square, pad + square / 2, 1, 1).data;
      code = 2 * code + (level > 127 ? 1 : 0);
    }
    return code;
  };
  probe.watchImages = (element, bits, square, pad, lowest) => {
    let newest = null;
    new MutationObserver(() => {
      const image = element.querySelector("img");
      if (!image || image === newest) return;
      newest = image;
      image.decode().then(() => requestAnimationFrame(() => {
        const time = performance.now();
        drawn(decode(image, bits, square, pad) / 10 + lowest, time);
      }), () => {});  // replaced before it was decoded: never drawn
    }).observe(element, { childList: true, subtree: true, attributes: true });
  };

  // The workbench's own plot says what it drew.
  probe.watchScope = (parameter) => document.addEventListener("workbench:drawn", (event) => {
    const { values, time } = event.detail;
    const key = Object.keys(values ?? {}).find((name) => name.endsWith(parameter));
    if (key !== undefined) drawn(Number(values[key]), time);
  });

  // The same for a slider that counts the rungs of a parameter, named as `stage.parameter`.
  probe.watchRungs = (key, rungs) => document.addEventListener("workbench:drawn", (event) => {
    const { values, time } = event.detail;
    const away = rungs.map((rung) => Math.abs(rung - values[key]));
    drawn(away.indexOf(Math.min(...away)), time);
  });

  window.probe = probe;
})();
