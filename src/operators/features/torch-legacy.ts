import { closeSync, fstatSync, openSync } from 'node:fs';
import type { FeatureReader } from './feature-reader.js';
import { bytesAt } from './file-bytes.js';
import { foreign } from './foreign.js';
import type { MemoryBudget } from './memory-budget.js';
import { bytesOfType } from './number-type.js';
import { readPickle } from './pickle.js';
import { torchContent, torchShapes, type TorchFile } from './torch-content.js';
import { torchNames, torchStorage, type TorchStorage } from './torch-objects.js';

const again = 'Copy or download it again, or write it again with torch.save.';
const legacyMagic = 0x1950a86a20f9469cfc6cn;
const legacyProtocol = 1001;
/** Maximum size of the pickles of a file in bytes. They come before the numbers and only describe them. */
const largestPickles = 4 * 2 ** 20;
const countBytes = 8;

/** For each key of a storage, the position of its numbers. The file holds the storages in the order of `keys`. */
function storageStarts(
  file: number,
  size: number,
  from: number,
  keys: readonly unknown[],
  storages: ReadonlyMap<string, TorchStorage>,
): ReadonlyMap<string, number> {
  const starts = new Map<string, number>();
  let at = from;
  for (const key of keys) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (!storage) throw foreign('it lists storages that no tensor has', again);
    const count = Number(Buffer.from(bytesAt(file, at, countBytes)).readBigInt64LE());
    const end = at + countBytes + count * bytesOfType(storage.type);
    if (count !== storage.count || end > size)
      throw foreign(`its storage "${storage.key}" is cut off or of another length than it says`, again);
    starts.set(storage.key, at + countBytes);
    at = end;
  }
  return starts;
}

/** A file of torch.save before PyTorch 1.6: five pickles, then each storage as its length and its numbers. */
function openLegacy(file: number, budget: MemoryBudget): TorchFile {
  const { size } = fstatSync(file);
  const head = bytesAt(file, 0, Math.min(size, largestPickles));
  const storages = new Map<string, TorchStorage>();
  let at = 0;
  const next = (): unknown => {
    const { value, end } = readPickle(head, at, torchNames, (id) => {
      const storage = torchStorage(id) as TorchStorage;
      storages.set(storage.key, storage);
      return storage;
    });
    at = end;
    return value;
  };
  if (next() !== legacyMagic || next() !== legacyProtocol)
    throw foreign(
      'it is a pickle, but not one of torch.save',
      'Save the features with torch.save or numpy.save.',
    );
  const system = next();
  if (!(system instanceof Map) || system.get('little_endian') !== true)
    throw foreign('its numbers are big-endian', 'Write it again on a little-endian machine.');
  const value = next();
  const keys = next();
  if (!Array.isArray(keys)) throw foreign('it does not list its storages', again);
  const starts = storageStarts(file, size, at, keys, storages);
  return {
    value,
    bytesOf: ({ key, type, count }) => {
      const start = starts.get(key);
      if (start === undefined) throw foreign(`its storage "${key}" is not in the file`, again);
      budget.assertFits(count * bytesOfType(type), key);
      return bytesAt(file, start, count * bytesOfType(type));
    },
  };
}

/** Tensor files of old PyTorch. Also accepts any other pickle, to report why it is not read. */
export const torchLegacyReader: FeatureReader = {
  extensions: ['.pt', '.pth'],
  // Every binary pickle begins with PROTO and a protocol version.
  recognises: (head) => head[0] === 0x80 && (head[1] ?? 0) >= 2 && (head[1] ?? 9) <= 5,
  read: (file) =>
    Promise.resolve().then(() =>
      withLegacy(file.path, file.budget, (content) => torchContent(file, content)),
    ),
  shapes: (path, budget) => Promise.resolve().then(() => withLegacy(path, budget, torchShapes)),
};

function withLegacy<T>(path: string, budget: MemoryBudget, use: (content: TorchFile) => T): T {
  const handle = openSync(path, 'r');
  try {
    return use(openLegacy(handle, budget));
  } finally {
    closeSync(handle);
  }
}
