interface GpuBuffer {
  readonly size: number;
  destroy(): void;
}

/** The part of the WebGPU backend that keeps its buffers; sizes in bytes. */
export interface BufferManager {
  readonly freeBuffers: ReadonlyMap<string, GpuBuffer[]>;
  numFreeBuffers: number;
  numBytesAllocated: number;
  readonly numBytesUsed: number;
}

/** Unused bytes that are kept: about the buffers of a few packs of bags. */
export const keptBytes = 512 * 2 ** 20;

/**
 * Destroys the buffers that nothing uses once they are more than `kept` bytes. The backend keeps them for tensors of the
 * same size and never lets go: every pack of bags is of another size, so a cohort would fill any GPU.
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
