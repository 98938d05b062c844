/** WebAssembly, as far as it is touched here; the types of Node have none of it. */
interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow: (this: WasmMemory, pages: number) => number;
}
interface WithWasm {
  readonly WebAssembly: { readonly Memory: { readonly prototype: WasmMemory } };
}

const pageBytes = 65_536;
let most = Infinity;

const { prototype } = (globalThis as unknown as WithWasm).WebAssembly.Memory;
const { grow } = prototype;
prototype.grow = function (this: WasmMemory, pages: number): number {
  if (this.buffer.byteLength + pages * pageBytes > most)
    throw new RangeError('beyond the memory of a feature file');
  return grow.call(this, pages);
};

/**
 * Bounds the memory of the HDF5 library in this thread. A damaged file makes it ask for up to 2 GiB; what it is refused, it reports as
 * an error of the file.
 */
export const boundWasmMemory = (bytes: number): void => void (most = bytes);
