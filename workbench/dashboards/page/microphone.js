/** A button that records with the microphone and sends the kernel the samples. */

const MOST = 60; // seconds
const PART = 2 ** 20; // samples in a message: 4 MiB, which every server lets through
const PLAIN = {
  channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false,
};
const TAPE = `registerProcessor("workbench-tape", class extends AudioWorkletProcessor {
  process([[samples]]) {
    if (samples) this.port.postMessage(samples.slice());
    return true;
  }
});`;
const REASONS = {
  NotAllowedError: "The browser does not allow the microphone. Allow it for this page in the "
    + "browser's settings, then click Record again.",
  NotFoundError: "There is no microphone.",
  NotReadableError: "The microphone is in use by another program.",
};
const NONE = "This page cannot record: browsers give the microphone only to pages from https or "
  + "from this computer.";

class Microphone {
  chunks = [];
  count = 0;

  constructor(model, root) {
    this.model = model;
    root.classList.add("workbench-microphone");
    root.innerHTML = `<button type="button" class="jupyter-widgets jupyter-button widget-button">
      <i class="fa fa-microphone" aria-hidden="true"></i><span>Record</span></button><span class="workbench-elapsed" role="timer" aria-label="Recorded"></span>
      <div role="alert"></div>`;
    [this.button, this.elapsed, this.message] = root.children;
    this.button.addEventListener("click", () => (this.stream ? this.stop() : this.start()));
  }

  /** Ask for the microphone and begin. */
  async start() {
    this.say("");
    if (!navigator.mediaDevices?.getUserMedia) return this.say(NONE);
    this.show("Waiting for permission", { disabled: true });
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: PLAIN });
      await this.listen();
      if (this.disposed) this.release();
      else this.show("Stop", { recording: true });
    } catch (error) {
      this.release();
      this.say(REASONS[error.name] ?? `The recording failed: ${error.message}`);
    }
  }

  /** Collect what the microphone hears, at the rate of its context. */
  async listen() {
    this.context = new AudioContext();
    const url = URL.createObjectURL(new Blob([TAPE], { type: "text/javascript" }));
    await this.context.audioWorklet.addModule(url).finally(() => URL.revokeObjectURL(url));
    this.chunks = [];
    this.count = 0;
    const tape = new AudioWorkletNode(this.context, "workbench-tape");
    tape.port.onmessage = ({ data }) => this.take(data);
    this.context.createMediaStreamSource(this.stream).connect(tape).connect(this.context.destination);
    this.stream.getTracks()[0].onended = () => this.stop(); // unplugged
  }

  take(samples) {
    if (!this.context) return;
    this.chunks.push(samples);
    this.count += samples.length;
    const seconds = this.count / this.context.sampleRate;
    const text = `${seconds.toFixed(1)} of ${MOST} s`;
    if (this.elapsed.textContent !== text) this.elapsed.textContent = text;
    if (seconds >= MOST) this.stop();
  }

  stop() {
    if (!this.context) return;
    const rate = this.context.sampleRate;
    this.release();
    const samples = new Float32Array(this.count);
    let at = 0;
    for (const chunk of this.chunks) {
      samples.set(chunk, at);
      at += chunk.length;
    }
    this.chunks = [];
    if (samples.length) this.send(samples.subarray(0, MOST * rate), rate);
    else this.say("Nothing was recorded.");
  }

  send(samples, rate) {
    const id = crypto.getRandomValues(new Uint32Array(1))[0];
    const parts = Math.ceil(samples.length / PART);
    for (let part = 0; part < parts; part++) {
      const piece = samples.slice(part * PART, (part + 1) * PART);
      this.model.send({ kind: "recording", id, parts, rate }, undefined, [piece.buffer]);
    }
  }

  /** Let the microphone go. */
  release() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.context?.close();
    this.stream = this.context = null;
    this.show("Record");
  }

  show(text, { disabled = false, recording = false } = {}) {
    this.button.lastElementChild.textContent = text;
    this.button.disabled = disabled;
    this.button.classList.toggle("workbench-recording", recording);
    if (!recording) this.elapsed.textContent = "";
  }

  say(text) {
    this.message.textContent = text;
  }

  dispose() {
    this.disposed = true;
    this.release();
  }
}

export default {
  render({ model, el }) {
    const microphone = new Microphone(model, el);
    return () => microphone.dispose();
  },
};
