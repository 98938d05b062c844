import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'vitest';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import { parseManifest, type Manifest } from '../../src/pipeline/store/store.js';
import { cli } from './cli.js';
import type { Changes } from './resolved-config.js';
import { predictionsOf, runFolder, workFolder } from './small-cohort.js';

/** Enough epochs that a kill happens during training, and few enough that a run takes seconds. */
export const faultExperiment: Changes = {
  ...{ modalities: ['WSI', 'Clin', 'Blood'], methods: ['haf', 'blood'] },
  train: { epochs: 150, patience: 150, lr: 1e-3, batch: 16 },
};
export const faultFolder = (changes: Changes = {}): Promise<string> =>
  workFolder({ ...faultExperiment, ...changes });

/** The results of a run, without its durations. */
export interface Outcome {
  readonly summary: unknown;
  readonly predictions: string;
}

export function outcomeOf(folder: string): Outcome {
  const text = readFileSync(join(runFolder(folder), 'summary.json'), 'utf8');
  const summary: unknown = JSON.parse(text, (key, value: unknown) => (key === 'seconds' ? 0 : value));
  return { summary, predictions: predictionsOf(folder) };
}

/** The outcome of an experiment in which nothing fails. */
export async function undisturbedOutcome(changes: Changes = {}): Promise<Outcome> {
  const folder = await faultFolder(changes);
  const { code, stderr } = await cli(['up', '-c', 'experiment.yaml', '--no-broker'], folder);
  if (code !== 0) throw new Error(`the undisturbed run ended with ${code}:\n${stderr}`);
  expectOnce(folder);
  return outcomeOf(folder);
}

let made: Promise<Outcome> | null = null;

/** The outcome of the fault tests' own experiment, computed once per test file. */
export const undisturbed = (): Promise<Outcome> => (made ??= undisturbedOutcome());

export const eventsOf = (folder: string): RunEvent[] =>
  readFileSync(join(runFolder(folder), 'events.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent);

export const typed = <T extends RunEvent['type']>(events: readonly RunEvent[], type: T) =>
  events.filter((event): event is Extract<RunEvent, { type: T }> => event.type === type);

const manifestPaths = (folder: string): string[] =>
  readdirSync(join(folder, '.haf/store/artifacts'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(folder, '.haf/store/artifacts', name));

/** Names of the manifests in the store: ids of artifacts, and `<id>.1` of an artifact that another one replaced. */
export const manifestNames = (folder: string): string[] =>
  manifestPaths(folder)
    .map((path) => basename(path, '.json'))
    .sort();

/** Checks that no job was reported as done twice, and that each done job left exactly one artifact. */
export function expectNoneTwice(folder: string): void {
  const events = eventsOf(folder);
  const done = typed(events, 'job-done').map(({ job }) => job);
  expect(done).toEqual([...new Set(done)]);
  const made = events.flatMap((event) => ('artifact' in event ? event.artifact : []));
  expect(manifestNames(folder)).toEqual([...new Set(made)].sort());
}

/** Checks what `expectNoneTwice` checks, and that every job of the plan was reported as done. */
export function expectOnce(folder: string): void {
  expectNoneTwice(folder);
  const plan = JSON.parse(readFileSync(join(runFolder(folder), 'plan.json'), 'utf8')) as object;
  const done = typed(eventsOf(folder), 'job-done').map(({ job }) => job);
  expect(done.sort()).toEqual(Object.keys(plan).sort());
}

/** The manifest of a job's artifact in the store. */
export function manifestOf(folder: string, job: string): Manifest {
  const manifests = manifestPaths(folder).map((path) =>
    parseManifest(readFileSync(path, 'utf8'), basename(path, '.json')),
  );
  const found = manifests.find((manifest) => manifest?.key === job);
  if (!found) throw new Error(`no artifact of ${job}`);
  return found;
}

/** Checks that the run ended as it does without faults. */
export async function expectUndisturbed(folder: string): Promise<void> {
  expectOnce(folder);
  expect(outcomeOf(folder)).toEqual(await undisturbed());
}
