import { mkdtempSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { PixelFile } from '../../src/operators/slides/pixel-file.js';

function opened(): PixelFile {
  const file = PixelFile.open();
  onTestFinished(() => file.close());
  return file;
}

it('has no name that a killed process could leave behind', () => {
  const folder = mkdtempSync(join(tmpdir(), 'haf-test-'));
  vi.stubEnv('TMPDIR', folder);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  const file = opened();
  expect(readdirSync(folder)).toEqual([]);
  writeSync(file.descriptor, Uint8Array.of(1, 2, 3), 0, 3, 7);
  const [a, b] = [new Uint8Array(2), new Uint8Array(1)];
  file.read(7, [a, b]);
  expect([...a, ...b]).toEqual([1, 2, 3]);
});

it('reserves spans that do not overlap, and reuses what was released', () => {
  const file = opened();
  const [a, b, c] = [file.reserve(10), file.reserve(20), file.reserve(30)];
  expect([a.at, b.at, c.at]).toEqual([0, 10, 30]);
  file.release(b);
  expect(file.reserve(21).at).toBe(60);
  expect(file.reserve(15).at).toBe(10);
  expect(file.reserve(5).at).toBe(25);
  file.release(a);
  expect(file.reserve(10).at).toBe(0);
});

it('names what is missing if the other process has written too little', () => {
  const file = opened();
  writeSync(file.descriptor, Uint8Array.of(1, 2, 3), 0, 3, 0);
  expect(() => file.read(0, [new Uint8Array(4)])).toThrow('the pixel file ends at byte 3');
});
