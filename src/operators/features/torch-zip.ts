import { foreign } from './foreign.js';
import type { MemoryBudget } from './memory-budget.js';
import { bytesOfType } from './number-type.js';
import { readPickle } from './pickle.js';
import type { TorchFile } from './torch-content.js';
import { torchNames, torchStorage } from './torch-objects.js';
import type { ZipArchive, ZipEntry } from './zip-archive.js';

const pickleName = 'data.pkl';
const again = 'Copy or download it again, or write it again with torch.save.';
/** Maximum size of the pickle, which only describes the tensors. A feature file needs no larger one. */
const largestPickle = 4 * 2 ** 20;

const isPickle = ({ name }: ZipEntry): boolean => name === pickleName || name.endsWith(`/${pickleName}`);

export const isTorchZip = ({ entries }: ZipArchive): boolean => entries.some(isPickle);

/**
 * Opens a zip archive that torch.save of PyTorch 1.6 or newer wrote.
 * @throws HafError `HAF_FEATURES_INVALID` if the archive is not such a file or is damaged
 */
export function openTorchZip(archive: ZipArchive, budget: MemoryBudget): TorchFile {
  const pickle = archive.entries.find(isPickle);
  if (!pickle || pickle.bytes > largestPickle)
    throw foreign(`its ${pickleName} has ${pickle?.bytes ?? 0} bytes, more than tensors need`, again);
  const folder = pickle.name.slice(0, -pickleName.length);
  const member = (name: string): ZipEntry | undefined =>
    archive.entries.find((entry) => entry.name === folder + name);
  const order = member('byteorder');
  if (order && order.bytes < 16 && Buffer.from(archive.read(order)).toString('latin1') === 'big')
    throw foreign('its numbers are big-endian', 'Write it again on a little-endian machine.');
  return {
    value: readPickle(archive.read(pickle), 0, torchNames, torchStorage).value,
    bytesOf: ({ key, type, count }) => {
      const entry = member(`data/${key}`);
      if (!entry) throw foreign(`its storage "${key}" is not in the archive`, again);
      if (entry.bytes !== count * bytesOfType(type))
        throw foreign(
          `its storage "${key}" has ${entry.bytes} bytes, ${count * bytesOfType(type)} expected`,
          again,
        );
      return archive.read(entry, budget);
    },
  };
}
