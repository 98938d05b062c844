import { existsSync } from 'node:fs';

/** The properties of a machine that decide whether a compiled backend runs on it. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** Version of glibc; null with another C library (Alpine) or on another system. */
  readonly glibc: string | null;
  /** Version of Node-API, the binary interface for addons. */
  readonly napi: number;
  /** Whether an NVIDIA driver is installed. */
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
    // /dev/dxg is the GPU of a Windows machine, as its Linux subsystem (WSL) sees it.
    gpu: ['/dev/nvidiactl', '/dev/dxg'].some((device) => existsSync(device)),
  };
}
