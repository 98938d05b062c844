/**
 * Converts premultiplied ARGB to RGB over black: alpha is dropped, and the colours stay. Four pixels are three words of
 * the result, which takes half the time of single bytes. The words are signed, because V8 computes faster with them. The
 * order of bytes is little-endian, as on all processors for which koffi exists.
 *
 * @param argb rows of `stride` pixels, of which the first `width` are converted; width is a multiple of four
 * @param rgb is filled row after row, 3 x width bytes each; its `byteOffset` is a multiple of four
 */
export function rgbOf(argb: Uint32Array, rgb: Uint8Array, width = argb.length, stride = width): void {
  const pixels = new Int32Array(argb.buffer, argb.byteOffset, argb.length);
  const words = new Int32Array(rgb.buffer, rgb.byteOffset, rgb.length >> 2);
  for (let row = 0, at = 0; row < pixels.length; row += stride)
    for (let i = row; i < row + width; i += 4, at += 3) {
      const a = pixels[i] as number;
      const b = pixels[i + 1] as number;
      const c = pixels[i + 2] as number;
      const d = pixels[i + 3] as number;
      words[at] = ((a >>> 16) & 0xff) | (a & 0xff00) | ((a & 0xff) << 16) | ((b << 8) & 0xff000000);
      words[at + 1] = ((b >>> 8) & 0xff) | ((b & 0xff) << 8) | (c & 0xff0000) | ((c & 0xff00) << 16);
      words[at + 2] = (c & 0xff) | ((d >>> 8) & 0xff00) | ((d & 0xff00) << 8) | (d << 24);
    }
}
