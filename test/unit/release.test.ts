import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const textOf = (file: string): string =>
  readFileSync(join(resolve(import.meta.dirname, '../..'), file), 'utf8');

interface Lock {
  readonly version: string;
  readonly packages: Readonly<Record<string, { readonly version: string }>>;
}

describe('a release', () => {
  const { version } = JSON.parse(textOf('package.json')) as { version: string };

  it('has one version in all files that name it', () => {
    const lock = JSON.parse(textOf('package-lock.json')) as Lock;
    expect([lock.version, lock.packages['']?.version]).toEqual([version, version]);
    expect((parse(textOf('CITATION.cff')) as { version: string }).version).toBe(version);
    const tags = ['deploy/README.md', 'deploy/kubernetes/base/kustomization.yaml'].flatMap((file) =>
      [...textOf(file).matchAll(/\b[cg]pu-(\d+\.\d+\.\d+)/g)].map(([, tag]) => tag),
    );
    expect(tags.length).toBeGreaterThan(4);
    expect(new Set(tags)).toEqual(new Set([version]));
  });

  it('begins the list of changes', () => {
    expect(/^## (\S+)$/m.exec(textOf('CHANGELOG.md'))?.[1]).toBe(version);
  });

  it('runs .ci/run on another host', () => {
    const { jobs } = parse(textOf('.github/workflows/ci.yml')) as {
      jobs: Record<string, { steps: readonly { run?: string }[] }>;
    };
    const commands = Object.values(jobs).flatMap(({ steps }) => steps.map(({ run = '' }) => run));
    expect(commands.some((command) => command.includes('.ci/run'))).toBe(true);
  });
});
