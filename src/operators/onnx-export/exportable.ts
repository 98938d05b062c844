import type { FusionMethod, Method } from '../methods/method.js';
import { fixedMethods, hasFusionNetwork } from '../methods/registry.js';

/**
 * Whether the models of a method can be exported as ONNX files. Exportable are bag classifiers, networks on a single
 * table, and methods with the fusion network.
 */
export function isExportable(method: Method): boolean {
  switch (method.kind) {
    case 'bag':
    case 'single':
      return true;
    case 'fusion':
      return hasFusionNetwork(method satisfies FusionMethod);
    case 'classic':
    case 'instances':
      return false;
  }
}

/** The names of the exportable methods, as an experiment writes them. */
export const exportableNames = (): readonly string[] => [
  'mil-<bag>',
  ...fixedMethods.filter(isExportable).map(({ id }) => id),
  'table-<table>',
];
