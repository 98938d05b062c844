import { backendsFolder, chooseInstalled, listInstalled, listUnfinished } from '../../backends/installed.js';
import { thisMachine } from '../../backends/machine.js';
import { chooseOnnxRuntime, listOnnxRuntimes } from '../../backends/onnxruntime.js';
import { HafError } from '../core/errors.js';
import { printData, printJson, say } from './output.js';
import { textTable } from './text-table.js';

/** A line of `backend ls`. */
interface Row {
  readonly name: string;
  readonly tensorflow: string | null;
  readonly device: 'CUDA' | 'CPU' | null;
  readonly used: boolean;
  /** Why the backend is used, or why it is not. */
  readonly why: string;
  readonly folder: string;
}

/** `backend ls`: the installed backends, the one that a run would use, and why it would not use the others. */
export function backendLs(options: { readonly json?: boolean }): Promise<void> {
  const wanted = process.env['HAF_TENSORFLOW'] ?? '';
  const machine = thisMachine();
  let [chosen, refusal]: [string | null, string | null] = [null, null];
  try {
    chosen = chooseInstalled()?.folder ?? null;
  } catch (error) {
    refusal = HafError.from(error).what;
  }
  const rows = listInstalled().map(({ name, folder, description, unfit }): Row => {
    const used = folder === chosen;
    const noGpu = description?.gpu && !machine.gpu ? 'no NVIDIA GPU here; ' : '';
    const others = wanted === '' ? `${noGpu}another comes first` : `HAF_TENSORFLOW is ${wanted}`;
    return {
      name,
      tensorflow: description?.tensorflow ?? null,
      device: description && (description.gpu ? 'CUDA' : 'CPU'),
      used,
      why: unfit ?? (used ? (wanted === '' ? 'the first that fits this machine' : 'HAF_TENSORFLOW') : others),
      folder,
    };
  });
  const unfinished = listUnfinished();
  const used = chooseOnnxRuntime()?.folder;
  const onnxruntimes = listOnnxRuntimes().map(({ name, folder, unfit }) => ({
    ...{ name, folder, used: folder === used },
    why:
      unfit ?? (machine.gpu ? 'image encoders use it' : 'no NVIDIA GPU here: images are encoded on the CPU'),
  }));
  if (options.json) {
    printJson({ folder: backendsFolder(), backends: rows, onnxruntimes, unfinished });
    return Promise.resolve();
  }
  if (rows.length === 0)
    say(`No TensorFlow is installed in ${backendsFolder()}; "haf-pipeline backend install" installs it.`);
  else
    printData(
      textTable(
        ['', 'backend', 'TensorFlow', 'device', 'why', 'folder'],
        rows.map((row) => [
          row.used ? '*' : '',
          row.name,
          row.tensorflow ?? '-',
          row.device ?? '-',
          row.why,
          row.folder,
        ]),
      ),
    );
  for (const { name, why, folder } of onnxruntimes) say(`${name}: ${why} (${folder})`);
  // HAF_TENSORFLOW may name a backend outside of the listed folders. Then no row is marked as used, so this line names
  // the backend.
  if (chosen !== null && rows.every(({ folder }) => folder !== chosen)) say(`used: ${chosen}`);
  if (refusal !== null) say(refusal);
  for (const folder of unfinished) say(`unfinished, or still being built: ${folder}`);
  return Promise.resolve();
}
