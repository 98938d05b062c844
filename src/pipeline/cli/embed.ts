import type { BagIndex, IndexedBag } from '../../operators/features/bag-index.js';
import { HafError, type ExitCode } from '../core/errors.js';
import { runBagCommand } from './bag-command.js';
import type { BagCommandOptions } from './options.js';
import { printData, say } from './output.js';
import { textTable } from './text-table.js';

/** `embed FILES -o DIR`: the bags that the `embed` stage makes, one CLAM h5 for each slide, core or key of an npz. */
export async function embed(paths: readonly string[], options: BagCommandOptions): Promise<ExitCode> {
  const { bagIndexFile, bagIndexSchema } = await import('../../operators/features/bag-index.js');
  const { readBag } = await import('../../operators/features/stored-bag.js');
  const { writeFeatureFile } = await import('../../operators/features/feature-file.js');
  const written: { readonly index: BagIndex; readonly bag: IndexedBag }[] = [];
  const exitCode = await runBagCommand('embed', paths, options, async ({ manifest, store }, folder) => {
    const pinned = await store.fetch([{ manifest }]);
    try {
      const artifact = store.open(manifest);
      const index = artifact.json(bagIndexFile, bagIndexSchema);
      for (const bag of index.bags) {
        const content = { ...index, bag, ...(await readBag(artifact, index, bag)) };
        const name = fileNameOf(bag.image);
        if (written.some((earlier) => fileNameOf(earlier.bag.image) === name)) throw twice(name);
        await folder.place(name, (path) => writeFeatureFile(path, content));
        written.push({ index, bag });
      }
    } finally {
      await pinned.release();
    }
  });
  if (!options.json && written.length > 0) {
    const rows = written.map(({ index, bag }) => [
      bag.image,
      index.dialect,
      index.encoder ?? '-',
      `${bag.rows} x ${index.width}`,
    ]);
    printData(textTable(['image', 'from', 'encoder', 'features'], rows));
    say(`written to ${options.out}`);
  }
  return exitCode;
}

/** The keys of an archive are untrusted. As file names they must stay inside the folder. */
const fileNameOf = (image: string): string => `${image.replace(/[^\w.-]+/g, '_').replace(/^\.+/, '_')}.h5`;

const twice = (name: string): HafError =>
  new HafError('HAF_USAGE', `Two bags would be written to ${name}.`, 'Process their files one at a time.');
