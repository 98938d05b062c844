import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { encoderPresetWarnings } from './apply-encoder-preset.js';
import { HafError } from '../core/errors.js';
import { schemaFindings, withoutEmptySections } from './findings.js';
import { movedKeys } from './moved-keys.js';
import { isFromPreset, withPreset } from './presets.js';
import { ruleFindings } from './rules.js';
import { configWarnings } from './warnings.js';
import { type Config, configSchema } from './schema.js';
import { configJsonSchema, type KeyPath } from './schema-tree.js';
import { readSource } from './source.js';

export interface LoadOptions {
  /** Path of the experiment file, relative to the working directory. */
  readonly file?: string | undefined;
  /** The text of the experiment. If given, no file is read. */
  readonly text?: string | undefined;
  /**
   * Overrides as given to `--set`, for example `train.epochs=60`. A later override of a key replaces an earlier one.
   */
  readonly set?: readonly string[] | undefined;
  /** Folder of the cohort from `--data`, relative to the working directory. It takes precedence over `data.root`. */
  readonly dataRoot?: string | undefined;
  /**
   * The command line names the files, so any bag modality may be made from images.
   * @default false
   */
  readonly filesGiven?: boolean;
  /**
   * For new patients, whose outcome is unknown: `data.outcome` may be absent, and `cohort` leaves no patient out.
   * @default false
   */
  readonly withoutOutcome?: boolean;
  /**
   * For new patients: images may be declared without an encoder, because the trained model has one.
   * @default false
   */
  readonly encoderOfModel?: boolean;
}

export interface LoadedConfig {
  /**
   * The resolved experiment. `data.root` is always null, because the location of a cohort must not change any hash.
   */
  readonly config: Config;
  readonly file: string | null;
  /** Absolute folder of the cohort. Null if neither the file nor `--data` names one. */
  readonly dataRoot: string | null;
  /** Warnings about legal settings that are most likely a mistake, one sentence each. */
  readonly warnings: readonly string[];
}

function readExperiment(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const reason = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code ?? String(cause)})`;
    throw new HafError(
      'HAF_CONFIG_MISSING',
      `The experiment file ${file} ${reason}.`,
      'Name one with -c FILE, or write one with "haf-pipeline init".',
      { context: { file }, cause },
    );
  }
}

const keyName = (path: KeyPath): string =>
  path.reduce<string>(
    (name, step) => (typeof step === 'number' ? `${name}[${step}]` : name === '' ? step : `${name}.${step}`),
    '',
  );

/**
 * Reads an experiment: the YAML, then the `--set` overrides. Keys that neither sets come from the preset, then from
 * the defaults.
 *
 * @throws HafError HAF_CONFIG_MISSING if the file cannot be read; HAF_CONFIG_INVALID with one line per
 *   problem, all of them at once, each with file, line and column (`context.problems`).
 * @example const { config, dataRoot } = loadConfig({ file: 'experiment.yaml', set: ['train.epochs=60'] });
 */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const file = options.file ?? null;
  const label = file ?? 'experiment';
  const text = options.text ?? (file === null ? '' : readExperiment(file));
  const source = readSource(text, label, options.set ?? []);
  const tree = configJsonSchema();
  const written = withoutEmptySections(source.value, tree);
  const moved = movedKeys(written);
  const value = withPreset(moved.rest, options.filesGiven);
  const findings =
    value === null ? [] : [...moved.findings, ...schemaFindings(value, tree), ...rules(value, options)];
  const problems = [
    ...source.problems,
    ...findings.map(({ path, message }) => ({
      place: source.placeOf(path),
      message: `${keyName(path)}: ${message}${isFromPreset(written, path) ? ' (from the preset)' : ''}`,
    })),
  ]
    .sort((a, b) => a.place.order - b.place.order)
    .map(({ place, message }) => `${place.text} ${message}`);
  if (problems.length > 0)
    throw new HafError(
      'HAF_CONFIG_INVALID',
      `${label} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${shortened(problems).join('\n')}`,
      'Correct the listed keys; "haf-pipeline config schema" describes every key.',
      { context: { file: label, problems: shortened(problems) } },
    );
  const config = configSchema.parse(value);
  const resolved: Config = {
    ...config,
    modalities: config.modalities ?? Object.keys(config.data.modalities),
    data: { ...config.data, root: null },
  };
  return {
    config: resolved,
    file,
    dataRoot: dataRootOf(options.dataRoot, config.data.root, file),
    warnings: [...configWarnings(resolved), ...encoderPresetWarnings(resolved, options.filesGiven ?? false)],
  };
}

const rules = (
  value: unknown,
  { withoutOutcome = false, encoderOfModel = false }: LoadOptions,
): ReturnType<typeof ruleFindings> =>
  ruleFindings(value, { encoderOfModel }).filter(
    ({ path }) => !withoutOutcome || (path[0] !== 'cohort' && path.join('.') !== 'data.outcome'),
  );

/** Maximum number of problems that are shown. Further problems are only counted. */
const shown = 100;
const shortened = (problems: readonly string[]): readonly string[] =>
  problems.length <= shown
    ? problems
    : [...problems.slice(0, shown), `... and ${problems.length - shown} more`];

function dataRootOf(option: string | undefined, root: string | null, file: string | null): string | null {
  if (option !== undefined) return resolve(option);
  return root === null ? null : resolve(file === null ? '.' : dirname(file), root);
}
