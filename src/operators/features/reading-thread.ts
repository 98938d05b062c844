import { statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { HafError } from '../../pipeline/core/errors.js';
import type { FeatureContent } from './feature-reader.js';
import type { ReadingLimits } from './reading-limits.js';
import type { FeatureRequest, FileRequest, FromReadingThread, ToReadingThread } from './reading-tasks.js';
import type { ArrayShape } from './stored-array.js';
import type { StoredTiles } from './stored-tiles.js';

// Tests run from the sources, but a thread runs JavaScript, so the file is taken from the build.
const threadFile = new URL(
  import.meta.url.replace(/\/src\/([^]*)\.ts$/, '/dist/src/$1.js').replace(/\.js$/, '-main.js'),
);
/**
 * Memory limit in MiB for JavaScript objects of the thread. Arrays of numbers do not count here; `memoryMiB` limits
 * them.
 */
const objectsMiB = 512;
const mebibyte = 2 ** 20;

/**
 * A helper thread that reads untrusted files for one pool thread. A damaged file can put the HDF5 library into an
 * endless loop, which stops only when its thread ends. A damaged file can also leave the library unusable for other
 * files. The helper thread reads one file at a time, and is kept for the next file.
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
    // For a missing file this throws the error of the file system before anything else happens.
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
        // The promise settles only after the thread has ended, so callers can rely on its end.
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
              ? beyond(name, 'it took more memory than a feature file may take')
              : HafError.from(error),
          ),
        );
      const onExit = (code: number): void =>
        settle(true, () => reject(beyond(name, `the thread that reads the file ended (exit code ${code})`)));
      const timer = setTimeout(
        () =>
          settle(true, () => reject(beyond(name, `it took more than ${Math.ceil(limitMs / 1000)} seconds`))),
        limitMs,
      );
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      worker.postMessage(message);
    });
  }

  private start(): Worker {
    const worker = new Worker(threadFile, { resourceLimits: { maxOldGenerationSizeMb: objectsMiB } });
    // This handler stays for the whole life of the thread: an 'error' event without a handler would end the process.
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
    `${name}: reading was stopped, because ${what}.`,
    'The file is damaged, or was made to use up time or memory: copy or download it again, or extract its features again. If the file is good, raise embed.limits.',
    { context: { file: name } },
  );

const thread = new ReadingThread();

/**
 * Reads the bags of a feature file in a separate thread.
 *
 * @throws HafError HAF_FEATURES_INVALID if nothing in the file can be used, HAF_INPUT_LIMIT if reading exceeds its time limit
 * @throws the file system's error if the file does not exist
 */
export const readFeatures = (request: FeatureRequest, limits: ReadingLimits): Promise<FeatureContent> =>
  thread.ask({ task: 'features', request, memoryMiB: limits.memoryMiB }, limits);

/**
 * Names and shapes of the arrays in a feature file. For some formats, only those of the first few arrays.
 * @throws like `readFeatures`
 */
export const featureShapes = (request: FileRequest, limits: ReadingLimits): Promise<readonly ArrayShape[]> =>
  thread.ask({ task: 'shapes', request, memoryMiB: limits.memoryMiB }, limits);

/**
 * Reads the coordinates of the tiles: the dataset `coords` of an HDF5 file with its attributes.
 * @throws like `readFeatures`
 */
export const storedTiles = (request: FileRequest, limits: ReadingLimits): Promise<StoredTiles> =>
  thread.ask({ task: 'tiles', request, memoryMiB: limits.memoryMiB }, limits);
