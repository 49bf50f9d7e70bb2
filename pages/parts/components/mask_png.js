// The mask as a PNG of one bit a pixel, white = change, made in bands: 40 megapixels need no canvas of 40 megapixels,
// which phones refuse.

const BAND = 2_000_000;
const SIGNATURE = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

// `paint` draws everything on a context whose unit is a pixel. Resolves to the file and how many pixels are white.
export async function png(width, height, paint) {
  const rows = Math.min(height, Math.max(1, Math.floor(BAND / width)));
  const context = Object.assign(document.createElement("canvas"), { width, height: rows })
    .getContext("2d", { willReadFrequently: true });
  const packer = new CompressionStream("deflate");
  const packed = new Response(packer.readable).arrayBuffer();
  const writer = packer.writable.getWriter();
  let white = 0;
  for (let top = 0; top < height; top += rows) {
    const high = Math.min(rows, height - top);
    context.setTransform(1, 0, 0, 1, 0, -top);
    paint(context);
    const band = bits(context.getImageData(0, 0, width, high).data, width, high);
    white += band.white;
    await writer.write(band.bytes);
  }
  await writer.close();
  const parts = [SIGNATURE, chunk("IHDR", header(width, height)), chunk("IDAT", await packed), chunk("IEND", [])];
  return { file: new Blob(parts, { type: "image/png" }), white };
}

// Each row begins with the number of its filter: none.
function bits(pixels, width, height) {
  const wide = 1 + Math.ceil(width / 8);
  const bytes = new Uint8Array(wide * height);
  let white = 0;
  for (let y = 0, at = 3; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      if (pixels[at] < 128) continue;
      bytes[y * wide + 1 + (x >> 3)] |= 0x80 >> (x & 7);
      white++;
    }
  }
  return { bytes, white };
}

function header(width, height) {
  const bytes = new DataView(new ArrayBuffer(13));
  bytes.setUint32(0, width);
  bytes.setUint32(4, height);
  bytes.setUint8(8, 1); // one bit; what follows is 0: grey, the usual packing, no interlacing
  return bytes.buffer;
}

function chunk(name, content) {
  const body = new Uint8Array(content);
  const bytes = new Uint8Array(body.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  bytes.set(new TextEncoder().encode(name), 4);
  bytes.set(body, 8);
  view.setUint32(body.length + 8, crc(bytes.subarray(4, body.length + 8)));
  return bytes;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function crc(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = TABLE[(sum ^ byte) & 0xff] ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}
