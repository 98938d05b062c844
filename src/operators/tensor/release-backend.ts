// Apart from the backends, so that a process that loaded none can call it without loading TensorFlow.js.

let close: (() => void) | null = null;

/** Says what `releaseBackend` has to do for the backend that was opened. */
export const onRelease = (how: () => void): void => {
  close = how;
};

/** Lets go of what keeps a core busy and the process alive: the device of WebGPU. `loadBackend` opens it again. */
export function releaseBackend(): void {
  close?.();
  close = null;
}
