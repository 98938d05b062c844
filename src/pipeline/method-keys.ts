import { methodOf } from '../operators/methods/registry.js';
import { frozenLossKeys, hazardKeys } from './config/survival-schema.js';
import type { ConfigPath } from './stage.js';

/** Which parts of an experiment the training of a method depends on; `stages.ts` puts them together. */

/** The config sections that the head of a method depends on. */
export function sectionsOf(id = ''): readonly ConfigPath[] {
  const method = methodOf(id);
  switch (method.kind) {
    case 'bag':
      return [];
    case 'classic':
      return frozenLossKeys;
    case 'single':
      return ['single', 'tabular.transfer', 'align.width', ...frozenLossKeys];
    case 'instances':
      return ['fusion', 'mfmf'];
    case 'fusion':
      return [
        'fusion',
        'robustness',
        'tabular.transfer',
        'align.width',
        'mil.transfer',
        ...frozenLossKeys,
        ...(method.section === undefined ? [] : [method.section]),
      ];
  }
}

/**
 * Methods over all modalities depend on their order. The others take what their inputs are of, so that another modality
 * does not train them again.
 */
export const slotKeys = (id = ''): readonly ConfigPath[] =>
  methodOf(id).kind === 'fusion' && methodOf(id).reads === 'all' ? ['modalities'] : [];

/** What decides the loss that networks are trained with. */
export const outcomeKeys = ['data.outcome.kind', ...hazardKeys] as const;

/** The protocol of training; a classical model is fitted at once. */
export const trainKeys = (id = ''): readonly ConfigPath[] =>
  methodOf(id).kind === 'classic' ? [] : ['train'];
