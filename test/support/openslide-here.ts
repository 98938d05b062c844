import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli } from './cli.js';

/** An OpenSlide as `slides install` installs it, and a Python that reads slides with the same libopenslide. */
export interface OpenSlideHere {
  /** The value for HAF_OPENSLIDE_DIR. */
  readonly folder: string;
  /** Runs Python code, which can import `openslide`, with arguments; returns its output. */
  readonly python: (code: string, args: readonly string[]) => Buffer;
  /** Installs further Python packages. If they cannot be downloaded, prints a note and returns false. */
  readonly fetch: (wanted: readonly string[]) => boolean;
  readonly remove: () => void;
}

/**
 * Installs OpenSlide and its Python package from PyPI. If PyPI or Python is not available, prints a note and returns
 * null.
 */
export async function openSlideHere(): Promise<OpenSlideHere | null> {
  const root = mkdtempSync(join(tmpdir(), 'haf-openslide-'));
  const remove = (): void => rmSync(root, { recursive: true, force: true });
  const [folder, packages] = [join(root, 'openslide'), join(root, 'python')];
  process.env['HAF_OPENSLIDE_DIR'] = folder;
  const installed = await cli(['slides', 'install'], root);
  const pip = ['-m', 'pip', 'install', '--quiet', '--target', packages];
  const wanted = ['openslide-python==1.4.7', 'openslide-bin==4.0.1.2'];
  if (installed.code !== 0 || spawnSync('python3', [...pip, ...wanted]).status !== 0) {
    console.warn(`SKIPPED: OpenSlide cannot be fetched from PyPI: ${installed.stderr}`);
    remove();
    return null;
  }
  const python = (code: string, args: readonly string[]): Buffer => {
    const env = { ...process.env, PYTHONPATH: packages };
    const { status, stdout, stderr } = spawnSync('python3', ['-c', code, ...args], {
      env,
      maxBuffer: 2 ** 30,
    });
    if (status !== 0) throw new Error(stderr.toString());
    return stdout;
  };
  const fetch = (more: readonly string[]): boolean => {
    const fetched = spawnSync('python3', [...pip, ...more]).status === 0;
    if (!fetched) console.warn(`SKIPPED: ${more.join(', ')} cannot be fetched from PyPI`);
    return fetched;
  };
  return { folder, python, fetch, remove };
}
