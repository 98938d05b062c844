interface GpuBuffer {
  readonly size: number;
  destroy(): void;
}

/** The part of the WebGPU backend that manages its buffers. Sizes are in bytes. */
export interface BufferManager {
  readonly freeBuffers: ReadonlyMap<string, GpuBuffer[]>;
  numFreeBuffers: number;
  numBytesAllocated: number;
  readonly numBytesUsed: number;
}

/** Number of unused bytes that are kept: about the buffers of a few packs of bags. */
export const keptBytes = 512 * 2 ** 20;

/**
 * Destroys unused buffers if they exceed `kept` bytes. The backend keeps unused buffers for later tensors of equal size
 * and never destroys them. Every pack of bags has a different size, so the kept buffers of a cohort would fill any GPU.
 */
export function freeUnused(manager: BufferManager, kept = keptBytes): void {
  if (manager.numBytesAllocated - manager.numBytesUsed <= kept) return;
  for (const buffers of manager.freeBuffers.values())
    for (const buffer of buffers.splice(0)) {
      buffer.destroy();
      manager.numBytesAllocated -= buffer.size;
      manager.numFreeBuffers--;
    }
}
