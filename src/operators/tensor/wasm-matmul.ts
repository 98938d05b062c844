import * as tf from '@tensorflow/tfjs-core';

type Info = tf.TensorInfo;

/** The part of the wasm backend that the kernel needs. The package does not export its type. */
interface WasmMemory {
  write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): tf.DataId;
  readSync(dataId: tf.DataId, start?: number, end?: number): tf.backend_util.BackendValues;
  disposeData(dataId: tf.DataId): boolean;
  /** Registers a tensor over existing memory. */
  makeOutput(shape: number[], dtype: tf.DataType, memoryOffset: number): Info;
  readonly dataIdMap: {
    get(dataId: tf.DataId): { readonly id: number; readonly memoryOffset: number };
    delete(dataId: tf.DataId): boolean;
  };
  readonly wasm: { readonly tfjs: { disposeData(id: number): void } };
}

/**
 * Number of rows per block of a tall left operand that is to be transposed: when a block exceeds the cache, the strided reads of a
 * transpose miss it at every element. 256 was the fastest of 64 to 4096 rows at 1024 columns.
 */
const blockRows = 256;

let installed = false;

/**
 * Replaces the wasm kernel of `matMul`. The original kernel uses XNNPACK only for one product without transposes; otherwise it runs a
 * scalar triple loop that is 10-40 times slower. So here transposes are made explicit and batches become single products.
 *
 * It also avoids a bug of the original kernel: XNNPACK operators are cached by the id of the right operand without its shape, and a
 * reshaped tensor has the same id. So a second product with another shape silently returns garbage. Such an operand is copied first.
 *
 * Call it once the wasm backend is initialised; a second call does nothing.
 */
export function installWasmMatMul(): void {
  if (installed) return;
  const kernels = {
    matMul: stockKernel(tf.BatchMatMul),
    transpose: stockKernel(tf.Transpose),
    add: stockKernel(tf.Add),
  };
  tf.unregisterKernel(tf.BatchMatMul, 'wasm');
  tf.registerKernel({
    kernelName: tf.BatchMatMul,
    backendName: 'wasm',
    kernelFunc: ({ inputs, backend, attrs }) =>
      new Products(kernels, backend as WasmMemory).batched(
        inputs['a'] as Info,
        inputs['b'] as Info,
        Boolean(attrs?.['transposeA']),
        Boolean(attrs?.['transposeB']),
      ),
  });
  installed = true;
}

function stockKernel(name: string): tf.KernelFunc {
  const kernel = tf.getKernel(name, 'wasm');
  if (!kernel) throw new Error(`The wasm backend has no kernel "${name}"`);
  return kernel.kernelFunc;
}

/** Shape ("k,n") of each tensor when XNNPACK first packed it as a right operand. */
const packedAs = new WeakMap<tf.DataId, string>();

/** A tensor of another shape over the same data. Nothing is copied, and nothing has to be disposed. */
const viewed = ({ dataId, dtype }: Info, shape: number[]): Info => ({ dataId, dtype, shape });
const transposedIf = (on: boolean, [rows, columns]: readonly [number, number]): readonly [number, number] =>
  on ? [columns, rows] : [rows, columns];
const sides = ({ shape }: Info): readonly [number, number] => [shape.at(-2) ?? 1, shape.at(-1) ?? 1];

/**
 * `x` is a batch of matrices. Returns the number of the matrix that broadcasting uses for product `index`. The products
 * are numbered in row-major order of the outer dimensions `outer` of the result.
 */
function positionOf(x: Info, index: number, outer: readonly number[]): number {
  const own = x.shape.slice(0, -2);
  let position = 0;
  let stride = 1;
  let rest = index;
  for (let axis = outer.length - 1; axis >= 0; axis--) {
    const side = outer[axis] ?? 1;
    const ownSide = own[axis - outer.length + own.length] ?? 1;
    if (ownSide > 1) position += (rest % side) * stride;
    stride *= ownSide;
    rest = Math.floor(rest / side);
  }
  return position;
}

/** Number of multiplications below which calling wasm takes longer than a plain loop. */
const tinyProduct = 16_384;

/**
 * The matrices of a batch, read in place: element (i, j) of matrix `index` is at `start(index) + i * row + j * column`.
 */
interface Strided {
  readonly values: Float32Array;
  readonly start: (index: number) => number;
  readonly row: number;
  readonly column: number;
}

/** Computes `a b` for one position of a batch, in float64, into [rows, columns] numbers. */
function multiply(
  a: Strided,
  b: Strided,
  index: number,
  [rows, inner, columns]: readonly [number, number, number],
  into: Float32Array,
): void {
  const [left, right] = [a.values, b.values];
  const [startA, startB] = [a.start(index), b.start(index)];
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      let [at, by] = [startA + i * a.row, startB + j * b.column];
      for (let k = 0; k < inner; k++) {
        sum += (left[at] as number) * (right[by] as number);
        at += a.column;
        by += b.row;
      }
      into[i * columns + j] = sum;
    }
}

class Products {
  constructor(
    private readonly kernels: Readonly<Record<'matMul' | 'transpose' | 'add', tf.KernelFunc>>,
    private readonly memory: WasmMemory,
  ) {}

