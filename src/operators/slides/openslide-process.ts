import { type ChildProcess, fork } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { HafError, isMachineFault } from '../../pipeline/core/errors.js';
import type { FromOpenSlide, OpenSlideFacts, OpenSlideRegion, ToOpenSlide } from './openslide-messages.js';
import { PixelFile } from './pixel-file.js';

// Tests run from the sources, but a process runs JavaScript, so the file is taken from the build.
const childFile = fileURLToPath(
  import.meta.url
    .replace(/\/src\/([^]*)\.ts$/, '/dist/src/$1.js')
    .replace(/openslide-process\.js$/, 'openslide-child.js'),
);

/** Default timeout of one call of OpenSlide in seconds. HAF_OPENSLIDE_SECONDS overrides it. */
const defaultSeconds = 30;

function secondsOfCall(): number {
  const said = Number(process.env['HAF_OPENSLIDE_SECONDS'] ?? '');
  return said > 0 && Number.isFinite(said) ? said : defaultSeconds;
}

/** Timeout for starting a process, in seconds. It does not depend on the slide. */
const startSeconds = 120;

/** Why OpenSlide cannot read a slide: its own message, or how its process ended. */
export class OpenSlideFailed extends Error {
  override readonly name = 'OpenSlideFailed';
  constructor(
    reason: string,
    /** Whether the process has ended, so that nothing more can be read. */
    readonly ended: boolean,
  ) {
    super(reason);
  }
}

/** The error for a failed request: a fault of the library, or of the disk that holds the pixel file. */
function failureOf({ reason, code }: FromOpenSlide & { readonly task: 'failed' }): Error {
  return code === undefined
    ? new OpenSlideFailed(reason, false)
    : HafError.from(Object.assign(new Error(reason), { code, path: tmpdir() }));
}

/** A request that waits for its answer. */
interface Waiting {
  readonly request: ToOpenSlide;
  readonly resolve: (answer: FromOpenSlide) => void;
  readonly reject: (error: Error) => void;
}

const mostErrorText = 2000;

/**
 * A process with libopenslide and one slide. OpenSlide and its libraries decode untrusted files in C: a damaged file
 * can crash them or cause an endless loop. Then only this process ends, and the runner continues.
 */
export class OpenSlideProcess {
  private readonly queue: Waiting[] = [];
  private readonly seconds = secondsOfCall();
  private timer: NodeJS.Timeout | null = null;
  private over: Error | null = null;
  private closed = false;
  private complaint = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly pixels: PixelFile,
  ) {
    child.on('message', (answer: FromOpenSlide) => this.onAnswer(answer));
    child.on('exit', (code, signal) =>
      this.end(
        new OpenSlideFailed(
          `the process of OpenSlide ended (${signal ?? `exit code ${code}`})${this.complaint === '' ? '' : `: ${this.complaint.trim()}`}`,
          true,
        ),
      ),
    );
    child.on('error', (error) =>
      this.end(isMachineFault(error) ? HafError.from(error) : new OpenSlideFailed(error.message, true)),
    );
    child.stderr?.on('data', (text: Buffer) => {
      if (this.complaint.length < mostErrorText) this.complaint += text.toString();
    });
  }

  /**
   * Starts a process and loads the library.
   * @throws OpenSlideFailed if the library cannot be loaded
   * @throws HafError HAF_PATH_UNUSABLE if the folder for temporary files cannot be used, HAF_STORE_FULL if its disk is
   * full
   */
  static async start(library: string): Promise<{ process: OpenSlideProcess; version: string }> {
    const pixels = PixelFile.open();
    let process: OpenSlideProcess;
    try {
      const child = fork(childFile, [], {
        // Nothing is written to stdin. It closes when this process or thread ends, and the watchdog of the child waits
        // for this.
        stdio: ['pipe', 'ignore', 'pipe', 'ipc', pixels.descriptor],
        // The child gets no Node options. By default it gets those of its parent, but two processes cannot share the
        // port of a debugger.
        execArgv: [],
      });
      process = new OpenSlideProcess(child, pixels);
    } catch (error) {
      pixels.close();
      throw error;
    }
    try {
      const answer = await process.ask({ task: 'load', library });
      return { process, version: answer.task === 'load' ? answer.version : '' };
    } catch (error) {
      process.close();
      throw error;
    }
  }

  /** Opens the slide of this process. @throws OpenSlideFailed if OpenSlide cannot read it or its process ends */
  async open(path: string): Promise<OpenSlideFacts> {
    const answer = await this.ask({ task: 'open', path });
    if (answer.task !== 'open') throw new Error(`OpenSlide's process answers ${answer.task} to open`);
    return answer.facts;
  }

  /**
   * Reads regions of a level.
   *
   * @param into a buffer for each region, which is filled with [height, width, 3]
   * @throws OpenSlideFailed
   * @throws HafError HAF_STORE_FULL if the disk of temporary files is full
   */
  async read(level: number, regions: readonly OpenSlideRegion[], into: readonly Uint8Array[]): Promise<void> {
    const span = this.pixels.reserve(into.reduce((sum, { length }) => sum + length, 0));
    try {
      await this.ask({ task: 'read', level, regions, at: span.at });
      // The slide may have been closed meanwhile. After `close` the descriptor may belong to another file, so it must
      // not be read.
      if (this.over !== null) throw this.over;
      this.pixels.read(span.at, into);
    } finally {
      this.pixels.release(span);
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.end(new OpenSlideFailed('the slide is closed', true));
    this.child.kill('SIGKILL');
    this.pixels.close();
  }

  private ask(request: ToOpenSlide): Promise<FromOpenSlide> {
    return new Promise((resolve, reject) => {
      if (this.over !== null) return reject(this.over);
      this.queue.push({ request, resolve, reject });
      if (this.queue.length === 1) this.watch();
      // Errors of a process that has just died are ignored here. Its exit settles the request.
      this.child.send(request, () => undefined);
    });
  }

  /** Starts the timeout of the current request. */
  private watch(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const [first] = this.queue;
    if (first === undefined) return;
    const seconds = first.request.task === 'load' ? startSeconds : this.seconds;
    const expire = (): void => {
      if (this.queue[0] !== first) return;
      this.end(
        new OpenSlideFailed(
          `OpenSlide has not answered within ${seconds} seconds (${first.request.task})`,
          true,
        ),
      );
      this.child.kill('SIGKILL');
    };
    // An encoder may block this thread for longer than the timeout. An answer may then have arrived, but is still
    // unread. `setImmediate` lets the thread read it before `expire` checks.
    this.timer = setTimeout(() => setImmediate(expire), seconds * 1000);
  }

  private onAnswer(answer: FromOpenSlide): void {
    const first = this.queue.shift();
    if (first === undefined) return;
    this.watch();
    if (answer.task === 'failed') first.reject(failureOf(answer));
    else first.resolve(answer);
  }

  private end(error: Error): void {
    if (this.over !== null) return;
    this.over = error;
    if (this.timer !== null) clearTimeout(this.timer);
    for (const { reject } of this.queue.splice(0)) reject(error);
  }
}
