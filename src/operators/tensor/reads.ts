import * as tf from '@tensorflow/tfjs-core';

/** Whether values of the current backend come after a turn of the event loop: with `data()` alone, never with `dataSync()`. */
export const readsTakeTurns = (): boolean => tf.getBackend() === 'webgpu';
