import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { featureShapes } from '../../src/operators/features/reading-thread.js';
import { defaultLimits } from '../../src/operators/features/reading-limits.js';
import { probeSlide } from '../../src/operators/slides/probe-slide.js';
import { surveyCohort, type Survey } from '../../src/pipeline/cli/survey.js';
import { surveyLines } from '../../src/pipeline/cli/survey-text.js';
import { loadConfig } from '../../src/pipeline/config/load.js';
import { cli, type CliResult } from './cli.js';
import { casesFolder } from './shared.js';
import { type Tiled, tileSlideFile } from './tile-images.js';

/** The settings of tissue and tiles in the command lines of the cases. */
const tiny = { tissue: { preset: 'bwh_biopsy', minArea: 0.05 }, tile: { size: 64, step: 64 } } as const;

interface WrittenExperiment {
  data?: Record<string, unknown>;
}

/**
 * Moves keys to their present place: the cases were written when bags were declared under `data.wsi` and `data.tma`.
 */
function withMovedKeys(file: string): void {
  const written = parse(readFileSync(file, 'utf8')) as WrittenExperiment;
  const { wsi, tma, ...data } = written.data ?? {};
  const modalities = { ...(wsi ? { WSI: wsi } : {}), ...(tma ? { TMA: tma } : {}) };
  writeFileSync(file, stringify({ ...written, data: { ...data, modalities } }));
}

/** A copy of a case that a test may change, with methods to examine it. */
export class CaseFolder {
  /** The working directory of the commands in case.md. */
  readonly folder: string;
  private readonly copy: string;

  /** @param input - the folder of the case that holds experiment.yaml or the files */
  constructor(name: string, input = 'input') {
    this.copy = mkdtempSync(join(tmpdir(), 'haf-case-'));
    this.folder = join(this.copy, 'input');
    cpSync(join(casesFolder ?? '', name, input), this.folder, { recursive: true, verbatimSymlinks: true });
    // The folder of the cases may be read-only. The copy is made writable, because tests change it.
    execFileSync('chmod', ['-R', 'u+w', this.folder]);
    const experiment = join(this.folder, 'experiment.yaml');
    if (existsSync(experiment)) withMovedKeys(experiment);
  }

  remove(): void {
    rmSync(this.copy, { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  edit(name: string, change: (text: string) => string): void {
    writeFileSync(this.path(name), change(readFileSync(this.path(name), 'utf8')));
  }

  config(...set: readonly string[]): ReturnType<typeof loadConfig>['config'] {
    return loadConfig({ text: readFileSync(this.path('experiment.yaml'), 'utf8'), set }).config;
  }

  /** What `inspect data` finds. @param set settings that replace those of experiment.yaml */
  survey(...set: readonly string[]): Promise<Survey> {
    return surveyCohort(this.config(...set), this.path('data'));
  }

  /** What `inspect data` prints. */
  async inspected(...set: readonly string[]): Promise<string> {
    return surveyLines(await this.survey(...set)).join('\n');
  }

  /** What `inspect FILE` says about a slide: its facts and warnings, or why it cannot be read. */
  probe(name: string): ReturnType<typeof probeSlide> {
    return probeSlide(this.path(name));
  }

  /** Tiles a slide as the case's command line does. */
  tile(name: string, mpp?: number): Promise<Tiled> {
    const tile = mpp === undefined ? tiny.tile : { ...tiny.tile, mpp };
    return tileSlideFile(this.path(name), { ...tiny, tile });
  }

  shapes(name: string): ReturnType<typeof featureShapes> {
    return featureShapes({ path: this.path(name), name }, defaultLimits);
  }

  run(...args: readonly string[]): Promise<CliResult> {
    return cli(args, this.folder);
  }

  /** Runs `up` without a broker. @param more further arguments of the command line */
  up(...more: readonly string[]): Promise<CliResult> {
    return this.run('up', '-c', 'experiment.yaml', '--no-broker', ...more);
  }

  /** The content of a file of the run in the folder `runs`. @throws Error if there are several runs */
  ofRun(name: string, runs = 'runs'): string {
    const [run = '', ...others] = readdirSync(this.path(runs));
    if (others.length > 0) throw new Error(`${others.length + 1} runs in ${this.path(runs)}`);
    return readFileSync(join(this.path(runs), run, name), 'utf8');
  }
}

export type OpenCase = (name: string, input?: string) => CaseFolder;

/** The check of each case, by the name of its folder. */
export type Expectations = Readonly<Record<string, (open: OpenCase) => Promise<void>>>;

/** For each modality: the number of patients, and of those with an outcome. */
export const joined = ({ checks }: Survey): Readonly<Record<string, readonly [number, number]>> =>
  Object.fromEntries(
    (checks?.joins ?? []).map(({ modality, patients, matched }) => [modality, [patients, matched] as const]),
  );

/** The warnings of the checks that `inspect` and `up` make, each as file, patient and reason. */
export const warned = ({ checks }: Survey): readonly string[] =>
  (checks?.warnings ?? []).map(({ file, patient, reason }) => `${file ?? ''} ${patient ?? ''} ${reason}`);

export const findingsOf = ({ findings }: Survey): string =>
  findings.map(({ what, fix }) => `${what} ${fix}`).join('\n');
