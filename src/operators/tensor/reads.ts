import * as tf from '@tensorflow/tfjs-core';

/** Whether values of the current backend can only be read asynchronously: with `data()`, and never with `dataSync()`. */
export const readsTakeTurns = (): boolean => tf.getBackend() === 'webgpu';
