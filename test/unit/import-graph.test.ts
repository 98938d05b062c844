import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const source = resolve(import.meta.dirname, '../../src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join(source, name));

/** Static imports that exist at run time; type-only imports and import() break no start-up. */
function importsOf(file: string): string[] {
  const statements = readFileSync(file, 'utf8').matchAll(
    /^(?:import|export) (?!type )(?:[^'"]*from )?'(\.[^']+)\.js';$/gms,
  );
  return [...statements].map(([, path]) => `${resolve(dirname(file), path ?? '')}.ts`);
}

function cycleFrom(start: string, graph: ReadonlyMap<string, readonly string[]>): string[] | null {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return null;
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next, [...path, file]);
      if (cycle) return cycle;
    }
    done.add(file);
    return null;
  };
  return visit(start, []);
}

describe('the import graph', () => {
  const graph = new Map(files.map((file) => [file, importsOf(file)]));

  it('resolves to files that exist', () => {
    const missing = [...graph].flatMap(([file, imports]) =>
      imports.filter((path) => !graph.has(path)).map((path) => `${file} -> ${path}`),
    );
    expect(missing).toEqual([]);
    expect([...graph.values()].flat().length).toBeGreaterThan(50);
  });

  it('has no cycle', () => {
    for (const file of files) expect(cycleFrom(file, graph)).toBeNull();
  });

  it('loads no TensorFlow outside of operators', () => {
    const loaders = files.filter((file) => /from '@tensorflow/.test(readFileSync(file, 'utf8')));
    expect(loaders.filter((file) => !file.includes('/operators/'))).toEqual([]);
  });
});
