import { describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/operators/tensor/safetensors.js';

describe('safetensors files', () => {
  const arrays = {
    weights: { shape: [2, 3], data: Float32Array.from([1, -2, 3.5, 0, 5, 6]) },
    mask: { shape: [3], data: Uint8Array.from([1, 0, 1]) },
    exact: { shape: [1], data: Float64Array.from([Math.PI]) },
    none: { shape: [0, 4], data: new Int32Array() },
  };

  it('give back every array', () => {
    expect(readSafetensors(writeSafetensors(arrays))).toEqual(arrays);
  });

  it('are read from a Buffer at an odd place of a larger allocation', () => {
    const file = writeSafetensors(arrays);
    const pool = Buffer.alloc(file.length + 3);
    pool.set(file, 3);
    expect(readSafetensors(pool.subarray(3))).toEqual(arrays);
  });

  it.each(['mask', 'Größe', '腫瘍'])(
    'start their data on a multiple of eight bytes with an array named %s',
    (name) => {
      const named = { [name]: arrays.mask };
      const file = writeSafetensors(named);
      expect((8 + Number(new DataView(file.buffer).getBigUint64(0, true))) % 8).toBe(0);
      expect(readSafetensors(file)).toEqual(named);
    },
  );

  it('are refused when cut short or of an unknown type', () => {
    const file = writeSafetensors(arrays);
    expect(() => readSafetensors(file.subarray(0, file.length - 1))).toThrow(/size its header says/);
    expect(() => readSafetensors(file.subarray(0, 5))).toThrow(/shorter/);
    expect(() => readSafetensors(file.subarray(0, 40))).toThrow(/past the end/);
    const text = new TextEncoder().encode('{"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}');
    const strange = new Uint8Array(8 + text.length + 2);
    new DataView(strange.buffer).setBigUint64(0, BigInt(text.length), true);
    strange.set(text, 8);
    expect(() => readSafetensors(strange)).toThrow(/unsupported type BF16/);
  });
});
