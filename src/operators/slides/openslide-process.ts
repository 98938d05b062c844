import { type ChildProcess, fork } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { HafError, isMachineFault } from '../../pipeline/core/errors.js';
import {
  type FromOpenSlide,
  type OpenSlideFacts,
  pixelPipe,
  type ToOpenSlide,
} from './openslide-messages.js';

// Tests run from the sources, but a process runs JavaScript, so the file is taken from the build.
const childFile = fileURLToPath(
  import.meta.url
    .replace(/\/src\/([^]*)\.ts$/, '/dist/src/$1.js')
    .replace(/openslide-process\.js$/, 'openslide-child.js'),
);

/** Default timeout of one call of OpenSlide. HAF_OPENSLIDE_SECONDS overrides it. */
const defaultSeconds = 30;

function secondsOfCall(): number {
  const said = Number(process.env['HAF_OPENSLIDE_SECONDS'] ?? '');
  return said > 0 && Number.isFinite(said) ? said : defaultSeconds;
}

/** Timeout for starting a process. It does not depend on the slide. */
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

/** A request that waits for its answer. */
interface Waiting {
  readonly request: ToOpenSlide;
  readonly resolve: (answer: FromOpenSlide, pixels: Uint8Array) => void;
  readonly reject: (error: Error) => void;
  readonly pixels: Uint8Array;
  filled: number;
  answer: FromOpenSlide | null;
}

const none = new Uint8Array();
const mostErrorText = 2000;

/**
 * A process with libopenslide and one slide. OpenSlide and its libraries decode untrusted files in C: a damaged file
 * can crash them or cause an endless loop. Then only this process ends, and the runner continues.
 */
export class OpenSlideProcess {
  private readonly queue: Waiting[] = [];
  private readonly unread: Buffer[] = [];
  private readonly seconds = secondsOfCall();
  private timer: NodeJS.Timeout | null = null;
  private over: Error | null = null;
  private complaint = '';

  private constructor(private readonly child: ChildProcess) {
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
    (child.stdio[pixelPipe] as Readable).on('data', (bytes: Buffer) => this.onPixels(bytes));
  }

  /**
   * Starts a process and loads the library.
   * @throws OpenSlideFailed if the library cannot be loaded
   */
  static async start(library: string): Promise<{ process: OpenSlideProcess; version: string }> {
    const child = fork(childFile, [], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'pipe'],
      // The options of this process, such as the port of a debugger, must not be passed on.
      execArgv: [],
    });
    const process = new OpenSlideProcess(child);
    try {
      const { answer } = await process.ask({ task: 'load', library }, none);
      return { process, version: answer.task === 'load' ? answer.version : '' };
    } catch (error) {
      process.close();
      throw error;
    }
  }

  /** @throws OpenSlideFailed */
  async open(path: string): Promise<OpenSlideFacts> {
    const { answer } = await this.ask({ task: 'open', path }, none);
    if (answer.task !== 'open') throw new Error(`OpenSlide's process answers ${answer.task} to open`);
    return answer.facts;
  }

  /** [height, width, 3]; x and y in level-0 pixels of the canvas. @throws OpenSlideFailed */
  async read(request: Omit<ToOpenSlide & { task: 'read' }, 'task'>): Promise<Uint8Array> {
    const pixels = new Uint8Array(request.width * request.height * 3);
    return (await this.ask({ task: 'read', ...request }, pixels)).pixels;
  }

  close(): void {
    this.end(new OpenSlideFailed('the slide is closed', true));
    this.child.kill('SIGKILL');
  }

  private ask(
    request: ToOpenSlide,
    pixels: Uint8Array,
  ): Promise<{ answer: FromOpenSlide; pixels: Uint8Array }> {
    return new Promise((resolve, reject) => {
      if (this.over !== null) return reject(this.over);
      this.queue.push({
        ...{ request, reject, pixels, filled: 0, answer: null },
        resolve: (answer, filled) => resolve({ answer, pixels: filled }),
      });
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
    this.timer = setTimeout(() => {
      this.end(
        new OpenSlideFailed(
          `OpenSlide has not answered within ${seconds} seconds (${first.request.task})`,
          true,
        ),
      );
      this.child.kill('SIGKILL');
    }, seconds * 1000);
  }

  private onAnswer(answer: FromOpenSlide): void {
    const first = this.queue.find((waiting) => waiting.answer === null);
    if (first === undefined) return;
    first.answer = answer;
    this.settle();
  }

  private onPixels(bytes: Buffer): void {
    this.unread.push(bytes);
    this.settle();
  }

  /** Messages and pixels arrive over two channels. Pixels belong to the first request whose answer has pixels. */
  private settle(): void {
    for (let first = this.queue[0]; first?.answer; first = this.queue[0]) {
      const { answer } = first;
      if (answer.task === 'read' && !this.fill(first)) return;
      this.queue.shift();
      this.watch();
      if (answer.task === 'failed') first.reject(new OpenSlideFailed(answer.reason, false));
      else first.resolve(answer, first.pixels);
    }
  }

  /** Whether all pixels of a request have arrived. */
  private fill(request: Waiting): boolean {
    const { pixels } = request;
    while (request.filled < pixels.length) {
      const bytes = this.unread.shift();
      if (bytes === undefined) return false;
      const part = bytes.subarray(0, pixels.length - request.filled);
      pixels.set(part, request.filled);
      request.filled += part.length;
      if (part.length < bytes.length) this.unread.unshift(bytes.subarray(part.length));
    }
    return true;
  }

  private end(error: Error): void {
    if (this.over !== null) return;
    this.over = error;
    if (this.timer !== null) clearTimeout(this.timer);
    for (const { reject } of this.queue.splice(0)) reject(error);
  }
}