  /** The products `a b` of a batch of matrices. The dimensions before the last two are broadcast. */
  batched(a: Info, b: Info, transposeA: boolean, transposeB: boolean): Info {
    const [rows, innerA] = transposedIf(transposeA, sides(a));
    const [innerB, columns] = transposedIf(transposeB, sides(b));
    if (innerA !== innerB)
      throw new Error(
        `matMul: inner sides ${innerA} and ${innerB} of [${a.shape.join()}] and [${b.shape.join()}]`,
      );
    const outer = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const batch = tf.util.sizeFromShape(outer);
    const shape = [...outer, rows, columns];
    if (batch === 1) {
      const [left, right] = [viewed(a, [...sides(a)]), viewed(b, [...sides(b)])];
      return viewed(this.product(left, right, transposeA, transposeB), shape);
    }
    const size = rows * columns;
    const joined = new Float32Array(batch * size);
    if (size * innerA <= tinyProduct) {
      const [left, right] = [this.strided(a, transposeA, outer), this.strided(b, transposeB, outer)];
      for (let index = 0; index < batch; index++)
        multiply(
          left,
          right,
          index,
          [rows, innerA, columns],
          joined.subarray(index * size, (index + 1) * size),
        );
      return { dataId: this.memory.write(joined, shape, a.dtype), shape, dtype: a.dtype };
    }
    for (let index = 0; index < batch; index++) {
      const [left, right] = [this.layer(a, index, outer), this.layer(b, index, outer)];
      const part = this.product(left, right, transposeA, transposeB);
      joined.set(this.memory.readSync(part.dataId) as Float32Array, index * size);
      this.free(left, right, part);
    }
    return { dataId: this.memory.write(joined, shape, a.dtype), shape, dtype: a.dtype };
  }

  /** Computes the product of two matrices. Each matrix can be transposed first. */
  private product(a: Info, b: Info, transposeA: boolean, transposeB: boolean): Info {
    if (transposeA && transposeB) return this.transposedAndFreed(this.product(b, a, false, false));
    if (transposeB) return this.withTransposed(b, (right) => this.plain(a, right));
    if (!transposeA) return this.plain(a, b);
    return this.transposedProduct(a, b);
  }

  /** `a^T b`, computed block by block of rows as the sum of the blocks' products. */
  private transposedProduct(a: Info, b: Info): Info {
    const [rows] = sides(a);
    if (rows <= blockRows) return this.withTransposed(a, (left) => this.plain(left, b));
    let sum: Info | null = null;
    for (let from = 0; from < rows; from += blockRows) {
      const to = Math.min(rows, from + blockRows);
      const [left, right] = [this.rowsOf(a, from, to), this.rowsOf(b, from, to)];
      const part = this.withTransposed(left, (transposed) => this.plain(transposed, right));
      this.forget(left, right);
      sum = sum === null ? part : this.addedAndFreed(sum, part);
    }
    return sum as Info;
  }

  private plain(a: Info, b: Info): Info {
    const shape = b.shape.join();
    const before = packedAs.get(b.dataId);
    if (before === undefined) packedAs.set(b.dataId, shape);
    const stale = before !== undefined && before !== shape;
    const right = stale ? this.copied(b) : b;
    const product = this.kernels.matMul({
      inputs: { a, b: right },
      backend: this.memory,
      attrs: { transposeA: false, transposeB: false },
    }) as Info;
    if (stale) this.free(right);
    return product;
  }

  private copied({ dataId, shape, dtype }: Info): Info {
    return { dataId: this.memory.write(this.memory.readSync(dataId), shape, dtype), shape, dtype };
  }

  private withTransposed(x: Info, use: (transposed: Info) => Info): Info {
    const transposed = this.transposed(x);
    const result = use(transposed);
    this.free(transposed);
    return result;
  }

  private transposedAndFreed(x: Info): Info {
    const transposed = this.transposed(x);
    this.free(x);
    return transposed;
  }

  private transposed(x: Info): Info {
    return this.kernels.transpose({ inputs: { x }, backend: this.memory, attrs: { perm: [1, 0] } }) as Info;
  }

  private addedAndFreed(a: Info, b: Info): Info {
    const sum = this.kernels.add({ inputs: { a, b }, backend: this.memory }) as Info;
    this.free(a, b);
    return sum;
  }

  /**
   * Rows of a matrix in place, without a copy. Pass the result to `forget`: freeing it would free memory of the matrix.
   */
  private rowsOf({ dataId, shape, dtype }: Info, from: number, to: number): Info {
    const columns = shape[1] ?? 1;
    const { memoryOffset } = this.memory.dataIdMap.get(dataId);
    const offset = memoryOffset + from * columns * Float32Array.BYTES_PER_ELEMENT;
    return this.memory.makeOutput([to - from, columns], dtype, offset);
  }

  private forget(...views: readonly Info[]): void {
    for (const { dataId } of views) {
      this.memory.wasm.tfjs.disposeData(this.memory.dataIdMap.get(dataId).id);
      this.memory.dataIdMap.delete(dataId);
    }
  }

  private strided(x: Info, transposed: boolean, outer: readonly number[]): Strided {
    const [rows, columns] = sides(x);
    return {
      values: this.memory.readSync(x.dataId) as Float32Array,
      start: (index) => positionOf(x, index, outer) * rows * columns,
      row: transposed ? 1 : columns,
      column: transposed ? columns : 1,
    };
  }

  /** Copy of the matrix of `x` that broadcasting uses for product `index` (`positionOf`). */
  private layer(x: Info, index: number, outer: readonly number[]): Info {
    const position = positionOf(x, index, outer);
    const shape = [...sides(x)];
    const size = tf.util.sizeFromShape(shape);
    const values = this.memory.readSync(x.dataId, position * size, (position + 1) * size);
    return { dataId: this.memory.write(values, shape, x.dtype), shape, dtype: x.dtype };
  }

  private free(...infos: readonly Info[]): void {
    for (const { dataId } of infos) this.memory.disposeData(dataId);
  }
}
