import { allMlp } from './all-mlp.js';
import { allMlpAttached, dropAttached, gaAttached, hafAttached } from './attached.js';
import { bilinear } from './bilinear.js';
import { tmaClam, wsiClam, wsiTmaClam } from './clam.js';
import { clipDrop } from './clip-drop.js';
import { clip } from './clip.js';
import { drop } from './drop.js';
import { gaMax, gaMean, gaSum } from './ga-pool.js';
import { ga } from './ga.js';
import { haf } from './haf.js';
import { mdlm } from './mdlm.js';
import type { Method } from './method.js';
import { mfmf } from './mfmf.js';
import { ps3 } from './ps3.js';
import { blood, cellDensity, clinical, icd, pathological } from './single-table.js';
import { wsiTmaMlp } from './wsi-tma-mlp.js';

/** Every row an experiment can ask for, in the order of the paper's tables. */
export const methods = [
  wsiClam,
  tmaClam,
  wsiTmaClam,
  wsiTmaMlp,
  allMlp,
  ga,
  clip,
  drop,
  clipDrop,
  haf,
  gaMean,
  gaSum,
  gaMax,
  ps3,
  mdlm,
  mfmf,
  bilinear,
  blood,
  clinical,
  icd,
  pathological,
  cellDensity,
  allMlpAttached,
  gaAttached,
  dropAttached,
  hafAttached,
] as const;

export type MethodId = (typeof methods)[number]['id'];
export const methodIds: readonly MethodId[] = methods.map((method) => method.id);

/** The method of an id; the config schema has already refused unknown ones. */
export function methodOf(id: string): Method {
  const method = methods.find((candidate) => candidate.id === id);
  if (!method) throw new Error(`No method "${id}" in the registry`);
  return method;
}
