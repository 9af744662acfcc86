const AT_LEAST = 5; // seconds of a loop: each turn of a shorter one could be heard as a gap

/** A WAV file of whole numbers from the kernel, and parts of it. */
export class Sound {
  constructor(buffer, name) {
    this.name = name;
    this.whole = new Blob([buffer], { type: "audio/wav" });
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    for (let at = 12; at + 8 <= view.byteLength;) {
      const kind = view.getUint32(at), size = view.getUint32(at + 4, true);
      if (kind === 0x666d7420) this.format = this.read(view, at + 8); // "fmt "
      if (kind === 0x64617461) Object.assign(this, { start: at + 8, size }); // "data"
      at += 8 + size + (size % 2);
    }
    this.duration = this.size / this.format.align / this.format.rate;
  }

  read(view, at) {
    return {
      channels: view.getUint16(at + 2, true), rate: view.getUint32(at + 4, true),
      align: view.getUint16(at + 12, true), bits: view.getUint16(at + 14, true),
    };
  }

  /** The file of a part in seconds; `repeated` is one that takes a while before it turns. */
  part(first, last, repeated) {
    const { rate, align } = this.format;
    const place = (seconds) => Math.min(Math.max(Math.round(seconds * rate), 0) * align, this.size);
    const from = place(first), to = Math.max(place(last), from + align);
    const piece = this.whole.slice(this.start + from, this.start + to);
    const length = (to - from) / align / rate;
    const times = repeated ? Math.ceil(AT_LEAST / length) : 1;
    const header = this.header(times * (to - from));
    const file = new Blob([header, ...Array(times).fill(piece)], { type: "audio/wav" });
    return { file, origin: from / align / rate, length };
  }

  /** The 44 bytes before so many bytes of samples. */
  header(size) {
    const { channels, rate, align, bits } = this.format;
    const view = new DataView(new ArrayBuffer(44));
    const words = [[0, 0x52494646], [8, 0x57415645], [12, 0x666d7420], [36, 0x64617461]];
    for (const [at, word] of words) view.setUint32(at, word);
    for (const [at, number] of [[4, 36 + size], [16, 16], [24, rate], [28, rate * align], [40, size]]) {
      view.setUint32(at, number, true);
    }
    for (const [at, number] of [[20, 1], [22, channels], [32, align], [34, bits]]) {
      view.setUint16(at, number, true);
    }
    return view.buffer;
  }
}
