import h5wasm, { Module, type Dataset, type File, type Group } from 'h5wasm/node';
import { foreign } from './foreign.js';
import { datasetArray } from './hdf5-dataset.js';
import { otherFiles } from './other-files.js';
import { coordsName, featureNames, type StoredArray } from './stored-array.js';

export interface FoundDataset {
  readonly dataset: Dataset;
  readonly array: StoredArray;
}

/** Maximum depth of groups that are searched. */
const deepest = 4;
/** Maximum number of names that are examined. No feature file has as many. */
const mostNames = 10_000;

/** The state of the search below a file's root. */
interface Walk {
  readonly found: FoundDataset[];
  readonly outside: string[];
  /** Addresses of the groups that were searched. Because of links, a group may contain itself. */
  readonly visited: Set<string>;
  names: number;
}

/** The datasets of a file by path, depth first, each group once. @throws HafError `HAF_FEATURES_INVALID` */
export function datasetsOf(file: File): readonly FoundDataset[] {
  const walk: Walk = { found: [], outside: [], visited: new Set(), names: 0 };
  lookInto(file, '', 0, walk);
  const isWanted = (name: string): boolean => featureNames.includes(name) || name === coordsName;
  const { found, outside } = walk;
  // A link to another file is an error only if it has the name of the features or coordinates, or if the file has no
  // dataset of its own.
  const needed = outside.filter((link) => isWanted(link.split(' -> ')[0] ?? ''));
  if (needed.length > 0 || (found.length === 0 && outside.length > 0))
    throw otherFiles(needed.length > 0 ? needed : outside);
  return found;
}

function lookInto(group: Group, prefix: string, depth: number, walk: Walk): void {
  const address = Buffer.from(Module.create_object_reference(group.file_id, group.path)).toString('hex');
  if (walk.visited.has(address)) return;
  walk.visited.add(address);
  for (const key of group.keys()) {
    if (++walk.names > mostNames)
      throw foreign(
        `it has more than ${mostNames} groups and datasets`,
        'Write one file per slide, with the features in a dataset "features".',
      );
    const entity = group.get(key);
    const place = prefix + key;
    if (entity instanceof h5wasm.Dataset)
      walk.found.push({ dataset: entity, array: datasetArray(entity, place) });
    else if (entity !== null && 'filename' in entity) walk.outside.push(`${place} -> ${entity.filename}`);
    else if (entity instanceof h5wasm.Group && depth < deepest)
      lookInto(entity, `${place}/`, depth + 1, walk);
  }
}
