/** The part of WebAssembly that is used here. The type declarations of Node lack it. */
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
    throw new RangeError('more memory than a feature file may take');
  return grow.call(this, pages);
};

/**
 * Limits the memory of the HDF5 library in this thread. A damaged file can make it ask for up to 2 GiB. If the library
 * is refused memory, it reports an error of the file.
 */
export const boundWasmMemory = (bytes: number): void => void (most = bytes);
