// Apart from the backends, so that a process that loaded none can call it without loading TensorFlow.js.

let close: (() => void) | null = null;
let holders = 0;
const idle: (() => void)[] = [];

/** Says what `releaseBackend` has to do for the backend that was opened. */
export const onRelease = (how: () => void): void => {
  close = how;
};

/** Lets go of what keeps a core busy and the process alive: the device of WebGPU. `loadBackend` opens it again. */
export function releaseBackend(): void {
  const how = close;
  close = null;
  how?.();
}

/** Computes something that may use the backend: it is not idle until that has ended, whether anybody waits for it or not. */
export async function usingBackend<T>(compute: () => Promise<T>): Promise<T> {
  holders++;
  try {
    return await compute();
  } finally {
    if (--holders === 0) for (const tell of idle.splice(0)) tell();
  }
}

/** Resolves when nothing computes: a stopped job goes on to its next step before it hears of it. */
export const backendIdle = (): Promise<void> =>
  holders === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve));
