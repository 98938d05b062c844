import { availableParallelism } from 'node:os';
import { HafError } from './errors.js';
import { machineLimits, type MachineLimits } from './machine-limits.js';
import { raiseAddressSpace, raiseOpenFiles } from './system-fault.js';

/**
 * Minimum number of files that a process must be allowed to open: modules, pipes and files of a command. With a lower
 * limit, loading the code of the command fails.
 */
const leastOpenFiles = 128;

/** @throws HafError HAF_MACHINE_LIMIT if this process may open too few files to start */
export function assertOpenFiles({ openFiles }: MachineLimits = machineLimits()): void {
  if (openFiles === null || openFiles >= leastOpenFiles) return;
  throw new HafError(
    'HAF_MACHINE_LIMIT',
    `This process may open ${openFiles} files (ulimit -n), but needs at least ${leastOpenFiles}. Opening more fails with EMFILE.`,
    raiseOpenFiles,
  );
}

/**
 * Number of WebAssembly modules that need their own memory: one for each thread that reads files, and one for this
 * thread.
 */
const modulesAtOnce = (): number => availableParallelism() + 1;

/** The type declarations of Node lack these constructors. */
const { Memory } = (
  globalThis as unknown as {
    WebAssembly: { Memory: new (pages: { initial: number; maximum: number }) => object };
  }
).WebAssembly;

/** Tries to reserve memory for this number of modules, as V8 does. */
function canReserve(modules: number): boolean {
  try {
    Array.from({ length: modules }, () => new Memory({ initial: 1, maximum: 2 ** 15 }));
    return true;
  } catch {
    return false;
  }
}

/**
 * V8 reserves 10 GB of addresses for the memory of each WebAssembly module, however little it uses.
 *
 * @throws HafError HAF_MACHINE_LIMIT if `ulimit -v` leaves too few addresses for the threads of this machine
 */
export function assertAddressSpace(
  { addressSpace }: MachineLimits = machineLimits(),
  modules = modulesAtOnce(),
): void {
  if (addressSpace === null || canReserve(modules)) return;
  throw new HafError(
    'HAF_MACHINE_LIMIT',
    `The addresses of this process are limited (ulimit -v ${addressSpace / 1024}): too few for ${modules} WebAssembly modules, which read feature files.`,
    raiseAddressSpace,
  );
}
