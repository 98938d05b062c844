import type { FusionMethod, Method } from '../methods/method.js';
import { fixedMethods, hasFusionNetwork } from '../methods/registry.js';

/** Methods whose models can become ONNX files: encoders of bags, and the fusion network behind whatever it reads. */
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

/** How an experiment asks for them. */
export const exportableNames = (): readonly string[] => [
  'mil-<bag>',
  ...fixedMethods.filter(isExportable).map(({ id }) => id),
  'table-<table>',
];
