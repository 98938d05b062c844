import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import {
  bundleFile,
  bundleSchema,
  modelCardFile,
  releaseFile,
  releaseSchema,
  type Bundle,
  type Release,
} from '../../operators/bundle/bundle-data.js';
import { bundleJob } from '../bundles/bundle-job.js';
import { modelCard } from '../bundles/model-card.js';
import { HafError, type ExitCode } from '../core/errors.js';
import { openSealedZip, sealZip } from '../core/sealed-zip.js';
import { sha256 } from '../core/canonical-json.js';
import { observe } from '../observe/observation.js';
import type { PreparedRun } from '../runs/prepare.js';
import { RunDirectory } from '../runs/run-directory.js';
import { cacheOptions, openStore } from '../store/open-store.js';
import type { ArtifactStore, Manifest } from '../store/store.js';
import { executeFromTerminal } from './execute-from-terminal.js';
import { metricsAddress } from './metrics-address.js';
import type { BundleOptions } from './options.js';
import { printData, printJson, say } from './output.js';
import { placeFile } from './place-file.js';
import { textTable } from './text-table.js';
import { packageVersion } from './version.js';

/** `bundle RUN --method M -o FILE`: a trained method as one file for use on new patients. */
export async function bundle(name: string, { force = false, ...options }: BundleOptions): Promise<ExitCode> {
  const base = RunDirectory.findExperiment(options.runs, name);
  const config = base.experiment();
  const { createdAt, codeVersion, node } = base.info();
  const store = await openStore(options.store, cacheOptions(options));
  const job = await bundleJob(base.recipes(), config, options.method, store);
  const prepared: PreparedRun = {
    ...{ config: { ...config, name: 'bundle' }, dataRoot: base.info().dataRoot, store },
    ...{ graph: [job.node], plan: [job], earlier: new Map(), checks: null, lost: [] },
    files: { outcome: [], tables: [], splits: [], bags: [], encoder: [], unreadable: [] },
    directory: new RunDirectory(options.runs, `bundle-${job.id.slice(0, 6)}`),
  };
  const observation = await observe(metricsAddress(options), {
    role: 'orchestrator',
    version: packageVersion(),
  });
  const { outcomes, exitCode } = await executeFromTerminal(prepared, options, observation).finally(
    observation.close,
  );
  const made = outcomes.find((outcome) => 'manifest' in outcome);
  if (made === undefined || !('manifest' in made)) return exitCode;
  const release: Release = { run: base.run, createdAt, codeVersion, node, licence: options.licence ?? null };
  const bytes = sealed(await filesOf(made.manifest, store), release);
  if (existsSync(options.out) && !force && sha256(readFileSync(options.out)) !== sha256(bytes))
    throw new HafError(
      'HAF_USAGE',
      `${options.out} exists and has other content.`,
      'Name another file with -o, or add --force to replace it.',
    );
  await placeFile(options.out, (path) => writeFileSync(path, bytes));
  if (!options.json) say(`bundle: ${options.out} (${megabytes(bytes.length)}, SHA-256 ${sha256(bytes)})`);
  return exitCode;
}

/** The files of the artifact, read whole. */
async function filesOf(manifest: Manifest, store: ArtifactStore): Promise<Record<string, Uint8Array>> {
  const pinned = await store.fetch([{ manifest }]);
  try {
    const artifact = store.open(manifest);
    return Object.fromEntries(manifest.files.map(({ name }) => [name, artifact.bytes(name)]));
  } finally {
    await pinned.release();
  }
}

function sealed(files: Record<string, Uint8Array>, release: Release): Uint8Array {
  const about = bundleSchema.parse(JSON.parse(new TextDecoder().decode(files[bundleFile])));
  const text = new TextEncoder();
  return sealZip({
    [modelCardFile]: text.encode(modelCard(about, release)),
    [releaseFile]: text.encode(`${JSON.stringify(release, null, 2)}\n`),
    ...files,
  });
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** `bundle show FILE`: the contents of a bundle. */
export function showBundle(
  file: string,
  options: { readonly json?: boolean; readonly card?: boolean },
): void {
  const files = openSealedZip(readFileOf(file), file);
  const json = (name: string): unknown => JSON.parse(new TextDecoder().decode(files.get(name)));
  if (options.card === true) return printData(new TextDecoder().decode(files.get(modelCardFile)));
  const about = bundleSchema.parse(json(bundleFile));
  const release = releaseSchema.parse(json(releaseFile));
  if (options.json) return printJson({ ...about, release });
  printData(summaryOf(about, release));
}

function summaryOf(bundle: Bundle, release: Release): string {
  const { method, outcome, cohort, worth, modalities } = bundle;
  const facts = textTable(
    ['', ''],
    [
      ['method', `${method.title} (${method.id}), ${bundle.folds} folds`],
      ['run', `${release.run}, ${release.createdAt.slice(0, 10)}, haf-pipeline ${release.codeVersion}`],
      [
        'outcome',
        `${outcome.words.positive} / ${outcome.words.negative}${outcome.kind === 'binary' ? '' : ' (time-to-event)'}`,
      ],
      ['trained on', `${cohort.patients} patients, ${cohort.positive} ${outcome.words.positive}`],
      ...modalities.map((modality) => [
        modality.id,
        modality.kind === 'table'
          ? `table of ${modality.columns.length} columns`
          : `bags of ${modality.width} numbers, ${modality.encoders.join(', ') || 'encoder not named'}`,
      ]),
      ['licence', release.licence ?? 'not stated'],
    ],
  );
  const shown = worth.subsets.filter(
    ({ modalities: of }) => of.length <= 1 || of.length === modalities.length,
  );
  const table = textTable(
    ['sees', worth.metric === 'auc' ? 'AUC' : 'C', 'sd', 'test patients'],
    shown.map(({ modalities: of, mean, std, patients }) => [
      of.length === modalities.length ? 'everything' : of.join(' + '),
      mean === null ? '-' : mean.toFixed(3),
      std === null ? '-' : std.toFixed(3),
      String(patients),
    ]),
  );
  return `${facts}\n\n${table}`;
}

/**
 * `bundle verify FILE`: opens every part of a bundle.
 * @throws HafError HAF_BUNDLE_INVALID if a part of the bundle is missing or damaged
 */
export async function verifyBundle(file: string): Promise<void> {
  const { openBundle } = await import('../../operators/bundle/open-bundle.js');
  const bytes = readFileOf(file);
  const files = openSealedZip(bytes, file);
  const { folds } = openBundle(files, file);
  printData(`${file}: complete; ${files.size} files, ${folds.length} folds, SHA-256 ${sha256(bytes)}`);
}

/** @throws HafError HAF_USAGE if the file cannot be read */
export function readFileOf(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new HafError(
      'HAF_USAGE',
      `${file} cannot be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)}).`,
      'Name a bundle that "haf-pipeline bundle RUN" wrote.',
      { cause },
    );
  }
}
