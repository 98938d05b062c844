import { availableParallelism } from 'node:os';
import { HafError } from './errors.js';
import { machineLimits, type MachineLimits } from './machine-limits.js';
import { raiseAddressSpace, raiseOpenFiles } from './system-fault.js';

/** Modules, pipes and files of a command; with fewer even loading its code fails. */
const leastOpenFiles = 128;

/** @throws HafError HAF_MACHINE_LIMIT when this process may open too few files to begin with */
export function assertOpenFiles({ openFiles }: MachineLimits = machineLimits()): void {
  if (openFiles === null || openFiles >= leastOpenFiles) return;
  throw new HafError(
    'HAF_MACHINE_LIMIT',
    `This process may open ${openFiles} files (ulimit -n), and needs ${leastOpenFiles} at least. More end in EMFILE.`,
    raiseOpenFiles,
  );
}

/** WebAssembly modules that want memory of their own: one for each thread that reads files, and one for this thread. */
const modulesAtOnce = (): number => availableParallelism() + 1;

/** The types of Node leave its constructors out. */
const { Memory } = (
  globalThis as unknown as {
    WebAssembly: { Memory: new (pages: { initial: number; maximum: number }) => object };
  }
).WebAssembly;

/** Tries to have the memory of modules, as V8 reserves it. */
function canReserve(modules: number): boolean {
  try {
    Array.from({ length: modules }, () => new Memory({ initial: 1, maximum: 2 ** 15 }));
    return true;
  } catch {
    return false;
  }
}

/**
 * V8 reserves 10 GB of addresses for the memory of each WebAssembly module, whatever it uses.
 *
 * @throws HafError HAF_MACHINE_LIMIT when `ulimit -v` leaves too few for the threads of this machine
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
