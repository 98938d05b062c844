import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { configSchema, type Config } from '../config/schema.js';
import { HafError } from '../core/errors.js';
import { fittingPath } from '../core/file-name.js';
import { pathWithin } from '../core/path-within.js';
import type { Plan } from '../plan.js';
import type { Recipe } from '../recipe.js';
import type { RunEvent } from '../run-event.js';
import { EventFile } from './event-file.js';
import { planBytes, readPlan } from './plan-file.js';

const runFileSchema = z.object({
  v: z.literal(1),
  run: z.string(),
  name: z.string(),
  codeVersion: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
  /** Absolute path of the cohort at the start of the run. */
  dataRoot: z.string(),
  /** `running` until the run ends (a killed `up` leaves this state). `partial` after a replay of some stages only. */
  state: z.enum([
    'running',
    'succeeded',
    'finished-with-failures',
    'failed',
    'interrupted',
    'cancelled',
    'partial',
  ]),
  host: z.string(),
  node: z.string(),
  config: z.unknown(),
  /**
   * `log`: the byte of the event log up to which trace.csv is complete. `trace`: the length of trace.csv at that
   * point. Absent if trace.csv must be made from the whole log.
   */
  traced: z.object({ log: z.number().int(), trace: z.number().int() }).exactOptional(),
});
export type RunFile = z.infer<typeof runFileSchema>;

/** Commands that execute a part of the graph as a run under their own name. */
const commandRuns = ['tile', 'embed', 'bundle', 'predict', 'validate'];

/** The planned recipes by job key. `explain` compares them with the recipes of another run. */
const recipesFile = 'plan.json';

/** `runs/<run>/`: the files for users and scripts (docs/architecture.md, "Run directory"). */
export class RunDirectory {
  constructor(
    readonly runs: string,
    readonly run: string,
  ) {}

  get path(): string {
    return join(this.runs, this.run);
  }

  /** All runs in a folder whose run.json can be read, oldest first. */
  static list(runs: string): readonly RunDirectory[] {
    if (!existsSync(runs)) return [];
    return readdirSync(runs)
      .map((name) => new RunDirectory(runs, name))
      .flatMap((directory) => {
        const info = directory.readInfo();
        return info.success ? [{ directory, createdAt: info.data.createdAt }] : [];
      })
      .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
      .map(({ directory }) => directory);
  }

  /**
   * Like `find`, but only among runs of experiments. Runs of `tile`, `embed`, `bundle`, `predict` and `validate` have
   * no methods to show.
   */
  static findExperiment(runs: string, name: string): RunDirectory {
    return RunDirectory.find(runs, name, (run) => !commandRuns.includes(run.info().name));
  }

  /**
   * The run called `name`: its full name, a unique beginning of it, or "latest".
   *
   * @param among selects the runs to search; all by default
   * @throws HafError HAF_RUN_UNKNOWN
   */
  static find(runs: string, name: string, among: (run: RunDirectory) => boolean = () => true): RunDirectory {
    const all = RunDirectory.list(runs).filter(among);
    const names = all.map(({ run }) => run);
    const unknown = (what: string): HafError =>
      new HafError(
        'HAF_RUN_UNKNOWN',
        what,
        names.length ? `Runs here: ${names.join(', ')}.` : 'Start one with `haf-pipeline up`.',
      );
    if (name === 'latest') {
      const last = all.at(-1);
      if (!last) throw unknown(`There is no run below ${runs}.`);
      return last;
    }
    const matching = all.filter(({ run }) => run === name || run.startsWith(name));
    const exact = matching.find(({ run }) => run === name) ?? matching[0];
    if (!exact) throw unknown(`There is no run "${name}" below ${runs}.`);
    if (matching.length > 1 && exact.run !== name)
      throw unknown(`"${name}" could be ${matching.map(({ run }) => run).join(' or ')}.`);
    return exact;
  }

  info(): RunFile {
    const info = this.readInfo();
    if (info.success) return info.data;
    throw new HafError(
      'HAF_RUN_UNKNOWN',
      `${join(this.path, 'run.json')} cannot be read: it is damaged or of another version.`,
      'Run the experiment again with "haf-pipeline up": its artifacts are still in the store.',
    );
  }

  /**
   * The experiment of the run.
   * @throws HafError HAF_RUN_UNKNOWN if this version of haf-pipeline cannot read it
   */
  experiment(): Config {
    const config = configSchema.safeParse(this.info().config);
    if (config.success)
      return {
        ...config.data,
        modalities: config.data.modalities ?? Object.keys(config.data.data.modalities),
      };
    throw new HafError(
      'HAF_RUN_UNKNOWN',
      `The experiment in ${join(this.path, 'run.json')} is not one of this version: ${z.prettifyError(config.error)}`,
      'Run the experiment file again with "haf-pipeline up".',
    );
  }

  private readInfo(): z.ZodSafeParseResult<RunFile> {
    const path = join(this.path, 'run.json');
    return runFileSchema.safeParse(existsSync(path) ? parseOrNull(readFileSync(path, 'utf8')) : null);
  }

  exists(): boolean {
    return this.readInfo().success;
  }

  /** The recipes of the last plan of this run for the job keys `wanted`. Empty if the file is missing or damaged. */
  recipes(wanted: ReadonlySet<string> | null = null): ReadonlyMap<string, Recipe> {
    return readPlan(join(this.path, recipesFile), wanted);
  }

  writePlan(plan: Plan): void {
    this.write(recipesFile, planBytes(plan));
  }

  writeInfo(
    info: Omit<RunFile, 'v' | 'run' | 'createdAt' | 'updatedAt' | 'name'> & { config: Config },
  ): void {
    const now = new Date().toISOString();
    const createdAt = this.exists() ? this.info().createdAt : now;
    const file: RunFile = { v: 1, run: this.run, name: info.config.name, createdAt, updatedAt: now, ...info };
    this.write('run.json', `${JSON.stringify(file, null, 2)}\n`);
  }

  /**
   * Writes a file of the run atomically.
   *
   * @param content the whole content, or parts that need not be in memory at once
   * @throws HafError HAF_STORE_CORRUPT for a name that leads out of the run directory
   */
  write(name: string, content: string | Uint8Array | Iterable<string | Uint8Array>): void {
    const path = pathWithin(this.path, fittingPath(name));
    // The temporary name does not contain the file name, which may already have the maximum length.
    const temporary = join(dirname(path), `.${process.pid}.tmp`);
    mkdirSync(dirname(path), { recursive: true });
    try {
      if (typeof content === 'string' || content instanceof Uint8Array)
        writeFileSync(temporary, content, { flush: true });
      else writeParts(temporary, content);
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  /** The event log of the run. */
  get log(): EventFile {
    return new EventFile(join(this.path, 'events.ndjson'));
  }

  /** The logged events. A line that a crash cut off is left out. */
  events(): readonly RunEvent[] {
    return [...this.log.events()];
  }
}

function writeParts(path: string, parts: Iterable<string | Uint8Array>): void {
  const file = openSync(path, 'w');
  try {
    for (const part of parts) writeFileSync(file, part);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function parseOrNull(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
