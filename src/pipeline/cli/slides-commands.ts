import type { Command } from 'commander';
import { examples, lazily } from './command.js';

/** Commands about OpenSlide on this machine. */
export function addSlides(program: Command): void {
  const slides = program
    .command('slides')
    .description('OpenSlide of this machine, for the formats of many scanners');
  examples(
    slides.command('install'),
    'slides install',
    'slides install --from openslide_bin-4.0.1.2-py3-none-manylinux_2_28_x86_64.whl',
    'slides install --from /usr/lib/libopenslide.so.1',
  )
    .description('fetch OpenSlide from PyPI, or take it from a file, and keep it for all runs of this user')
    .option('--from <where>', 'pypi, or the path of a wheel of openslide-bin or of a library', 'pypi')
    .option('--sha256 <hash>', 'SHA-256 that the file of --from must have')
    .option('--json', 'print what was installed as JSON')
    .action(lazily(async () => (await import('./slides-install.js')).slidesInstall));
  examples(slides.command('ls'), 'slides ls', 'slides ls --json')
    .description('say which OpenSlide is installed, and which formats are read')
    .option('--json', 'print it as JSON')
    .action(lazily(async () => (await import('./slides-ls.js')).slidesLs));
}
