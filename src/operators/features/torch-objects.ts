import { foreign } from './foreign.js';
import { bytesOfType, isFloatType, toFloat32, type NumberType } from './number-type.js';
import type { PickleFunction, PickleNames } from './pickle.js';
import { shapeText, type StoredArray } from './stored-array.js';

/** The place of a tensor's numbers: a member of the archive, or a block of a legacy file. */
export interface TorchStorage {
  readonly key: string;
  readonly type: NumberType;
  /** Number of elements. */
  readonly count: number;
}

class StorageClass {
  constructor(readonly type: NumberType) {}
}

export class TorchTensor {
  constructor(
    readonly storage: TorchStorage,
    /** Position of the tensor's first element in the storage, counted in elements. */
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

const again = 'Write it again: torch.save(features.cpu().contiguous(), path).';

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isCounts = (value: unknown): value is number[] => Array.isArray(value) && value.every(isCount);
const isStorage = (value: unknown): value is TorchStorage =>
  typeof value === 'object' && value !== null && 'key' in value && 'count' in value;

/** `torch._utils._rebuild_tensor_v2(storage, offset, size, stride, ...)`. Further arguments do not affect the numbers. */
const rebuildTensor: PickleFunction = ([storage, offset, shape, strides]) => {
  if (!isStorage(storage) || !isCount(offset) || !isCounts(shape) || !isCounts(strides))
    throw foreign('it describes an impossible tensor', again);
  return new TorchTensor(storage, offset, shape, strides);
};

const storageTypes: Readonly<Record<string, NumberType>> = {
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  FloatStorage: 'float32',
  DoubleStorage: 'float64',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'uint8',
  ShortStorage: 'int16',
  IntStorage: 'int32',
  LongStorage: 'int64',
};

const orderedDict: PickleFunction = ([pairs]) =>
  new Map(
    Array.isArray(pairs) ? pairs.filter((pair): pair is [unknown, unknown] => Array.isArray(pair)) : [],
  );

/** All names that the pickle of a tensor file may use, each with its meaning here (see `PickleNames`). */
export const torchNames: PickleNames = new Map<string, unknown>([
  ['collections.OrderedDict', orderedDict],
  ['torch._utils._rebuild_tensor', rebuildTensor],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  ['torch._utils._rebuild_parameter', ([tensor]: readonly unknown[]) => tensor],
  ...Object.entries(storageTypes).map(([name, type]) => [`torch.${name}`, new StorageClass(type)] as const),
]);

/** The storage of a persistent id: ('storage', class, key, device, count, and in legacy files a view or None). */
export const torchStorage: PickleFunction = ([id]) => {
  const [what, storageClass, key, , count, view] = Array.isArray(id) ? (id as unknown[]) : [];
  if (
    what !== 'storage' ||
    !(storageClass instanceof StorageClass) ||
    typeof key !== 'string' ||
    !isCount(count)
  )
    throw foreign('it refers to something that is no storage of numbers', again);
  if (view !== null && view !== undefined) throw foreign('a storage in it is a part of another one', again);
  return { key, type: storageClass.type, count } satisfies TorchStorage;
};

/** Whether the elements are contiguous in C order. The stride of a dimension of length one does not matter. */
function isContiguous({ shape, strides }: TorchTensor): boolean {
  let expected = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const side = shape[i] as number;
    if (side !== 1 && strides[i] !== expected) return false;
    expected *= side;
  }
  return true;
}

/**
 * A tensor as an array. Its bounds are checked before any number is read.
 *
 * @param bytesOf returns exactly the bytes of a storage
 * @throws HafError `HAF_FEATURES_INVALID`
 */
export function tensorArray(
  name: string,
  tensor: TorchTensor,
  bytesOf: (storage: TorchStorage) => Uint8Array,
): StoredArray {
  const { storage, offset, shape, strides } = tensor;
  const { type } = storage;
  const count = shape.reduce((product, side) => product * side, 1);
  const size = bytesOfType(type);
  return {
    name,
    shape,
    type,
    float: isFloatType(type),
    read: () => {
      if (shape.length !== strides.length || offset + count > storage.count)
        throw foreign(
          `tensor "${name}" ${shapeText(shape)} reaches beyond its storage of ${storage.count} numbers`,
          again,
          name,
        );
      if (count > 0 && !isContiguous(tensor))
        throw foreign(`tensor "${name}" is not contiguous (strides ${shapeText(strides)})`, again, name);
      return toFloat32(bytesOf(storage).subarray(offset * size, (offset + count) * size), type);
    },
  };
}
