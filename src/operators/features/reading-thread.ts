import { statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { HafError } from '../../pipeline/core/errors.js';
import type { FeatureContent } from './feature-reader.js';
import type { ReadingLimits } from './reading-limits.js';
import type { FeatureRequest, FileRequest, FromReadingThread, ToReadingThread } from './reading-tasks.js';
import type { ArrayShape } from './stored-array.js';
import type { StoredTiles } from './stored-tiles.js';

// Tests run from the sources; a thread runs JavaScript, which lies in the build.
const threadFile = new URL(
  import.meta.url.replace(/\/src\/([^]*)\.ts$/, '/dist/src/$1.js').replace(/\.js$/, '-main.js'),
);
/** Of the objects of the thread, in MiB; numbers lie outside of it and have `memoryMiB`. */
const objectsMiB = 512;
const mebibyte = 2 ** 20;

/**
 * The thread of this thread that reads files of other people. A damaged file sends the HDF5 library round in circles, where nothing
 * but the end of its thread stops it, or leaves it unfit for another file. One file at a time; the thread is kept for the next.
 */
class ReadingThread {
  private worker: Worker | null = null;
  private last: Promise<unknown> = Promise.resolve();

  ask<T>(message: ToReadingThread, limits: ReadingLimits): Promise<T> {
    const answer = this.last.then(() => this.askNow<T>(message, limits));
    this.last = answer.catch(() => undefined);
    return answer;
  }

  private askNow<T>(message: ToReadingThread, { seconds }: ReadingLimits): Promise<T> {
    const { path, name } = message.request;
    // A file that is gone is an error of the file system, before anything else.
    const limitMs = 1000 * (seconds + statSync(path).size / mebibyte);
    const worker = (this.worker ??= this.start());
    worker.ref();
    return new Promise<T>((resolve, reject) => {
      const settle = (end: boolean, finish: () => void): void => {
        clearTimeout(timer);
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        worker.unref();
        if (!end) return finish();
        this.worker = null;
        // Whoever hears of the end may count on it.
        void worker.terminate().then(finish, finish);
      };
      const onMessage = (answer: FromReadingThread): void =>
        settle(answer.spoiled, () =>
          'error' in answer ? reject(HafError.fromData(answer.error)) : resolve(answer.value as T),
        );
      const onError = (error: NodeJS.ErrnoException): void =>
        settle(true, () =>
          reject(
            error.code === 'ERR_WORKER_OUT_OF_MEMORY'
              ? beyond(name, 'more memory than a feature file may take')
              : HafError.from(error),
          ),
        );
      const onExit = (code: number): void =>
        settle(true, () => reject(beyond(name, `the end of the thread that reads it (exit code ${code})`)));
      const timer = setTimeout(
        () => settle(true, () => reject(beyond(name, `more than ${Math.ceil(limitMs / 1000)} seconds`))),
        limitMs,
      );
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      worker.postMessage(message);
    });
  }

  private start(): Worker {
    const worker = new Worker(threadFile, { resourceLimits: { maxOldGenerationSizeMb: objectsMiB } });
    // Stays for the thread's whole life: an 'error' nobody listens to would end the process.
    worker.on('error', () => this.forget(worker));
    worker.on('exit', () => this.forget(worker));
    return worker;
  }

  private forget(worker: Worker): void {
    if (this.worker === worker) this.worker = null;
  }
}

const beyond = (name: string, what: string): HafError =>
  new HafError(
    'HAF_INPUT_LIMIT',
    `${name}: reading it took ${what}, and was stopped.`,
    'It is damaged or made to do so: copy or download it again, or extract its features again. If the file is good, raise embed.limits.',
    { context: { file: name } },
  );

const thread = new ReadingThread();

/**
 * The bags of a feature file, read in a thread of its own.
 *
 * @throws HafError HAF_FEATURES_INVALID when nothing of the file can be used, HAF_INPUT_LIMIT when reading it does not end in time
 * @throws the file system's error when the file is gone
 */
export const readFeatures = (request: FeatureRequest, limits: ReadingLimits): Promise<FeatureContent> =>
  thread.ask({ task: 'features', request, memoryMiB: limits.memoryMiB }, limits);

/** Names and shapes of the arrays in a feature file, or of the first few. @throws as `readFeatures` */
export const featureShapes = (request: FileRequest, limits: ReadingLimits): Promise<readonly ArrayShape[]> =>
  thread.ask({ task: 'shapes', request, memoryMiB: limits.memoryMiB }, limits);

/** The dataset `coords` of a file of coordinates. @throws as `readFeatures` */
export const storedTiles = (request: FileRequest, limits: ReadingLimits): Promise<StoredTiles> =>
  thread.ask({ task: 'tiles', request, memoryMiB: limits.memoryMiB }, limits);
