import type { RunFile } from '../runs/run-directory.js';
import { crateFile, type RunDirectoryFile } from './run-files.js';

/** An entity of JSON-LD: its id, its type and its properties. */
export type Entity = Readonly<Record<string, unknown>> & { readonly '@id': string };

/** Facts that only the authors know. */
export interface CrateAuthors {
  readonly authors: readonly string[];
  /** An SPDX identifier, an address or a text. Null if not decided. */
  readonly licence: string | null;
}

export interface Crate {
  readonly metadata: { readonly '@context': readonly unknown[]; readonly '@graph': readonly Entity[] };
  /** What the authors have to fill in before they publish the directory. */
  readonly gaps: readonly string[];
}

const specification = 'https://w3id.org/ro/crate/1.1';
const profile = 'https://w3id.org/ro/wfrun/process/0.5';
/** The placeholder for text that the authors have to write. */
export const gapText = 'To be filled in by the authors';

const refer = (id: string): { readonly '@id': string } => ({ '@id': id });

/** References to several entities. The JSON-LD of RO-Crate writes a single reference without a list. */
const referAll = (ids: readonly string[]): unknown =>
  ids.length === 1 ? refer(ids[0] ?? '') : ids.map(refer);

/** The profile Process Run Crate requires the UTC offset of a time in digits, not as `Z`. */
const dateTime = (iso: string): string => iso.replace(/Z$/, '+00:00');

/** The id of a file: its path as a relative address. */
const fileId = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

/**
 * The RO-Crate 1.1 of a run directory, according to the profile Process Run Crate 0.5: the run is an action of the
 * software, with the experiment as its input and all other files as its results. It names neither the machine nor the
 * location of the data.
 *
 * Source: https://w3id.org/ro/crate/1.1, https://w3id.org/ro/wfrun/process/0.5
 */
export function roCrate(
  info: Pick<RunFile, 'run' | 'name' | 'codeVersion' | 'createdAt' | 'updatedAt' | 'state' | 'node'>,
  files: readonly RunDirectoryFile[],
  { authors, licence }: CrateAuthors,
): Crate {
  const experiment = files.find(({ path }) => path === 'config.resolved.yaml');
  const results = files.filter((file) => file !== experiment);
  const people: readonly Entity[] =
    authors.length === 0
      ? [{ '@id': '#author', '@type': 'Person', name: gapText }]
      : authors.map((name, i) => ({ '@id': `#author-${i + 1}`, '@type': 'Person', name }));
  const terms = licenceEntity(licence);
  const graph: readonly Entity[] = [
    {
      '@id': crateFile,
      '@type': 'CreativeWork',
      conformsTo: refer(specification),
      about: refer('./'),
    },
    {
      '@id': './',
      '@type': 'Dataset',
      conformsTo: refer(profile),
      name: `Run ${info.run} of haf-pipeline`,
      description: `Results of the experiment ${info.name}: cross-validated classifiers of patients from several kinds of data.`,
      // The date of publication is not known yet, so the end of the run is used.
      datePublished: dateTime(info.updatedAt),
      dateCreated: dateTime(info.createdAt),
      author: referAll(people.map(({ '@id': id }) => id)),
      license: refer(terms['@id']),
      hasPart: referAll(files.map(({ path }) => fileId(path))),
      mentions: refer('#run'),
    },
    { '@id': profile, '@type': 'CreativeWork', name: 'Process Run Crate', version: '0.5' },
    terms,
    ...people,
    {
      '@id': '#haf-pipeline',
      '@type': 'SoftwareApplication',
      name: 'haf-pipeline',
      softwareVersion: info.codeVersion,
      softwareRequirements: refer('#node'),
    },
    { '@id': '#node', '@type': 'SoftwareApplication', name: 'Node.js', softwareVersion: info.node },
    {
      '@id': '#cohort',
      '@type': 'CreativeWork',
      name: 'Data of the cohort',
      description:
        'Tables, slides and features that the run read. They are not part of this crate; plan.json holds the SHA-256 of each file.',
    },
    {
      '@id': '#run',
      '@type': 'CreateAction',
      name: `haf-pipeline up, run ${info.run}`,
      description: `State at the end: ${info.state}.`,
      startTime: dateTime(info.createdAt),
      endTime: dateTime(info.updatedAt),
      actionStatus: ['failed', 'interrupted', 'cancelled'].includes(info.state)
        ? 'http://schema.org/FailedActionStatus'
        : 'http://schema.org/CompletedActionStatus',
      agent: referAll(people.map(({ '@id': id }) => id)),
      instrument: refer('#haf-pipeline'),
      object: referAll([...(experiment === undefined ? [] : [fileId(experiment.path)]), '#cohort']),
      result: referAll(results.map(({ path }) => fileId(path))),
    },
    ...files.map(fileEntity),
  ];
  return {
    metadata: {
      // The context of RO-Crate 1.1 has no term for a hash, so the term `sha256` is added.
      '@context': [`${specification}/context`, { sha256: 'https://schema.org/sha256' }],
      '@graph': graph,
    },
    gaps: [
      ...(authors.length === 0 ? ['authors (--author)'] : []),
      ...(licence === null ? ['licence (--licence)'] : []),
      'date of publication (the crate states the end of the run in its place)',
    ],
  };
}

function licenceEntity(licence: string | null): Entity {
  if (licence === null)
    return {
      '@id': '#licence',
      '@type': 'CreativeWork',
      name: gapText,
      description: 'The licence under which these results may be used.',
    };
  const id = /^https?:/.test(licence)
    ? licence
    : /^[A-Za-z0-9.+-]+$/.test(licence)
      ? `https://spdx.org/licenses/${licence}`
      : '#licence';
  return { '@id': id, '@type': 'CreativeWork', name: licence, description: `Licence: ${licence}` };
}

const fileEntity = ({ path, bytes, sha256, description, encodingFormat }: RunDirectoryFile): Entity => ({
  '@id': fileId(path),
  '@type': 'File',
  name: path,
  description,
  encodingFormat,
  contentSize: String(bytes),
  sha256,
});
