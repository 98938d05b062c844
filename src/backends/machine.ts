import { existsSync } from 'node:fs';

/** What decides whether a compiled backend runs here. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** Version of glibc; null with another C library (Alpine) or on another system. */
  readonly glibc: string | null;
  /** Version of Node's binary interface for addons. */
  readonly napi: number;
  /** Whether an NVIDIA driver is there. */
  readonly gpu: boolean;
}

interface ReportHeader {
  readonly header: { readonly glibcVersionRuntime?: string };
}

export function thisMachine(): Machine {
  const report = process.report.getReport() as unknown as ReportHeader;
  return {
    platform: process.platform,
    arch: process.arch,
    glibc: report.header.glibcVersionRuntime ?? null,
    napi: Number(process.versions.napi),
    // The second one is the GPU of a Windows machine, seen from its Linux.
    gpu: ['/dev/nvidiactl', '/dev/dxg'].some((device) => existsSync(device)),
  };
}
