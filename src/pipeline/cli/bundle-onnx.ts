import { releaseFile, releaseSchema } from '../../operators/bundle/bundle-data.js';
import { openSealedZip } from '../core/sealed-zip.js';
import { readFileOf } from './bundle.js';
import { say } from './output.js';
import { ResultFolder } from './result-folder.js';

/** `bundle onnx FILE -o DIR`: the models of a bundle as ONNX files, with an example in Python. */
export async function exportBundle(
  file: string,
  { out, force = false }: { readonly out: string; readonly force?: boolean },
): Promise<void> {
  const { openBundle } = await import('../../operators/bundle/open-bundle.js');
  const { exportOnnx } = await import('../../operators/onnx-export/export-onnx.js');
  const files = openSealedZip(readFileOf(file), file);
  const opened = openBundle(files, file);
  const release = releaseSchema.parse(JSON.parse(new TextDecoder().decode(files.get(releaseFile))));
  const exported = await exportOnnx(opened, release);
  const folder = new ResultFolder(out, [file], force);
  for (const [name, bytes] of Object.entries(exported)) await folder.placeBytes(name, bytes);
  say(`onnx: ${out} (${opened.folds.length} models, model.json, example.py)`);
}
