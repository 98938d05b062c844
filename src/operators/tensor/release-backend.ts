// These functions are not in backend.ts, so that a process without a backend can call them without loading
// TensorFlow.js.

let close: (() => void) | null = null;
let holders = 0;
const idle: (() => void)[] = [];

/** Registers what `releaseBackend` has to do for the opened backend. */
export const onRelease = (how: () => void): void => {
  close = how;
};

/** Releases the device of WebGPU, which keeps a core busy and the process alive. `loadBackend` opens it again. */
export function releaseBackend(): void {
  const how = close;
  close = null;
  how?.();
}

/**
 * Runs a computation that may use the backend. The backend does not count as idle until the computation ends, even if no caller
 * awaits it.
 */
export async function usingBackend<T>(compute: () => Promise<T>): Promise<T> {
  holders++;
  try {
    return await compute();
  } finally {
    if (--holders === 0) for (const tell of idle.splice(0)) tell();
  }
}

/**
 * Resolves when no computation runs. Wait for it before releasing the backend, because a stopped job may compute one
 * more step before it checks the signal.
 */
export const backendIdle = (): Promise<void> =>
  holders === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve));
