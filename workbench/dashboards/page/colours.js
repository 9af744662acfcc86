/** The colours of lines and of pictures. */

const COLOURS = {
  light: ["#1769c8", "#d1600a", "#1a8754", "#a02c8f", "#6b5b00", "#c22f3d"],
  dark: ["#63b0ff", "#ffab5c", "#5fd19a", "#f08be0", "#e3cf57", "#ff8b8b"],
};

const GREYS = { light: "#71767d", dark: "#a0a8b0" };

const TINT = [99, 176, 255]; // red, green, blue

// Sequential; round a circle; and diverging from a middle that is as light or dark as the theme.
const ANCHORS = {
  magma: "000004 100b2d 2c115f 51127c 721f81 932b80 b73779 d8456c f1605d fc8961 feb078"
    + " fed799 fcfdbf",
  cyclic: "2d1038 3c2a8a 5580c2 a6c5d6 e4dce4 d8ab92 b35a50 7b2350 2d1038",
  light: "053061 2065ab 4393c3 90c4dd d1e5f0 f7f6f6 fddbc7 f3a481 d6604d b1182b 67001f",
  dark: "9eb0ff 62a6e0 3280a6 20526a 112732 190c09 371000 61200b 964a36 ca7b71 ffadad",
};

/** 256 colours as little-endian RGBA words. */
export function colourTable(name) {
  const anchors = ANCHORS[name].split(" ").map((hex) => parseInt(hex, 16));
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const at = (i / 255) * (anchors.length - 1);
    const [a, b] = [anchors[Math.floor(at)], anchors[Math.ceil(at)]];
    const mix = (shift) => {
      const [from, to] = [(a >> shift) & 255, (b >> shift) & 255];
      return Math.round(from + (to - from) * (at % 1));
    };
    return (0xff000000 | (mix(0) << 16) | (mix(8) << 8) | mix(16)) >>> 0;
  });
}

/** A colour, as an RGBA word, under the tint of a mask. */
export function tint(word) {
  const mixed = TINT.map((part, i) => Math.round(0.3 * ((word >>> (8 * i)) & 255) + 0.7 * part));
  return (0xff000000 | (mixed[2] << 16) | (mixed[1] << 8) | mixed[0]) >>> 0;
}

/** The colours and the font of an element's surroundings; `key` tells themes apart. */
export function readTheme(element, ctx) {
  const style = getComputedStyle(element);
  const theme = { font: style.fontFamily };
  for (const name of ["back", "plot", "line", "edge", "ink", "soft", "brand", "alert"]) {
    theme[name] = style.getPropertyValue(`--${name}`).trim();
  }
  ctx.fillStyle = theme.back;
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(ctx.fillStyle.slice(i, i + 2), 16));
  const dark = 0.3 * r + 0.6 * g + 0.1 * b < 128;
  const shade = dark ? "dark" : "light";
  const key = JSON.stringify(theme);
  return { ...theme, key, dark, colours: COLOURS[shade], grey: GREYS[shade] };
}
